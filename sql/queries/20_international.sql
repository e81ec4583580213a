-- How international is cooperation? Weight abroad, projects abroad, partner countries and the E-I index of the country.
SELECT reference_year, international_share_pct, international_project_share_pct, partner_country_count, ei_index
FROM access.international_cooperation
WHERE cooperation_type_code = '_T' AND region_code = '_T'
ORDER BY reference_year;
