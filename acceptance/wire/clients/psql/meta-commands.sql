\timing on
\timing off
SELECT 1 AS one \gset got_
\echo :got_one
SELECT 'SELECT ' || i FROM generate_series(1, 2) AS s (i) \gexec
SELECT 1 AS one \gx
