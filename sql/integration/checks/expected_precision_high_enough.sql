SELECT weight, value AS expected_precision
FROM integration.link_quality
WHERE measure_code = 'expected_precision' AND stratum_code = 'all' AND value < $linkage_min_expected_precision
