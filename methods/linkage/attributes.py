"""The attributes of a candidate pair: their names and places in the matrix.

Belongs here: the list. Does not belong here: how they are found (`comparison`), what they are worth (`model`).
"""

from __future__ import annotations

ATTRIBUTES: tuple[str, ...] = (
    "information", "record_rest_max", "record_rest", "firm_rest_max", "firm_rest", "edits", "is_misspelt", "is_initial",
    "is_joined", "is_equal", "is_core_equal", "activity_equal", "activity_record_rest", "activity_firm_rest",
    "activity_conflict", "similarity", "similarity_90", "similarity_zero", "is_acronym", "is_one_word",
    "form_equal", "form_conflict", "is_short", "is_former", "is_outdated", "is_successor",
    "postcode_equal", "town_equal", "capital_equal", "district_equal", "district_conflict", "county_equal",
    "county_conflict", "town_conflict_near", "town_conflict_far", "address_former", "street_equal",
    "before_founded", "is_dissolved", "is_gone",
    "number_equal", "number_group", "number_near", "number_other", "number_equal_name_bad", "number_equal_place_bad",
    "number_equal_both_bad", "body_rest", "is_foreign", "core_equal_far", "information_far", "core_equal_information",
    "number_digits", "core_equal_town", "rest_both", "surplus", "missing", "similarity_full", "joined_equal",
    "similarity_full_80", "record_rest_any", "firm_rest_any", "rest_any_both",
    "is_swapped", "town_information", "town_word", "namesakes",
    "number_outdated",
)  # fmt: skip
"""Columns of the matrix that `comparison.compare` returns."""
INDEX = {name: k for k, name in enumerate(ATTRIBUTES)}
