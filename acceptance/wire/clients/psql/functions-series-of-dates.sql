SELECT * FROM generate_series(date '2024-01-01', date '2024-01-03', interval '1 day');
