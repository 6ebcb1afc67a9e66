import { expect, it } from 'vitest';
import { likeClauses } from './like-clause.js';

it.each([
  `CREATE TABLE a AS SELECT 1 WHERE 'x' LIKE ('y')`,
  `CREATE VIEW v AS SELECT * FROM t WHERE a LIKE (b)`,
  `CREATE TABLE a ("like" int, b text)`,
  `CREATE TABLE a (b text CHECK (b LIKE 'x%'))`,
])('finds no clause in %s', (sql) => {
  expect(likeClauses(sql)).toEqual([]);
});

it('finds what a clause copies', () => {
  const [first, second] = likeClauses(
    'CREATE TEMP TABLE a (LIKE b, x int, LIKE "in.c-sales"."O" INCLUDING ALL EXCLUDING DEFAULTS)',
  );
  expect(first).toMatchObject({ path: ['b'], copied: new Set() });
  expect(second).toMatchObject({
    path: ['in.c-sales', 'O'],
    relation: '"in.c-sales"."O"',
    copied: new Set(['constraints', 'indexes']),
  });
});
