-- What do calibration and the bridge to basic prices do? The three lines of the total, and the share at constant prices.
SELECT reference_year, numerator_code, proxy_huf_mn, bridged_huf_mn, gva_huf_mn AS calibrated_huf_mn,
       gva_huf_mn / bridged_huf_mn AS calibration_ratio, share_pct, share_pyp_pct
FROM access.cooperation_gva
WHERE table_code = 'T1'
ORDER BY numerator_code, reference_year;
