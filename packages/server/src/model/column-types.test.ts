import { describe, expect, test } from 'vitest';
import { isDomainError } from '../errors/domain-error.js';
import { parseColumnType } from './column-types.js';

function failureOf(text: string): { message: string; position: unknown } {
  try {
    const type = parseColumnType(text);
    throw new Error(`accepted as ${type}`);
  } catch (error) {
    if (!isDomainError(error, 'invalid_column_type')) throw error;
    return { message: error.message, position: error.details.position };
  }
}

describe('refused', () => {
  test.each([
    ['', 'expected a type, but the text ends', 1],
    ['NUMBER', 'unknown type "number"', 1],
    ['SERIAL', 'unknown type', 1],
    ['MONEY', 'unknown type', 1],
    ['VARIANT', 'unknown type', 1],
    ['constructor', 'unknown type', 1],
    ['INTEGER NOT NULL', 'unexpected text "NOT"', 9],
    ['INTEGER DEFAULT 1', 'unexpected text', 9],
    ['INT; DROP TABLE data', 'unexpected character ";"', 4],
    ['INT) , x INT', 'unexpected text ")"', 4],
    ['INT -- x', 'unexpected character "-"', 5],
    ['INTEGER(3)', 'takes no parameters', 9],
    ['DECIMAL(39,1)', '1 to 38', 9],
    ['DECIMAL(0)', '1 to 38', 9],
    ['DECIMAL(5,6)', 'greater than its width', 9],
    ['DECIMAL(5,', 'expected a number, but the text ends', 11],
    ['DECIMAL(99999999999)', 'too large', 9],
    ['VARCHAR(a)', 'expected a number instead of "a"', 9],
    ['FLOAT(54)', '1 to 53', 7],
    ['TIMESTAMP(10)', '0 to 9', 11],
    ['INT[0]', '1 to 100000', 6],
    ['INT[1000][1000]', '1 to 100000', 15],
    ['INT[', 'expected the size of the array', 5],
    ['MAP(INT)', 'expected ","', 8],
    ['STRUCT()', 'expected a field name', 8],
    ['STRUCT(a INT, A INT)', '"A" is there twice', 15],
    ['STRUCT(a INT, "__proto__" INT)', 'named __proto__', 15],
    ['STRUCT(INT)', 'expected a type', 11],
    ['UNION(a INT, a INT)', 'twice', 14],
    ['ENUM()', 'expected an ENUM value', 6],
    ["ENUM('a','a')", 'twice', 10],
    ['ENUM("a")', 'ENUM value in single quotes', 6],
    ['VARCHAR COLLATE nocase', 'unexpected text "COLLATE"', 9],
    ['main.INTEGER', 'unexpected character "."', 5],
    ['TIMESTAMP WITH', 'unknown type "timestamp with"', 1],
    ['INT\0', 'control characters', 1],
    ["ENUM('a", 'unexpected character', 6],
  ])('%j: %s', (text, reason, position) => {
    const failure = failureOf(text);
    expect(failure.message).toContain(reason);
    expect(failure.position).toBe(position);
  });

  test('types nested too deep, in whatever way', () => {
    expect(failureOf(`${'STRUCT(a '.repeat(17)}INT${')'.repeat(17)}`).message).toContain('16 deep');
    expect(failureOf(`INT${'[]'.repeat(17)}`).message).toContain('16 deep');
    expect(failureOf(`STRUCT(a ${'INT' + '[]'.repeat(17)})`).message).toContain('16 deep');
  });

  test('a long text, without repeating it', () => {
    const failure = failureOf(`ENUM(${"'x',".repeat(10_000)})`);
    expect(failure.message.length).toBeLessThan(300);
  });
});
