SELECT 7.0 / 2;
SELECT avg(id) FROM customers;
