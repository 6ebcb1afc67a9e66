SELECT 'abc' ~ 'b', 'abc' ~* 'B', 'abc' !~ 'b', 'abc' LIKE 'a%', 'ABC' ILIKE 'a%', 'a' || 1;
SELECT length('číd'), upper('abc'), substring('abcdef' FROM 2 FOR 3), position('c' IN 'abc'), trim('  x '), lpad('7', 3, '0'), split_part('a,b,c', ',', 2), initcap('hello world');
SELECT md5('x'), encode('abc'::bytea, 'hex'), regexp_replace('abc', 'b', 'X'), concat('a', NULL, 'b'), concat_ws('-', 'a', NULL, 'b'), quote_ident('a b'), format('%s-%I', 'x', 'y z');
SELECT version() ~ '^PostgreSQL 15';
