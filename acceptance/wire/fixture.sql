-- What every client looks at: tables with keys, checks, comments and an index, views, a sequence, an enum, a second schema, and
-- one table with every common type. Only statements that PostgreSQL and a workspace both understand.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');

CREATE TABLE customers (
  id integer PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  country text DEFAULT 'CZ',
  created_at timestamp NOT NULL DEFAULT '2024-01-01 00:00:00'
);
COMMENT ON TABLE customers IS 'People who buy';
COMMENT ON COLUMN customers.email IS 'Where invoices go';

CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers (id),
  placed_on date NOT NULL,
  amount numeric(12,2) NOT NULL CHECK (amount >= 0),
  note text
);
CREATE INDEX orders_placed_on_idx ON orders (placed_on);

CREATE TABLE order_items (
  order_id bigint REFERENCES orders (id),
  line integer,
  product text NOT NULL,
  quantity integer NOT NULL,
  PRIMARY KEY (order_id, line)
);

CREATE VIEW order_totals AS
  SELECT customer_id, count(*) AS orders, sum(amount) AS total FROM orders GROUP BY customer_id;
COMMENT ON VIEW order_totals IS 'What each customer spent';

CREATE SEQUENCE invoice_numbers;

CREATE SCHEMA reports;
CREATE TABLE reports.daily (day date PRIMARY KEY, revenue numeric(14,2), visitors bigint);
CREATE VIEW reports.busy_days AS SELECT day FROM reports.daily WHERE visitors > 100;

CREATE TABLE all_types (
  id integer PRIMARY KEY,
  flag boolean,
  small smallint,
  whole integer,
  big bigint,
  exact numeric(18,4),
  single real,
  twice double precision,
  words text,
  bytes bytea,
  day date,
  clock time,
  moment timestamp,
  instant timestamptz,
  span interval,
  ident uuid,
  doc json,
  ints integer[],
  texts text[],
  feeling mood
);

INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'Ada'), (2, 'bob@example.com', 'Bob; "quoted"');
INSERT INTO customers (id, email, name, country) VALUES (3, 'cid@example.com', 'Číd ☃', NULL);

INSERT INTO orders VALUES
  (10, 1, '2024-02-01', 99.90, 'first'),
  (11, 1, '2024-02-03', 0.10, NULL),
  (12, 2, '2024-03-01', 1234567.89, E'two\nlines'),
  (13, 3, '2024-03-05', 5, '');

INSERT INTO order_items VALUES (10, 1, 'pen', 3), (10, 2, 'paper', 1), (12, 1, 'printer', 1);
INSERT INTO reports.daily VALUES ('2024-02-01', 99.90, 120), ('2024-02-02', NULL, 7);

INSERT INTO all_types VALUES
  (1, true, 7, 42, 9007199254740993, 123456.7891, 1.5, 2.25, 'plain', 'abc'::bytea, '2024-02-29', '13:14:15.123456',
   '2024-02-29 13:14:15.123456', '2024-02-29 13:14:15.123456+00', '1 year 2 months 3 days 04:05:06.7',
   '550e8400-e29b-41d4-a716-446655440000', '{"a": [1, 2, null]}', ARRAY[1, NULL, 3], ARRAY['x', 'a "b" {c}', NULL, ''], 'ok'),
  (2, false, -32768, -2147483648, -9223372036854775808, -99999999999999.9999, '-Infinity', 'NaN', '', ''::bytea, '0001-01-01', '00:00:00',
   '1900-01-01 00:00:00', '1999-12-31 23:59:59.999999+00', '-1 days', '00000000-0000-0000-0000-000000000000', '[]', ARRAY[]::integer[],
   ARRAY[]::text[], 'sad'),
  (3, true, 32767, 2147483647, 9223372036854775807, 99999999999999.9999, 1e10, 1e-10, E'tab\tnewline\nquote''backslash\\ ☃', 'x y'::bytea, '9999-12-31',
   '23:59:59.999999', '9999-12-31 23:59:59', '2024-07-01 12:00:00+02', '00:00:00', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
   '"text"', ARRAY[2147483647, -2147483648], ARRAY['NULL', 'a,b', 'back\slash'], 'happy'),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE numbers (n integer PRIMARY KEY, label text NOT NULL, quarter double precision NOT NULL);
INSERT INTO numbers SELECT i, 'row ' || i, CAST(i AS double precision) / 4 FROM generate_series(1, 100000) AS s (i);
