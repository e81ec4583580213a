-- When legal units that file accounts existed: from foundation to dissolution; where the register does not say, from the
-- first account to the last. Temporary table from the Python step: `account_period`. `stratum`: section and size class.
SELECT *, CAST(dense_rank() OVER (ORDER BY section, size_class) AS SMALLINT) AS stratum
FROM (
    SELECT
        u.unit_number, u.nace_rev2_section AS section, u.size_class,
        coalesce(u.founded_date, a.first_day) AS exists_from,
        coalesce(u.dissolved_date, CASE WHEN u.origin = 'business_registry' AND coalesce(u.status, '') <> 'dissolved'
                                        THEN DATE '9999-12-31' ELSE a.last_day END) AS exists_to
    FROM _interpretation_numbered_unit AS u
    JOIN (SELECT unit_number, min(period_from) AS first_day, max(period_to) AS last_day
          FROM account_period GROUP BY ALL) AS a USING (unit_number)
)
