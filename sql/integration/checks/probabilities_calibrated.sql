-- A band counts where the sample contradicts it: the mean probability lies outside the interval of the observed share,
-- and by more than is allowed. Bands with few verdicts say too little: of a dozen intervals one may well miss.
SELECT e.stratum_code AS band, e.value AS expected, o.value AS observed, o.interval_low, o.interval_high, o.sample_size
FROM integration.link_quality AS e
JOIN integration.link_quality AS o ON o.stratum_code = e.stratum_code AND o.measure_code = 'calibration_observed'
WHERE e.measure_code = 'calibration_expected' AND e.value NOT BETWEEN o.interval_low AND o.interval_high
  AND abs(e.value - o.value) > $linkage_max_calibration_error AND o.sample_size >= 10
