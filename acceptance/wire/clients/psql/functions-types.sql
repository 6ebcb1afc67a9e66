SELECT pg_typeof(1), pg_typeof('x'::text), pg_typeof(1.5), pg_typeof(now());
