SELECT weight, value AS sampled_recall, interval_high, sample_size
FROM integration.link_quality
WHERE measure_code = 'recall' AND stratum_code = 'all' AND interval_high < $linkage_min_sampled_recall
