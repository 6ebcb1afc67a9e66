SELECT extract(year FROM date '2024-02-29'), date_trunc('month', timestamp '2024-02-29 13:14:15'), date '2024-02-29' + 1, date '2024-03-01' - date '2024-02-01', date '2024-01-31' + interval '1 month';
SELECT to_char(timestamp '2024-02-29 13:14:15', 'YYYY-MM-DD HH24:MI:SS');
SELECT to_date('29.02.2024', 'DD.MM.YYYY'), to_timestamp(0), age(timestamp '2024-03-01', timestamp '2024-01-31');
