SELECT reference_year, imputed_gva_pct FROM interpretation.imputation_rate
WHERE activity_code = '_T' AND imputation_method = '_T' AND imputed_gva_pct > $imputation_warn_share_pct
