-- How large a legal unit is, roughly, for ranking and weighting in this layer: the policy proxy of its latest account,
-- operating result + personnel expenses + depreciation, at least 0. Value added proper is interpretation.value_added.
SELECT
    u.legal_unit_id,
    a.fiscal_year,
    greatest(0, (a.operating_result + a.personnel_expenses + a.depreciation)
        * huf_mn_per_unit(a.unit, a.currency, r.huf_per_unit)) AS gva_proxy_huf_mn
FROM source.annual_account AS a
JOIN integration.legal_unit AS u USING (tax_stem)
LEFT JOIN source.exchange_rate AS r ON r.currency = a.currency AND r.year = a.fiscal_year
WHERE NOT coalesce(a.is_consolidated, false)
  AND a.operating_result IS NOT NULL AND a.personnel_expenses IS NOT NULL AND a.depreciation IS NOT NULL
  AND huf_mn_per_unit(a.unit, a.currency, r.huf_per_unit) IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY u.legal_unit_id
    ORDER BY a.fiscal_year DESC, coalesce(a.is_previous_year, false), a.filing_date DESC NULLS LAST,
             a.source_id, a.file_name, a.row_number) = 1
