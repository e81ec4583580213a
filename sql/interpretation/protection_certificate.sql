-- One line per year on how the published tables were protected; the proof, cell by cell, is cell_protection.
SELECT
    reference_year,
    CAST(count(*) FILTER (WHERE is_published) AS INTEGER) AS cell_count,
    CAST(count(*) FILTER (WHERE status = 'open') AS INTEGER) AS open_count,
    CAST(count(*) FILTER (WHERE status = 'primary') AS INTEGER) AS primary_count,
    CAST(count(*) FILTER (WHERE status = 'secondary') AS INTEGER) AS secondary_count,
    CAST(count(*) FILTER (WHERE status = 'hidden') AS INTEGER) AS difference_count,
    CAST(count(*) FILTER (WHERE status = 'accepted_change') AS INTEGER) AS accepted_change_count,
    CAST(count(*) FILTER (WHERE status = 'given_up') AS INTEGER) AS given_up_count,
    coalesce(exact_sum_if(abs(value_huf_mn), is_published AND status <> 'open' AND price_code = 'V'), 0)
        AS suppressed_huf_mn,
    CAST(count(*) FILTER (
        WHERE is_primary AND is_protected IS NOT true AND status NOT IN ('given_up', 'accepted_change')
    ) AS INTEGER) AS failing_count,
    min(method) AS method,
    min(system_sha256) AS system_sha256,
    max(solver) AS solver
FROM interpretation.cell_protection
GROUP BY ALL
