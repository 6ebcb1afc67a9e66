SELECT to_char(1234.5, 'FM9,999.00');
