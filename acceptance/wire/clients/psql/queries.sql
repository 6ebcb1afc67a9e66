SELECT DISTINCT ON (customer_id) customer_id, id FROM orders ORDER BY customer_id, id DESC;
SELECT c.name, o.n FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders WHERE customer_id = c.id) o ON true ORDER BY c.id;
SELECT id, country FROM customers ORDER BY country, id;
SELECT id, country FROM customers ORDER BY country DESC, id;
INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'A') ON CONFLICT (id) DO NOTHING;
