-- Macros that every step may use. Exactness first: money is summed as DECIMAL, so that the order in which threads
-- meet the rows cannot change a single bit of a total.
CREATE OR REPLACE MACRO exact_sum(x) AS CAST(sum(CAST(x AS DECIMAL(38, 9))) AS DOUBLE);
CREATE OR REPLACE MACRO exact_sum_if(x, condition) AS
    CAST(sum(CASE WHEN condition THEN CAST(x AS DECIMAL(38, 9)) END) AS DOUBLE);
CREATE OR REPLACE MACRO days_in_year(y) AS date_diff('day', make_date(y, 1, 1), make_date(y + 1, 1, 1));
-- Whether [since, until), open where `until` is empty, holds on any day of a year.
CREATE OR REPLACE MACRO holds_in_year(since, until, y) AS
    since < make_date(y + 1, 1, 1) AND coalesce(until, DATE '9999-12-31') > make_date(y, 1, 1);
-- Share of the days of a year that lie in [since, until).
CREATE OR REPLACE MACRO existing_ratio(since, until, y) AS greatest(
    date_diff('day', greatest(since, make_date(y, 1, 1)), least(until, make_date(y + 1, 1, 1))), 0) / days_in_year(y);

-- Section letter of a NACE Rev. 2 code such as '25.62', '2562' or '25' (Regulation 1893/2006, Annex I).
CREATE OR REPLACE MACRO nace_rev2_section(code) AS (
    CASE WHEN code IS NULL THEN NULL
         WHEN regexp_full_match(code, '[A-U]') THEN code
         ELSE CASE WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 1 AND 3 THEN 'A'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 5 AND 9 THEN 'B'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 10 AND 33 THEN 'C'
                   WHEN code[1:2] = '35' THEN 'D'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 36 AND 39 THEN 'E'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 41 AND 43 THEN 'F'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 45 AND 47 THEN 'G'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 49 AND 53 THEN 'H'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 55 AND 56 THEN 'I'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 58 AND 63 THEN 'J'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 64 AND 66 THEN 'K'
                   WHEN code[1:2] = '68' THEN 'L'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 69 AND 75 THEN 'M'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 77 AND 82 THEN 'N'
                   WHEN code[1:2] = '84' THEN 'O'
                   WHEN code[1:2] = '85' THEN 'P'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 86 AND 88 THEN 'Q'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 90 AND 93 THEN 'R'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 94 AND 96 THEN 'S'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 97 AND 98 THEN 'T'
                   WHEN code[1:2] = '99' THEN 'U' END END);

-- Section letter of a NACE Rev. 2.1 code (Delegated Regulation 2023/137): letters from J on differ from Rev. 2.
CREATE OR REPLACE MACRO nace_rev21_section(code) AS (
    CASE WHEN code IS NULL THEN NULL
         WHEN regexp_full_match(code, '[A-V]') THEN code
         WHEN TRY_CAST(code[1:2] AS INTEGER) < 46 THEN nace_rev2_section(code)
         ELSE CASE WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 46 AND 47 THEN 'G'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 49 AND 53 THEN 'H'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 55 AND 56 THEN 'I'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 58 AND 60 THEN 'J'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 61 AND 63 THEN 'K'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 64 AND 66 THEN 'L'
                   WHEN code[1:2] = '68' THEN 'M'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 69 AND 75 THEN 'N'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 77 AND 82 THEN 'O'
                   WHEN code[1:2] = '84' THEN 'P'
                   WHEN code[1:2] = '85' THEN 'Q'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 86 AND 88 THEN 'R'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 90 AND 93 THEN 'S'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 94 AND 96 THEN 'T'
                   WHEN TRY_CAST(code[1:2] AS INTEGER) BETWEEN 97 AND 98 THEN 'U'
                   WHEN code[1:2] = '99' THEN 'V' END END);

