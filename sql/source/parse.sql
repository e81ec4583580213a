-- How text of a publisher becomes a typed value. One macro per notation, named in a contract as `parse: <name>`.
-- Each takes trimmed, non-empty text and returns NULL for what it does not understand; the row is then quarantined.
CREATE OR REPLACE MACRO parse_varchar(t) AS regexp_replace(t, '\s+', ' ', 'g');

-- No amount of an economy is beyond 10^18; what is would overflow the exact sums (DECIMAL(38, 9)) of later steps.
CREATE OR REPLACE MACRO plausible(x) AS CASE WHEN x BETWEEN -1e18 AND 1e18 THEN x END;
CREATE OR REPLACE MACRO parse_double(t) AS
    CASE WHEN regexp_full_match(t, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?') THEN plausible(TRY_CAST(t AS DOUBLE)) END;
CREATE OR REPLACE MACRO parse_integer(t) AS
    CASE WHEN regexp_full_match(t, '[+-]?\d+(\.0+)?') THEN TRY_CAST(regexp_replace(t, '\.0+$', '') AS INTEGER) END;
CREATE OR REPLACE MACRO parse_bigint(t) AS
    CASE WHEN regexp_full_match(t, '[+-]?\d+(\.0+)?') THEN plausible(TRY_CAST(regexp_replace(t, '\.0+$', '') AS BIGINT)) END;
-- "523437,5" and "276650" and "1.5": one decimal sign, comma or point, no grouping.
CREATE OR REPLACE MACRO parse_decimal_comma_or_point(t) AS parse_double(replace(t, ',', '.'));
-- "96,144.90": comma groups thousands; groups must have three digits.
CREATE OR REPLACE MACRO parse_comma_grouped(t) AS
    CASE WHEN regexp_full_match(t, '[+-]?(\d{1,3}(,\d{3})*|\d+)(\.\d+)?') THEN plausible(TRY_CAST(replace(t, ',', '') AS DOUBLE)) END;
-- "11 065 359 .- HUF", the notation of the Hungarian structural funds.
CREATE OR REPLACE MACRO parse_huf_amount(t) AS
    CASE WHEN regexp_full_match(replace(t, chr(160), ' '), '\d{1,3}( \d{3})*\s*(\.-)?\s*(HUF|Ft)?')
         THEN plausible(TRY_CAST(regexp_replace(t, '[^0-9]', '', 'g') AS DOUBLE)) END;
-- "80 %" and "80,5%".
CREATE OR REPLACE MACRO parse_percent(t) AS
    CASE WHEN regexp_full_match(t, '\d+([.,]\d+)?\s*%') THEN plausible(TRY_CAST(replace(regexp_extract(t, '[0-9.,]+'), ',', '.') AS DOUBLE)) END;

CREATE OR REPLACE MACRO parse_date(t) AS
    CASE WHEN regexp_full_match(t, '\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}:\d{2}(\.\d+)?)?') THEN TRY_CAST(t[1:10] AS DATE) END;
-- "2007.03.12", "2007. 03. 12."
CREATE OR REPLACE MACRO parse_date_dots(t) AS
    CASE WHEN regexp_full_match(t, '\d{4}\.\s*\d{1,2}\.\s*\d{1,2}\.?')
         THEN CAST(try_strptime(regexp_replace(regexp_replace(t, '\s+', '', 'g'), '\.$', ''), '%Y.%m.%d') AS DATE) END;
-- "2025. május 30."
CREATE OR REPLACE MACRO hungarian_month(t) AS
    list_position(['január', 'február', 'március', 'április', 'május', 'június', 'július', 'augusztus', 'szeptember',
                   'október', 'november', 'december'], lower(regexp_extract(t, '\d{4}\.\s*([[:alpha:]áéíóöőúüűÁÉÍÓÖŐÚÜŰ]+)', 1)));
CREATE OR REPLACE MACRO parse_date_hungarian(t) AS
    COALESCE(parse_date_dots(t), parse_date(t),
        TRY_CAST(format('{}-{:02d}-{:02d}', regexp_extract(t, '^(\d{4})\.', 1), CAST(hungarian_month(t) AS INTEGER),
                        TRY_CAST(nullif(regexp_extract(t, '(\d{1,2})\.?$', 1), '') AS INTEGER)) AS DATE));
-- Seconds since 1970-01-01 of a local midnight, as text: the nearest midnight in UTC is the date that was meant
-- (1199142000 is 23:00 UTC on 31 December and stands for 1 January).
CREATE OR REPLACE MACRO parse_date_epoch(t) AS
    CASE WHEN regexp_full_match(t, '-?\d{1,11}')
         THEN CAST(make_timestamp((TRY_CAST(t AS BIGINT) + 43200) * 1000000) AS DATE) END;

CREATE OR REPLACE MACRO parse_boolean(t) AS
    CASE WHEN lower(t) IN ('true', '1', 'yes', 'y', 'igen', 'i') THEN true
         WHEN lower(t) IN ('false', '0', 'no', 'n', 'nem') THEN false END;
-- "2021", "2021-01-01", "2021Q3" is not a year.
CREATE OR REPLACE MACRO parse_year(t) AS
    CASE WHEN regexp_full_match(t, '(19|20)\d{2}') THEN TRY_CAST(t AS INTEGER) END;
-- Country codes as Eurostat writes them: ISO 3166-1 alpha-2 with EL and UK instead of GR and GB, and XK for Kosovo.
CREATE OR REPLACE MACRO country_codes() AS
    ['AD', 'AE', 'AF', 'AG', 'AI', 'AL', 'AM', 'AO', 'AQ', 'AR', 'AS', 'AT', 'AU', 'AW', 'AX', 'AZ', 'BA', 'BB',
     'BD', 'BE', 'BF', 'BG', 'BH', 'BI', 'BJ', 'BL', 'BM', 'BN', 'BO', 'BQ', 'BR', 'BS', 'BT', 'BV', 'BW', 'BY',
     'BZ', 'CA', 'CC', 'CD', 'CF', 'CG', 'CH', 'CI', 'CK', 'CL', 'CM', 'CN', 'CO', 'CP', 'CR', 'CU', 'CV', 'CW',
     'CX', 'CY', 'CZ', 'DE', 'DJ', 'DK', 'DM', 'DO', 'DZ', 'EC', 'EE', 'EG', 'EH', 'EL', 'ER', 'ES', 'ET', 'FI',
     'FJ', 'FK', 'FM', 'FO', 'FR', 'GA', 'GD', 'GE', 'GF', 'GG', 'GH', 'GI', 'GL', 'GM', 'GN', 'GP', 'GQ', 'GS',
     'GT', 'GU', 'GW', 'GY', 'HK', 'HM', 'HN', 'HR', 'HT', 'HU', 'ID', 'IE', 'IL', 'IM', 'IN', 'IO', 'IQ', 'IR',
     'IS', 'IT', 'JE', 'JM', 'JO', 'JP', 'KE', 'KG', 'KH', 'KI', 'KM', 'KN', 'KP', 'KR', 'KW', 'KY', 'KZ', 'LA',
     'LB', 'LC', 'LI', 'LK', 'LR', 'LS', 'LT', 'LU', 'LV', 'LY', 'MA', 'MC', 'MD', 'ME', 'MF', 'MG', 'MH', 'MK',
     'ML', 'MM', 'MN', 'MO', 'MP', 'MQ', 'MR', 'MS', 'MT', 'MU', 'MV', 'MW', 'MX', 'MY', 'MZ', 'NA', 'NC', 'NE',
     'NF', 'NG', 'NI', 'NL', 'NO', 'NP', 'NR', 'NU', 'NZ', 'OM', 'PA', 'PE', 'PF', 'PG', 'PH', 'PK', 'PL', 'PM',
     'PN', 'PR', 'PS', 'PT', 'PW', 'PY', 'QA', 'RE', 'RO', 'RS', 'RU', 'RW', 'SA', 'SB', 'SC', 'SD', 'SE', 'SG',
     'SH', 'SI', 'SJ', 'SK', 'SL', 'SM', 'SN', 'SO', 'SR', 'SS', 'ST', 'SV', 'SX', 'SY', 'SZ', 'TC', 'TD', 'TF',
     'TG', 'TH', 'TJ', 'TK', 'TL', 'TM', 'TN', 'TO', 'TR', 'TT', 'TV', 'TW', 'TZ', 'UA', 'UG', 'UK', 'UM', 'US',
     'UY', 'UZ', 'VA', 'VC', 'VE', 'VG', 'VI', 'VN', 'VU', 'WF', 'WS', 'XK', 'YE', 'YT', 'ZA', 'ZM', 'ZW'];
CREATE OR REPLACE MACRO parse_country(t) AS
    CASE WHEN upper(t) = 'GR' THEN 'EL' WHEN upper(t) = 'GB' THEN 'UK'
         WHEN list_contains(country_codes(), upper(t)) THEN upper(t) END;
CREATE OR REPLACE MACRO parse_upper(t) AS upper(t);

-- ISO dates, and seconds since 1970-01-01 as some JSON exports have them.
CREATE OR REPLACE MACRO parse_date_iso_or_epoch(t) AS COALESCE(parse_date(t), parse_date_epoch(t));

-- The first eight digits (törzsszám) of a Hungarian tax number: 8-1-2 with hyphens or spaces, 11 digits, 8 digits, or the
-- EU VAT number HU + 8. Their check digit is judged by the contract's `identifier`.
CREATE OR REPLACE MACRO parse_tax_stem(t) AS
    CASE WHEN regexp_full_match(upper(t), '\d{8}[- ]\d[- ]\d{2}|\d{11}|\d{8}|HU\s?\d{8}')
         THEN regexp_extract(t, '\d{8}') END;
-- Identifiers without the blanks and in upper case.
CREATE OR REPLACE MACRO parse_compact(t) AS upper(regexp_replace(t, '\s+', '', 'g'));

-- NACE: a section letter, or digits with the point after the division; "6201" is written "62.01".
CREATE OR REPLACE MACRO parse_nace(t) AS
    CASE WHEN regexp_full_match(upper(t), '[A-V]') THEN upper(t)
         WHEN regexp_full_match(t, '\d{2}') THEN t
         WHEN regexp_full_match(t, '\d{2}\.?\d{1,2}') THEN t[1:2] || '.' || replace(t, '.', '')[3:] END;
-- "2", "2.0", "NACE_REV2" -> 2.0; "2.1", "NACE_REV21" -> 2.1
CREATE OR REPLACE MACRO parse_nace_version(t) AS
    CASE regexp_replace(upper(t), '^NACE[ _]?(REV|R)?[ _.]*', '')
         WHEN '2' THEN '2.0' WHEN '2.0' THEN '2.0' WHEN '2.1' THEN '2.1' WHEN '21' THEN '2.1' END;
-- "code_2021", "2021" -> 2021
CREATE OR REPLACE MACRO parse_nuts_version(t) AS
    CASE WHEN regexp_full_match(t, '(code_)?(1999|2003|2006|2010|2013|2016|2021|2024)') THEN right(t, 4) END;
-- "country", "nuts_level_2", "2" -> 0..3
CREATE OR REPLACE MACRO parse_nuts_level(t) AS
    CASE WHEN lower(t) = 'country' THEN 0 WHEN regexp_full_match(t, '(nuts_level_)?[0-3]') THEN CAST(right(t, 1) AS INTEGER) END;

-- State of an entity legal form code.
CREATE OR REPLACE MACRO parse_elf_status(t) AS
    CASE WHEN upper(t) IN ('ACTV', 'ACTIVE') THEN 'ACTV' WHEN upper(t) IN ('INAC', 'INACTIVE') THEN 'INAC' END;

-- Profit and loss account by nature ("összköltség") or by function ("forgalmi költség").
CREATE OR REPLACE MACRO parse_layout(t) AS
    CASE WHEN lower(t) IN ('total_cost', 'total cost', 'összköltség') THEN 'total_cost'
         WHEN lower(t) IN ('cost_of_sales', 'cost of sales', 'forgalmi költség') THEN 'cost_of_sales' END;
CREATE OR REPLACE MACRO parse_money_unit(t) AS
    CASE WHEN lower(t) IN ('one', '1', 'forint', 'huf') THEN 'one'
         WHEN lower(t) IN ('thousand', '1000', 'ezer', 'e') THEN 'thousand'
         WHEN lower(t) IN ('million', '1000000', 'millió', 'm') THEN 'million' END;

-- Values of statistical offices: plain, scientific, or with commas that group thousands.
CREATE OR REPLACE MACRO parse_observation(t) AS COALESCE(parse_double(t), parse_comma_grouped(t));

-- English names of European countries, as Kohesio writes them; a code is kept.
CREATE OR REPLACE MACRO parse_country_name(t) AS COALESCE(parse_country(t), MAP {
    'albania': 'AL', 'austria': 'AT', 'belgium': 'BE', 'bosnia and herzegovina': 'BA', 'bulgaria': 'BG', 'croatia': 'HR',
    'cyprus': 'CY', 'czech republic': 'CZ', 'czechia': 'CZ', 'denmark': 'DK', 'estonia': 'EE', 'finland': 'FI',
    'france': 'FR', 'germany': 'DE', 'greece': 'EL', 'hungary': 'HU', 'iceland': 'IS', 'ireland': 'IE', 'italy': 'IT',
    'kosovo': 'XK', 'latvia': 'LV', 'liechtenstein': 'LI', 'lithuania': 'LT', 'luxembourg': 'LU', 'malta': 'MT',
    'moldova': 'MD', 'montenegro': 'ME', 'netherlands': 'NL', 'north macedonia': 'MK', 'norway': 'NO', 'poland': 'PL',
    'portugal': 'PT', 'romania': 'RO', 'serbia': 'RS', 'slovakia': 'SK', 'slovenia': 'SI', 'spain': 'ES', 'sweden': 'SE',
    'switzerland': 'CH', 'türkiye': 'TR', 'turkey': 'TR', 'ukraine': 'UA', 'united kingdom': 'UK'}[lower(t)]);

-- What a clerk decided: "same as" and "Same-As" are same_as.
CREATE OR REPLACE MACRO parse_decision(t) AS
    CASE WHEN regexp_replace(lower(t), '[-_ ]+', '_', 'g') IN ('confirm', 'reject', 'same_as')
         THEN regexp_replace(lower(t), '[-_ ]+', '_', 'g') END;
