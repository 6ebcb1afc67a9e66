SELECT json_build_object('a', 1);
