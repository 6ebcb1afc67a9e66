SELECT '{"a": 1}'::jsonb @> '{"a": 1}'::jsonb;
