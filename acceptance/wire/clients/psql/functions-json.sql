SELECT '{"a": {"b": 7}}'::json -> 'a' ->> 'b';
