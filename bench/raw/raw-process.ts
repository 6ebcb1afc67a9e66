import { open } from 'node:fs/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { quoteLiteral } from '../../packages/server/src/duckdb/quoting.js';
import { spreadOf } from '../measure/statistics.js';
import type { RawAnswers, RawRequest, RawSettings } from './messages.js';

/** Raw DuckDB in a process of its own, warm like an engine worker: one instance and connection for all requests. */
const settings = JSON.parse(process.argv[2] ?? '{}') as RawSettings;
const instanceOptions = {
  threads: String(settings.threads),
  memory_limit: settings.memoryLimit,
  temp_directory: settings.tempDirectory,
};
const instance = await DuckDBInstance.create(':memory:', instanceOptions);
const connection = await instance.connect();

process.on('message', (request: RawRequest) => {
  answer(request).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));
process.send?.({ value: 'ready' });

async function answer(request: RawRequest): Promise<RawAnswers[RawRequest['kind']]> {
  if (request.kind === 'read') {
    const reader = await connection.runAndReadAll(request.sql);
    return reader.getRowsJson().map((row) => row.map(String));
  }
  if (request.kind === 'openPerRequest') return openPerRequest(request);
  await runAll(connection, request.before ?? []);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await runAll(connection, request.timed);
  const ranAt = performance.now();
  if (request.syncPath !== undefined) await syncFile(request.syncPath);
  const endedAt = performance.now();
  const cpu = process.cpuUsage(cpuBefore);
  await runAll(connection, request.after ?? []);
  return { ms: endedAt - startedAt, cpuMs: (cpu.user + cpu.system) / 1000, syncMs: endedAt - ranAt };
}

async function runAll(target: DuckDBConnection, statements: readonly string[]): Promise<void> {
  for (const sql of statements) await target.run(sql);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What a server without warm workers would do for each request. */
async function openPerRequest({ path, sql, count }: RawRequest & { kind: 'openPerRequest' }) {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedAt = performance.now();
    const own = await DuckDBInstance.create(':memory:', instanceOptions);
    const ownConnection = await own.connect();
    await ownConnection.run(`ATTACH ${quoteLiteral(path)} AS one (READ_ONLY)`);
    const reader = await ownConnection.runAndReadAll(sql);
    JSON.stringify(reader.getRowObjectsJson());
    ownConnection.closeSync();
    own.closeSync();
    times.push(performance.now() - startedAt);
  }
  return spreadOf(times);
}
