import { expect, test } from 'vitest';
import { tokenize } from './sql-tokens.js';

test.each([
  ['1+-+-2', ['1', '+', '-', '+', '-', '2']],
  ['a =-1', ['a', '=', '-', '1']],
  ['a <=+-b', ['a', '<=', '+', '-', 'b']],
  ['a @-b', ['a', '@-', 'b']],
  ['a +/* c */- b', ['a', '+', '-', 'b']],
  ['a +-- c\n b', ['a', '+', 'b']],
  ['a *++-- c\n+ b', ['a', '*', '+', '+', '+', 'b']],
  ['a -> b #>> c', ['a', '->', 'b', '#>>', 'c']],
])('operators of %s', (sql, values) => {
  expect(tokenize(sql).map(({ value }) => value)).toEqual(values);
});

test('every character of a text is read a few times at most, whatever it is made of', () => {
  // Quadratic, this takes minutes; the test has a fraction of one.
  for (const piece of [
    '+',
    '- ',
    '/*',
    '*/',
    '"',
    "''",
    '(',
    '$a',
    '$1',
    'a.',
    ';',
    '::',
    '\\',
    '@',
    '.',
    '\u00e9',
    'e',
  ]) {
    const sql = piece.repeat(300_000);
    try {
      expect(tokenize(sql).length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toMatchObject({ sqlState: '42601' });
    }
  }
});
