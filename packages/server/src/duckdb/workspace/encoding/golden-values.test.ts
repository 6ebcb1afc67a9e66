import { readFileSync } from 'node:fs';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wireTypeOf } from './wire-type.js';
import { createRowEncoder } from './row-encoder.js';
import { WireBuffer } from './wire-buffer.js';
import { DEFAULT_WIRE_SETTINGS, type WireFormat } from './wire-settings.js';
import { decodeValue } from './parameters/bind-parameter.js';

/** What a real PostgreSQL 15 answered; `scripts/record-wire-values.mjs` asked it. */
const { timeZone, values } = JSON.parse(readFileSync(new URL('postgresql-15.json', import.meta.url), 'utf8')) as {
  timeZone: string;
  values: { duckdb: string; postgresql: string; text: string; binary: string }[];
};
const settings = { ...DEFAULT_WIRE_SETTINGS, timeZone };

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(() => connection.closeSync());

async function encode(expression: string, format: WireFormat): Promise<Buffer> {
  const result = await connection.run(`SELECT ${expression}`);
  return encodeOnly(result, format);
}

function encodeOnly(result: Awaited<ReturnType<DuckDBConnection['run']>>, format: WireFormat): Buffer {
  const out = new WireBuffer();
  createRowEncoder(result.columnTypes(), [format], settings).encode(result.getChunk(0), 0, 1, out);
  const message = out.take();
  expect(message.readInt32BE(1)).toBe(message.length - 1);
  expect(message.readInt16BE(5)).toBe(1);
  expect(message.readInt32BE(7)).toBe(message.length - 11);
  return message.subarray(11);
}

describe('values as PostgreSQL 15 writes them', () => {
  it.each(values)('$duckdb', async ({ duckdb, text, binary }) => {
    expect((await encode(duckdb, 0)).toString()).toBe(text);
    expect((await encode(duckdb, 1)).toString('hex')).toBe(binary);
  });
});

describe('values that PostgreSQL 15 wrote, read as parameters', () => {
  it.each(values)('$postgresql', async ({ duckdb, text, binary }) => {
    const type = (await connection.run(`SELECT ${duckdb}`)).columnType(0);
    const { oid } = wireTypeOf(type);
    for (const [format, bytes] of [
      [0, Buffer.from(text)],
      [1, Buffer.from(binary, 'hex')],
    ] as const) {
      if (isBeyondDecimal(duckdb)) continue;
      const statement = await connection.prepare('SELECT $1');
      const value = decodeValue(oid, format, bytes, settings);
      statement.bindValue(1, value.value, value.type);
      const again = encodeOnly(await statement.run(), 0).toString();
      // A list of arrays has become a list of lists, which is shown as JSON.
      if (text.startsWith('{{')) expect(again).toMatch(/^\[\[/);
      else expect(again).toBe(text);
    }
  });
});

function isBeyondDecimal(expression: string): boolean {
  return /HUGEINT|BIGNUM/.test(expression) && /\d{39}/.test(expression);
}
