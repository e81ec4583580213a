"""Weights of attributes before any data are seen: natural logarithms of odds.

Estimated on the generated benchmark of `benchmarks/linkage` (`python -m benchmarks.linkage.train`); those of frequency
(town, namesakes), of swapped words and of former numbers are set by hand, cautiously, because weights that fit the
generator better fitted real names worse. Where records with identifiers are at hand, `model.fit` moves all but the
identifiers' weights to what those records say.
"""

from __future__ import annotations

DEFAULTS: dict[str, float] = {
    "information": 3.19, "record_rest_max": 4.96, "record_rest": -0.00, "firm_rest_max": 0.86, "firm_rest": 0.55,
    "edits": -2.90, "is_misspelt": -0.93, "is_initial": 1.28, "is_joined": -0.16, "is_equal": -0.19,
    "is_core_equal": -4.76, "activity_equal": 1.37, "activity_record_rest": -0.84, "activity_firm_rest": -1.87,
    "activity_conflict": -4.01, "similarity": 4.58, "similarity_90": 1.92, "similarity_zero": 1.36,
    "is_acronym": 1.41, "is_one_word": 0.74, "form_equal": 0.86, "form_conflict": -2.98, "is_short": -0.91,
    "is_former": 0.03, "is_outdated": -1.58, "is_successor": -0.93, "postcode_equal": 5.40, "town_equal": 1.40,
    "capital_equal": -0.12, "district_equal": 1.20, "district_conflict": -2.50, "county_equal": 2.66,
    "county_conflict": -3.50, "town_conflict_near": -1.48, "town_conflict_far": -3.50, "address_former": 1.60,
    "street_equal": 2.00, "before_founded": -2.00, "is_dissolved": 0.22, "is_gone": -6.00, "number_equal": 9.34,
    "number_group": 3.76, "number_near": 4.47, "number_other": 1.00, "number_equal_name_bad": 1.28,
    "number_equal_place_bad": 1.47, "number_equal_both_bad": -2.24, "body_rest": -3.27, "is_foreign": -2.33,
    "core_equal_far": -0.17, "information_far": -0.21, "core_equal_information": 6.03, "number_digits": 3.60,
    "core_equal_town": 0.42, "rest_both": 1.41, "surplus": 3.55, "missing": -0.55, "similarity_full": -0.29,
    "joined_equal": -2.18, "similarity_full_80": 1.12, "record_rest_any": -9.34, "firm_rest_any": -0.92,
    "rest_any_both": -0.35, "is_swapped": -1.50,
    "town_information": 1.50, "town_word": -2.00, "namesakes": -3.00, "number_outdated": 3.00,
}  # fmt: skip
NONE_DEFAULTS: dict[str, float] = {
    "constant": 7.32, "is_body": 3.00, "is_foreign_form": -0.45, "is_abroad": 4.00, "has_place": -0.76,
    "number_unknown": 0.39, "is_one_word": -0.93, "information": -0.28,
}  # fmt: skip
