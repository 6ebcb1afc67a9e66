SELECT id, flag, small, whole, big, exact, single, twice, words, bytes FROM all_types ORDER BY id;
SELECT id, day, clock, moment, instant, span, ident, doc, ints, texts, feeling FROM all_types ORDER BY id;
\x
SELECT * FROM all_types WHERE id = 1;
\x
SET TimeZone = 'America/New_York';
SELECT instant FROM all_types ORDER BY id;
SET extra_float_digits = 0;
SELECT single, twice FROM all_types ORDER BY id;
