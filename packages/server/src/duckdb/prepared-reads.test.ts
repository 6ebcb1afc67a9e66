import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isDomainError } from '../errors/domain-error.js';
import { PreparedReads } from './prepared-reads.js';

const never = new AbortController().signal;
const LIMIT = 3;

let instance: DuckDBInstance;
let opened: DuckDBConnection[];
let reads: PreparedReads;

beforeEach(async () => {
  instance = await DuckDBInstance.create(':memory:');
  opened = [];
  reads = new PreparedReads(async () => {
    const connection = await instance.connect();
    opened.push(connection);
    return connection;
  }, LIMIT);
});

afterEach(() => {
  reads.close();
  instance.closeSync();
});

async function numbers(sql: string, signal = never, alias = 'a'): Promise<unknown> {
  return (await reads.run(alias, sql, signal)).getRowsJson();
}

test('the same statement again uses its connection again', async () => {
  for (let time = 0; time < 5; time += 1) expect(await numbers('SELECT 1 + 1')).toEqual([[2]]);
  expect(opened).toHaveLength(1);
  expect(reads.idleCount).toBe(1);
});

test('the same statement at once runs on several connections, of which the limit stays', async () => {
  const all = await Promise.all(Array.from({ length: LIMIT + 2 }, () => numbers('SELECT 3')));
  expect(all).toEqual(Array.from({ length: LIMIT + 2 }, () => [[3]]));
  expect(opened).toHaveLength(LIMIT + 2);
  expect(reads.idleCount).toBe(LIMIT);
});

test('the least recently used one goes', async () => {
  for (const number of [1, 2, 3, 1, 4]) await numbers(`SELECT ${number}`);
  expect(opened).toHaveLength(4);
  await numbers('SELECT 1');
  expect(opened).toHaveLength(4);
  await numbers('SELECT 2');
  expect(opened).toHaveLength(5);
});

test('it sees what changed since', async () => {
  const connection = await instance.connect();
  await connection.run('CREATE TABLE t AS SELECT 1 AS n');
  expect(await numbers('SELECT * FROM t')).toEqual([[1]]);
  await connection.run('INSERT INTO t VALUES (2)');
  expect(await numbers('SELECT * FROM t')).toEqual([[1], [2]]);
  connection.closeSync();
});

test('what fails is not kept', async () => {
  await expect(numbers('SELECT no_such_column')).rejects.toThrow(/no_such_column/);
  await expect(numbers(`SELECT CAST('x' AS INTEGER)`)).rejects.toThrow(/Could not convert/);
  expect(reads.idleCount).toBe(0);
});

test('an abort interrupts it, and its connection is not used again', async () => {
  const abort = new AbortController();
  const slow = numbers('SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b', abort.signal);
  setTimeout(() => abort.abort(), 50);
  await expect(slow).rejects.toSatisfy((error) => isDomainError(error, 'request_cancelled'));
  expect(reads.idleCount).toBe(0);
  await expect(numbers('SELECT 1', AbortSignal.abort())).rejects.toSatisfy((error) =>
    isDomainError(error, 'request_cancelled'),
  );
});

test('those of a version are closed before it is detached', async () => {
  const control = await instance.connect();
  await control.run(`ATTACH ':memory:' AS a`);
  await control.run('CREATE TABLE a.main.t AS SELECT 7 AS n');
  expect(await numbers('SELECT n FROM a.main.t')).toEqual([[7]]);
  expect(await numbers('SELECT 8', never, 'b')).toEqual([[8]]);
  reads.forget('a');
  expect(reads.idleCount).toBe(1);
  await control.run('DETACH a');
  await expect(numbers('SELECT n FROM a.main.t')).rejects.toThrow(/does not exist/);
  control.closeSync();
});