-- Activity of the annual national accounts (A*64, Regulation (EU) 549/2013, annex B) of a NACE Rev. 2 code within its
-- section: the section itself where it is not divided, else the code's division or the group that it belongs to.
CREATE OR REPLACE MACRO a64_code(section, code) AS (
    CASE WHEN section IN ('B', 'D', 'F', 'I', 'L', 'O', 'P', 'T', 'U') THEN section
         WHEN length(code) > 1 THEN coalesce(
             CASE WHEN code[1:2] IN ('01', '02', '03') THEN 'A' || code[1:2]
                  WHEN code[1:2] IN ('10', '11', '12') THEN 'C10-C12'
                  WHEN code[1:2] IN ('13', '14', '15') THEN 'C13-C15'
                  WHEN code[1:2] IN ('31', '32') THEN 'C31_C32'
                  WHEN code[1:2] = '36' THEN 'E36'
                  WHEN code[1:2] IN ('37', '38', '39') THEN 'E37-E39'
                  WHEN code[1:2] IN ('45', '46', '47') THEN 'G' || code[1:2]
                  WHEN code[1:2] IN ('49', '50', '51', '52', '53') THEN 'H' || code[1:2]
                  WHEN code[1:2] IN ('58', '61') THEN 'J' || code[1:2]
                  WHEN code[1:2] IN ('59', '60') THEN 'J59_J60'
                  WHEN code[1:2] IN ('62', '63') THEN 'J62_J63'
                  WHEN code[1:2] IN ('64', '65', '66') THEN 'K' || code[1:2]
                  WHEN code[1:2] IN ('69', '70') THEN 'M69_M70'
                  WHEN code[1:2] IN ('71', '72', '73') THEN 'M' || code[1:2]
                  WHEN code[1:2] IN ('74', '75') THEN 'M74_M75'
                  WHEN code[1:2] IN ('77', '78', '79') THEN 'N' || code[1:2]
                  WHEN code[1:2] IN ('80', '81', '82') THEN 'N80-N82'
                  WHEN code[1:2] = '86' THEN 'Q86'
                  WHEN code[1:2] IN ('87', '88') THEN 'Q87_Q88'
                  WHEN code[1:2] IN ('90', '91', '92') THEN 'R90-R92'
                  WHEN code[1:2] = '93' THEN 'R93'
                  WHEN code[1:2] IN ('94', '95', '96') THEN 'S' || code[1:2] END,
             CASE WHEN section = 'C' THEN 'C' || code[1:2] END) END);

-- A settlement's name without accents, case and district: 'Budapest XI. kerület' -> 'BUDAPEST'.
CREATE OR REPLACE MACRO place_key(t) AS (
    nullif(CASE WHEN starts_with(strip_accents(upper(t)), 'BUDAPEST') THEN 'BUDAPEST'
                ELSE regexp_replace(strip_accents(upper(t)), '[^A-Z]', '', 'g') END, ''));

-- Size class of the EU definition by persons employed (Recommendation 2003/361, headcount criterion only).
CREATE OR REPLACE MACRO size_class(employees) AS (
    CASE WHEN employees IS NULL THEN 'unknown' WHEN employees < 10 THEN '0-9' WHEN employees < 50 THEN '10-49'
         WHEN employees < 250 THEN '50-249' ELSE '250+' END);

-- What one unit of an account's amounts is in HUF mn; empty where the unit is not known or the currency has no rate.
CREATE OR REPLACE MACRO huf_mn_per_unit(unit, currency, huf_per_unit) AS
    CASE WHEN lower(unit) IN ('thousand', 'ezer', 'th') THEN 1e-3
         WHEN lower(unit) IN ('million', 'millió', 'mn') THEN 1.0
         WHEN coalesce(lower(unit), '') IN ('', 'one', 'unit', 'egység') THEN 1e-6 END
    * CASE WHEN coalesce(currency, 'HUF') = 'HUF' THEN 1.0 ELSE huf_per_unit END;

-- Whether a link rests on an identifier: the methods of methods.linkage.explanation.IDENTIFIER_METHODS.
CREATE OR REPLACE MACRO is_identifier_method(method) AS
    method IN ('tax_number', 'registration_number', 'lei', 'pic', 'vat_group');

-- Whether a record of a participant can mean a legal unit at home: it has a name and is of the reference area, says no
-- country, or bears an identifier of the reference area's.
CREATE OR REPLACE MACRO may_be_domestic(name, country, identifier_kind, identifier_value, area) AS (
    name IS NOT NULL AND (coalesce(country, area) = area OR starts_with(coalesce(identifier_kind, ''), lower(area) || '_')
        OR (coalesce(identifier_kind, '') = 'eu_vat' AND starts_with(coalesce(identifier_value, ''), area))));
