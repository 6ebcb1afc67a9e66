import { describe, expect, test } from 'vitest';
import { tokenize } from '../sql-tokens.js';
import { fileRelation } from './file-relations.js';

describe('relations that are files', () => {
  test.each([
    "SELECT * FROM 'x.csv'",
    "FROM 'x.csv'",
    "FROM E'x.csv'",
    'FROM $$x.csv$$',
    'SELECT * FROM "/proc/self/fd/4/x.duckdb"',
    'SELECT * FROM "/proc/self/fd/4/x".duckdb',
    'SELECT * FROM a."b/c"',
    "SELECT * FROM a, 'x.csv'",
    "SELECT * FROM a JOIN b ON a.x = 'y', 'x.csv'",
    "SELECT * FROM a LEFT JOIN 'x.csv' USING (i)",
    "SELECT * FROM ('x.csv')",
    "SELECT * FROM (a JOIN ('x.csv') ON true)",
    "SELECT * FROM (SELECT 1), 'x.csv'",
    "SELECT * FROM f(1, 'a'), LATERAL 'x.csv'",
    "SELECT (SELECT count(*) FROM 'x.csv')",
    "SELECT extract(year FROM (SELECT max(a) FROM 'x.csv'))",
    "SELECT DISTINCT a FROM 'x.csv'",
    "WITH a AS (FROM 'x.csv') SELECT * FROM a",
    "PIVOT 'x.csv' ON a USING sum(b)",
    "UNPIVOT 'x.csv' ON a",
    "SUMMARIZE 'x.csv'",
    "DESCRIBE 'x.csv'",
    "TABLE 'x.csv'",
    "UPDATE t SET a = 1 FROM 'x.csv'",
    "DELETE FROM t USING 'x.csv'",
    "DELETE FROM t USING ('x.csv')",
    "MERGE INTO t USING 'x.csv' ON true WHEN MATCHED THEN DELETE",
    "INSERT INTO t FROM 'x.csv'",
    "CREATE VIEW v AS SELECT * FROM ONLY 'x.csv'",
    "SELECT 1 UNION ALL FROM 'x.csv'",
    "SELECT * FROM a WHERE b IN (FROM 'x.csv')",
  ])('%s', (sql) => {
    expect(fileRelation(tokenize(sql))).toBeDefined();
  });

  test.each([
    "SELECT trim('x' FROM 'xax'), extract(year FROM '2026-01-01'), substring('abc' FROM 'b'), overlay('a' placing 'b' FROM 1)",
    "SELECT a IS DISTINCT FROM 'x', a IS NOT DISTINCT FROM 'y' FROM t",
    "SELECT 'a', 'b' FROM t WHERE a IN ('c', 'd') GROUP BY 1, 'e' ORDER BY a, 'f' LIMIT 1",
    "SELECT * FROM (VALUES ('a', 'b'), ('c', 'd')) v(a, b)",
    "SELECT * FROM f('a', 'b'), g('c') AS h, \"in.c-main\".\"t\"",
    "SELECT * FROM t JOIN u ON t.a = 'x' AND u.b = 'y' WHERE (a, b) = ('c', 'd')",
    "FROM t SELECT a, 'b'",
    "INSERT INTO t VALUES ('a', 'b'), ('c', 'd') RETURNING a, 'e'",
    "UPDATE t SET a = 'b', c = 'd' WHERE e = 'f'",
    "SELECT * FROM t PIVOT (sum(x) FOR y IN ('a', 'b'))",
    "SELECT {'a': 'b', 'c': 'd'}, ['e', 'f'], \"a/b\" FROM t AS \"c/d\" ORDER BY a DESC, 'x'",
    "SELECT count(*) FILTER (WHERE a = 'x'), string_agg(a, ',' ORDER BY b) FROM t JOIN u USING (\"a/b\")",
    "ALTER TABLE t ALTER a TYPE INT USING 'x'",
    "SELECT * FROM t WINDOW w AS (ORDER BY a), v AS (PARTITION BY 'x')",
    "SELECT a FROM t UNION SELECT 'x', 'y'",
    "COMMENT ON TABLE t IS 'x'",
    'CREATE TABLE t (a VARCHAR DEFAULT \'x\', "b/c" INT)',
    "SELECT * FROM unnest(ARRAY['a','b']) WITH ORDINALITY, generate_series('2026-01-01'::date, '2026-01-02', '1 day')",
  ])('not in %s', (sql) => {
    expect(fileRelation(tokenize(sql))).toBeUndefined();
  });
});
