SELECT substring('abc' FROM 1 FOR -1);
