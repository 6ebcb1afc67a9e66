import { describe, expect, test } from 'vitest';
import { BrokenEngineError, sqlErrorOf } from './sql-state.js';

const told = (text: string) => sqlErrorOf(new Error(text)).error;
const asJson = (type: string, message: string) => JSON.stringify({ exception_type: type, exception_message: message });

describe('paths', () => {
  test.each([
    ['IO', 'Could not write file "/srv/Sklad dat/proj+1/ř.duckdb": Input/output error'],
    ['IO', "Failed to create directory '/data/x y/temp': Permission denied"],
    ['IO', 'Could not set lock on file "/data/x": Conflicting lock is held in /usr/bin/node (PID 5)'],
    ['Binder', 'Cannot attach "x" - the database file "/data/duckdb/x.duckdb" is already attached'],
  ])('%s: %s', (type, message) => {
    for (const text of [asJson(type, message), `${type} Error: ${message}`]) {
      const { message: shown, hint = '' } = told(text);
      expect(shown + hint).toContain('…');
      expect(shown + hint).not.toMatch(/srv|Sklad|x y|\/data|\/usr|duckdb"/);
    }
  });

  test('a date or a fraction is none', () => {
    expect(told(asJson('Conversion', "Could not convert string '2026/01/02' to INT32")).message).toContain(
      '2026/01/02',
    );
  });
});

describe('a broken engine', () => {
  test.each([
    'FATAL Error: Failed: database has been invalidated because of a previous fatal error.',
    asJson('INTERNAL', 'Attempted to access index 1 within vector of size 0'),
    asJson('IO', 'Database "ws" has been invalidated because checkpointing failed.'),
  ])('%s', (text) => {
    expect(told(text)).toBeInstanceOf(BrokenEngineError);
  });

  test.each([
    asJson('Conversion', "Could not convert string 'database has been invalidated' to INT32"),
    `Invalid Input Error: ${asJson('FATAL', 'database has been invalidated')}`,
  ])('is not told by what a statement or a value says: %s', (text) => {
    expect(told(text)).not.toBeInstanceOf(BrokenEngineError);
  });

  test.each([
    ['Catalog', 'Table with name orderz does not exist!\nDid you mean "orders"?', 'relation "orderz" does not exist'],
    [
      'Catalog',
      'Table with name "in_c_sales.orderz" does not exist because schema "in_c_sales" does not exist.',
      'relation "in_c_sales.orderz" does not exist',
    ],
    [
      'Binder',
      'Referenced column "nme" not found in FROM clause!\nCandidate bindings: "name"',
      'column "nme" does not exist',
    ],
  ])('what is missing is told as PostgreSQL tells it: %s %s', (type, message, expected) => {
    expect(told(asJson(type, message)).message).toBe(expected);
  });

  test('what the parser has not implemented is said in its words', () => {
    const text = `Failed to extract statements: Not implemented Error: ${asJson('Not implemented', 'ON COMMIT')}`;
    expect(told(text)).toMatchObject({ sqlState: '0A000', message: 'ON COMMIT' });
  });

  test('errors of the parser keep their position behind what is put in front of them', () => {
    const json = JSON.stringify({ exception_type: 'Parser', exception_message: 'syntax error', position: '3' });
    expect(sqlErrorOf(new Error(`Failed to extract statements: Parser Error: ${json}`))).toMatchObject({
      error: { sqlState: '42601' },
      bytePosition: 3,
    });
  });
});
