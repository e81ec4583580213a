-- A version that was not delivered is not judged.
SELECT nace_rev21_code, nace_rev2_code
FROM source.nace_correspondence
WHERE (EXISTS (FROM source.nace_code WHERE nace_version = '2.1')
       AND nace_rev21_code NOT IN (SELECT code FROM source.nace_code WHERE nace_version = '2.1'))
   OR (EXISTS (FROM source.nace_code WHERE nace_version = '2.0')
       AND nace_rev2_code NOT IN (SELECT code FROM source.nace_code WHERE nace_version = '2.0'))
