-- How does our figure compare with the 2.29 % that the strategy gives for 2023?
-- Only N1 is comparable: members of accredited clusters, full attribution, a member on any day of the year.
SELECT reference_year, share_pct, published_baseline_pct, share_pct - published_baseline_pct AS difference_pp
FROM access.target_tracker
WHERE published_baseline_pct IS NOT NULL;
