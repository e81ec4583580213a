-- What the accounts of S.11 firms add up to by year, section and region (NUTS 2), before any calibration. A firm that
-- works in several regions stands in each with its share, all others wholly at their seat.
WITH part AS (
    SELECT legal_unit_id, reference_year, nuts2_code, exact_sum(share_ratio) AS share_ratio
    FROM interpretation.regional_share GROUP BY ALL
)
SELECT v.reference_year, u.nace_rev2_section AS activity_code, coalesce(p.nuts2_code, u.nuts2_code) AS nuts2_code,
       exact_sum(v.va_proxy_huf_mn * coalesce(p.share_ratio, 1)) AS proxy_huf_mn,
       exact_sum(v.gva_basic_prices_huf_mn * coalesce(p.share_ratio, 1)) AS micro_huf_mn,
       CAST(count(*) AS INTEGER) AS unit_count
FROM interpretation.value_added AS v
JOIN integration.legal_unit AS u USING (legal_unit_id)
LEFT JOIN part AS p USING (legal_unit_id, reference_year)
WHERE u.institutional_sector = 'S11' AND u.nace_rev2_section IS NOT NULL
  AND coalesce(p.nuts2_code, u.nuts2_code) IS NOT NULL
GROUP BY ALL
ORDER BY ALL
