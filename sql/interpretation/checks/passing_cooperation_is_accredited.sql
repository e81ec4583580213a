SELECT g.reference_year, g.cooperation_id
FROM interpretation.goal_1_cooperation AS g
ANTI JOIN (SELECT * FROM interpretation.assessed_cooperation WHERE is_accredited) AS a
  ON a.reference_year = g.reference_year AND a.cooperation_id = g.cooperation_id
