SELECT file_name, min(row_number) AS first_row, beneficiary_name, project_title, count(*) AS entries
FROM source.structural_fund_project
GROUP BY source_id, file_name, programme, fund, beneficiary_name, project_title, operational_programme, focus_area,
         call_name, region, county, settlement, granted_huf, support_rate_pct, decision_date, score
HAVING count(*) > 1
