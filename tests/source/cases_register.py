"""Slips in the register of legal units and in what is published beside it."""

from __future__ import annotations

import datetime as dt

from tests.source.checking import Case

DAY = dt.date(2020, 1, 1)
CASES: list[Case] = [
    (
        "registry_activity_known",
        {
            "business_registry": [{"nace_rev2_code": "62.01", "nace_rev21_code": "62.10"}, {"nace_rev2_code": "99.99"}],
            "nace_code": [{"nace_version": "2.0", "code": "62.01"}],
        },
        1,
    ),
    (
        "registry_legal_form_known",
        {
            "business_registry": [
                {"legal_form": "Kft."},
                {"legal_form": "P9F2"},
                {"legal_form": "GmbH"},
                {"legal_form": None},
            ],
            "legal_form": [{"elf_code": "P9F2", "abbreviation": "kft.;KFT"}, {"elf_code": "X"}],
        },
        1,
    ),
    ("registry_legal_form_known", {"business_registry": [{"legal_form": "Kft."}]}, 0),
    ("registry_postcode_known", {"business_registry": [{"postcode": "1051"}]}, 0),
    (
        "registry_postcode_known",
        {"business_registry": [{"postcode": "1051"}], "postal_code": [{"postcode": "1052"}]},
        1,
    ),
    (
        "registry_tax_stem_unique",
        {"business_registry": [{"tax_stem": "1"}, {"tax_stem": "1"}, {"tax_stem": None}, {}]},
        1,
    ),
    (
        "registry_tax_stem_unique",
        {"business_registry": [{"tax_stem": "1"}, {"tax_stem": "1", "dissolved_date": DAY}]},
        0,
    ),
    ("name_history_unit_known", {"name_history": [{"legal_unit_id": "F9"}]}, 0),
    (
        "name_history_unit_known",
        {"name_history": [{"legal_unit_id": "F9"}], "business_registry": [{"legal_unit_id": "F1"}]},
        1,
    ),
    (
        "legal_unit_event_unit_known",
        {
            "legal_unit_event": [{"predecessor_id": "F1", "successor_id": s} for s in ("F2", "F3", "F1")],
            "business_registry": [{"legal_unit_id": "F1"}, {"legal_unit_id": "F2"}],
        },
        2,
    ),
    ("address_history_unit_known", {"address_history": [{"legal_unit_id": "F9"}]}, 0),
    (
        "address_history_unit_known",
        {"address_history": [{"legal_unit_id": "F9"}], "business_registry": [{"legal_unit_id": "F1"}]},
        1,
    ),
    ("vat_group_unit_known", {"vat_group": [{"legal_unit_id": "F9"}]}, 0),
    (
        "vat_group_unit_known",
        {"vat_group": [{"legal_unit_id": "F9"}], "business_registry": [{"legal_unit_id": "F1"}]},
        1,
    ),
    (
        "vat_group_one_at_a_time",
        {
            "vat_group": [
                {"legal_unit_id": "F1", "group_tax_number": "G1", "valid_from": DAY, "valid_to": dt.date(2021, 1, 1)},
                {"legal_unit_id": "F1", "group_tax_number": "G2", "valid_from": dt.date(2021, 1, 1)},
                {"legal_unit_id": "F1", "group_tax_number": "G3", "valid_from": dt.date(2022, 1, 1)},
                {"legal_unit_id": "F2", "group_tax_number": "G3"},
            ]
        },
        1,
    ),
    (
        "local_unit_unit_known",
        {"local_unit": [{"legal_unit_id": f} for f in ("F1", "F9")], "business_registry": [{"legal_unit_id": "F1"}]},
        1,
    ),
    ("local_unit_unit_known", {"local_unit": [{"legal_unit_id": "F9"}]}, 0),
]
