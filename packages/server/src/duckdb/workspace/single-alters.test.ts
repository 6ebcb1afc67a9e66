import { expect, it } from 'vitest';
import { singleAlters } from './single-alters.js';

it('makes one statement of each change', () => {
  expect(
    singleAlters(
      'ALTER TABLE IF EXISTS s."a,b" ADD COLUMN x numeric(10, 2) DEFAULT round(1, 2), DROP y, ALTER z TYPE int',
    ),
  ).toEqual([
    'ALTER TABLE IF EXISTS s."a,b" ADD COLUMN x numeric(10, 2) DEFAULT round(1, 2)',
    'ALTER TABLE IF EXISTS s."a,b" DROP y',
    'ALTER TABLE IF EXISTS s."a,b" ALTER z TYPE int',
  ]);
});

it.each(['ALTER TABLE a ADD b numeric(1, 2)', 'ALTER VIEW a RENAME TO b', 'CREATE TABLE a (b int, c int)'])(
  'leaves %s alone',
  (sql) => {
    expect(singleAlters(sql)).toBeUndefined();
  },
);
