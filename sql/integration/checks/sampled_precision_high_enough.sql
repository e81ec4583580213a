-- Blocks where the sample leaves no doubt: even the upper limit is below what is asked for.
SELECT weight, value AS sampled_precision, interval_high, sample_size
FROM integration.link_quality
WHERE measure_code = 'precision' AND stratum_code = 'all' AND interval_high < $linkage_min_sampled_precision
