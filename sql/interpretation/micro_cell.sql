-- What the accounts of S.11 firms add up to by year, section and region (NUTS 2), before any calibration.
SELECT v.reference_year, u.nace_rev2_section AS activity_code, u.nuts2_code,
       exact_sum(v.va_proxy_huf_mn) AS proxy_huf_mn,
       exact_sum(v.gva_basic_prices_huf_mn) AS micro_huf_mn,
       CAST(count(*) AS INTEGER) AS unit_count
FROM interpretation.value_added AS v JOIN integration.legal_unit AS u USING (legal_unit_id)
WHERE u.institutional_sector = 'S11' AND u.nace_rev2_section IS NOT NULL AND u.nuts2_code IS NOT NULL
GROUP BY ALL
ORDER BY ALL
