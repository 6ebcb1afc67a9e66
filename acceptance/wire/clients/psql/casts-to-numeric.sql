SELECT sum(big::numeric) FROM all_types WHERE id = 1;
SELECT 0.12345::numeric, '7.25'::numeric, 5::numeric, CAST(2.50 AS numeric);
