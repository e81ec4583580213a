"""The matrices that carry GVA from NACE Rev. 2 to NACE Rev. 2.1."""

from __future__ import annotations

from assets.table import SqlCheck, sql_table

nace_conversion = sql_table(
    "interpretation.nace_conversion",
    inputs=("source.nace_correspondence", "interpretation.firm_gva", "integration.legal_unit"),
    parameters=("first_reference_year", "last_reference_year"),
    checks=(SqlCheck("conversion_rows_sum_to_one", "What a section of NACE Rev. 2 produces is divided completely"),),
)

TABLES = (nace_conversion,)
