SELECT 7 / 2, 7 % 3, -7 / 2, 2 ^ 10;
SELECT coalesce(NULL, 1), nullif(1, 1), greatest(1, 3, 2), least(1, NULL, 2);
SELECT round(2.567, 2), ceil(1.2), floor(-1.2), abs(-3), mod(7, 3), sqrt(16), power(2, 3), trunc(2.9);
