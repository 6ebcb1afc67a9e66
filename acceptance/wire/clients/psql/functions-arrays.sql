SELECT (ARRAY[1,2,3])[2], array_length(ARRAY[1,2,3], 1), 2 = ANY (ARRAY[1,2]), unnest(ARRAY[1,2]);
