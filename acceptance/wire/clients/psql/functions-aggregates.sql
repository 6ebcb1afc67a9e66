SELECT count(*), sum(id), min(name), max(name), string_agg(name, ', ' ORDER BY id), array_agg(id ORDER BY id), bool_and(id > 0) FROM customers;
SELECT id, row_number() OVER (ORDER BY amount DESC), rank() OVER (PARTITION BY customer_id ORDER BY amount), lag(amount) OVER (ORDER BY id) FROM orders ORDER BY id;
SELECT customer_id, count(*) FILTER (WHERE amount > 1) FROM orders GROUP BY GROUPING SETS ((customer_id), ()) ORDER BY 1;
SELECT sum(small), sum(whole), sum(exact), avg(twice) FROM all_types WHERE id = 1;
