import { expect, it } from 'vitest';
import { statementCommand } from './statement-command.js';

it.each([
  ['SELECT 1', 'select'],
  ['-- why\n /* what */ ((select 1))', 'select'],
  ['with a as (select 1) insert into t from a', 'with'],
  ['INSERT INTO t VALUES (1)', 'insert'],
  ['selectx', 'other'],
  ['', 'other'],
  ['/* never ends', 'other'],
  ['‽', 'other'],
])('%j is %s', (text, command) => {
  expect(statementCommand(text)).toBe(command);
});
