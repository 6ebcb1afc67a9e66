SELECT 'a'::char(3), 'abcdef'::char(3);
