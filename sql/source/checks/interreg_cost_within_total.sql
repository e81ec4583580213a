SELECT source_id, file_name, row_number, eligible_cost_eur, total_cost_eur
FROM source.interreg_partner
WHERE eligible_cost_eur > total_cost_eur + 1
