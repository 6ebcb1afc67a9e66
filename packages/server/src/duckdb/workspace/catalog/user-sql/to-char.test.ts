import { readFileSync } from 'node:fs';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionEdits } from './function-edits.js';
import { editedSpan, TokenList } from './token-list.js';

interface Golden {
  readonly values: readonly string[];
  readonly texts: Readonly<Record<string, readonly string[]>>;
}

/** What PostgreSQL 15 writes. */
const { numbers, dates } = JSON.parse(readFileSync(new URL('./to-char.fixture.json', import.meta.url), 'utf8')) as {
  readonly numbers: Golden;
  readonly dates: Golden;
};

let instance: DuckDBInstance;
let duckdb: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create();
  duckdb = await instance.connect();
});
afterAll(() => {
  duckdb.closeSync();
  instance.closeSync();
});

function rewritten(sql: string): string {
  const edits = functionEdits(new TokenList(sql)).toSorted((a, b) => a.start - b.start);
  return editedSpan(sql, edits, 0, sql.length);
}

async function textsOf(pattern: string, values: readonly string[]): Promise<unknown[]> {
  const calls = values.map((value) => `to_char(${value}, '${pattern}')`);
  return (await duckdb.runAndReadAll(rewritten(`SELECT ${calls.join(', ')}`))).getRows()[0] as unknown[];
}

describe('numbers', () => {
  it.each(Object.entries(numbers.texts))('%s', async (pattern, texts) => {
    expect(
      await textsOf(
        pattern,
        numbers.values.map((value) => `${value}::DECIMAL(20, 5)`),
      ),
    ).toEqual(texts);
  });

  it('of any type, and nothing', async () => {
    expect(await textsOf('FM999.0', ['7::INTEGER', '7.25::DOUBLE', 'NULL::INTEGER'])).toEqual(['7.0', '7.3', null]);
  });

  it('are read once', async () => {
    const sql = rewritten(`SELECT count(DISTINCT trim(to_char(random() * 100000, '999,999'))) > 1 FROM range(50)`);
    expect(sql.match(/random/g)).toHaveLength(1);
    expect((await duckdb.runAndReadAll(sql)).getRows()).toEqual([[true]]);
  });
});

describe('dates', () => {
  it.each(Object.entries(dates.texts))('%s', async (pattern, texts) => {
    expect(
      await textsOf(
        pattern,
        dates.values.map((value) => `TIMESTAMP '${value}'`),
      ),
    ).toEqual(texts);
  });
});

it.each([
  [`to_char(1, '9.99EEEE')`],
  [`to_char(1, 'RN9')`],
  [`to_char(1, '99V9')`],
  [`to_char(1, '9th')`],
  [`to_char(now(), 'YYYY BC')`],
  [`to_char(now(), 'J')`],
  [`to_char(now(), $1)`],
  [`to_char(now(), pattern)`],
  [`to_date('x', 'J')`],
])('%s is told to be unsupported', (call) => {
  expect(() => rewritten(`SELECT ${call}`)).toThrow(expect.objectContaining({ sqlState: '0A000' }));
});
