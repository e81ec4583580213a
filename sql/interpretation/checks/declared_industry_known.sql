SELECT reference_year, cooperation_id, declared_industry
FROM interpretation.assessed_cooperation WHERE industry_basis = 'declared_unknown'
