SELECT source_id, file_name, row_number, total_budget_eur, eu_contribution_eur
FROM source.kohesio_beneficiary
WHERE eu_contribution_eur > total_budget_eur + 1
