\pset format aligned
SELECT id, name, country FROM customers ORDER BY id;
SELECT 1 AS n, 'left' AS t, NULL AS nothing, true AS yes;
\pset border 2
\pset null '(null)'
SELECT id, note FROM orders ORDER BY id;
