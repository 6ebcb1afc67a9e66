import { expect, test } from 'vitest';
import { SqlError } from '../../errors/sql-error.js';
import { withConstraint } from './constraint-error.js';

test.each<[string, string, string, object]>([
  [
    'INSERT INTO p VALUES (1)',
    '23505',
    'Duplicate key "a: 1, b: it\'s" violates primary key constraint.',
    {
      message: 'duplicate key value violates unique constraint "p_pkey"',
      detail: "Key (a, b)=(1, it's) already exists.",
      origin: { schema: 'public', table: 'p', constraint: 'p_pkey' },
    },
  ],
  [
    'WITH x AS (SELECT 1) INSERT INTO s."P" SELECT * FROM x',
    '23505',
    'Duplicate key "a: 1, b: 2" violates unique constraint.',
    { origin: { schema: 's', table: 'P', constraint: 'P_a_b_key' } },
  ],
  [
    'UPDATE main.q SET n = NULL',
    '23502',
    'NOT NULL constraint failed: q.n',
    {
      message: 'null value in column "n" of relation "q" violates not-null constraint',
      origin: { schema: 'public', table: 'q', column: 'n' },
    },
  ],
  [
    'INSERT INTO q VALUES (1)',
    '23514',
    `CHECK constraint failed on table q with expression CHECK((("Two W" != 'x') AND (length("Two W") < 5)))`,
    {
      message: 'new row for relation "q" violates check constraint "q_Two W_check"',
      origin: { schema: 'public', table: 'q', constraint: 'q_Two W_check' },
    },
  ],
  [
    'INSERT INTO q VALUES (1)',
    '23514',
    'CHECK constraint failed on table q with expression CHECK((a < n))',
    { origin: { schema: 'public', table: 'q', constraint: 'q_check' } },
  ],
  [
    'INSERT INTO ch VALUES (7)',
    '23503',
    'Violates foreign key constraint because key "a: 7" does not exist in the referenced table',
    { detail: 'Key (a)=(7) is not present in the referenced table.', origin: { schema: 'public', table: 'ch' } },
  ],
])('%s: %s', (statement, code, message, expected) => {
  expect(withConstraint(new SqlError(code, message), statement, 'public')).toMatchObject(expected);
});

test('other errors are left alone', () => {
  const error = new SqlError('22012', 'division by zero');
  expect(withConstraint(error, 'INSERT INTO t VALUES (1 / 0)', 'public')).toBe(error);
});
