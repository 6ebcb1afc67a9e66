SELECT CASE WHEN true THEN 'x' END, CAST('5' AS integer), '5'::text::integer, 'abcdef'::varchar(3), CAST('abc' AS varchar(2)), 'ab'::varchar(3);
