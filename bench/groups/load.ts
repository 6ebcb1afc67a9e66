import { setTimeout as pause } from 'node:timers/promises';
import { tablesPath, type Table } from '../../acceptance/helpers/storage.js';
import type { BenchContext } from '../bench-context.js';
import { FLIGHTS } from '../flights.js';
import type { HttpClient } from '../measure/http-client.js';
import { spreadOf, type Spread } from '../measure/statistics.js';
import { durationText, latencyText, verdict } from '../report.js';
import type { ServerUnderTest } from '../server-under-test.js';

const CLIENTS = 100;
const TABLES = 3;
const FLOOR_TIMES_IDLE = 5;
/** A client reads, then its person looks at the answer: together they ask 500 times a second. */
const LEAST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 300;

interface Load {
  readonly previews: Spread;
  readonly others: Spread;
  readonly requests: number;
  readonly failures: readonly string[];
}

export async function load(context: BenchContext): Promise<void> {
  const { inputs, options, report } = context;
  const server = await context.sharedServer();
  const fileId = await server.upload(await inputs.path('flights.csv'));
  const tables: Table[] = [];
  for (let index = 0; index < TABLES; index += 1) {
    const table = await server.createTable(`loaded_${index}`, FLIGHTS);
    await server.import(table, fileId);
    tables.push(table);
  }
  const durationMs = options.quick ? 8000 : 20_000;
  await read(server, tables, async () => void (await pause(2000)));
  const idle = await read(server, tables, async () => void (await pause(durationMs)));
  let imports = 0;
  const busy = await read(server, tables, async () => {
    imports = await keepImporting(server, tables, fileId, durationMs);
  });

  const timesIdle = busy.previews.p95 / idle.previews.p95;
  const failed = [...idle.failures, ...busy.failures];
  report.add({
    work: `${CLIENTS} clients reading during ${TABLES} large imports: preview`,
    ours: `${latencyText(busy.previews)}, ${failed.length} errors of ${busy.requests}`,
    reference: `idle: ${latencyText(idle.previews)} of ${idle.requests}; ${imports} imports meanwhile`,
    ratio: 1 / timesIdle,
    floor: `no error, p95 ≤ ${FLOOR_TIMES_IDLE} × idle = ${durationText(FLOOR_TIMES_IDLE * idle.previews.p95)}`,
    verdict: verdict(failed.length === 0 && timesIdle <= FLOOR_TIMES_IDLE),
    data: { unit: 'ms', busy, idle, imports },
  });
  for (const failure of new Set(failed)) report.remark(`A read failed: ${failure}`);
}

/** Each table is loaded again and again from the same file until the time is over; nothing is cut short. */
async function keepImporting(
  server: ServerUnderTest,
  tables: readonly Table[],
  fileId: string,
  durationMs: number,
): Promise<number> {
  const client = server.newClient(tables.length);
  const endsAt = performance.now() + durationMs;
  let done = 0;
  await Promise.all(
    tables.map(async (table) => {
      while (performance.now() < endsAt) {
        await client.mustPost(`${table.path}/import/file`, { file_id: fileId });
        done += 1;
      }
    }),
  );
  client.close();
  return done;
}

/** All clients read while `work` runs. */
async function read(server: ServerUnderTest, tables: readonly Table[], work: () => Promise<void>): Promise<Load> {
  const client = server.newClient(CLIENTS);
  const previews: number[] = [];
  const others: number[] = [];
  const failures: string[] = [];
  let isOver = false;
  const clients = Array.from({ length: CLIENTS }, async (_, number) => {
    await pause((MOST_PAUSE_MS * number) / CLIENTS);
    for (let turn = number; !isOver; turn += 1) {
      const { path, isPreview } = choose(server, tables, turn);
      const failure = await ask(client, path, isPreview ? previews : others);
      if (failure !== undefined) failures.push(failure);
      await pause(LEAST_PAUSE_MS + Math.random() * (MOST_PAUSE_MS - LEAST_PAUSE_MS));
    }
  });
  await work();
  isOver = true;
  await Promise.all(clients);
  client.close();
  const requests = previews.length + others.length + failures.length;
  return { previews: spreadOf(previews), others: spreadOf(others), requests, failures };
}

async function ask(client: HttpClient, path: string, times: number[]): Promise<string | undefined> {
  try {
    const { status, ms, text } = await client.get(path);
    times.push(ms);
    return status === 200 ? undefined : `${status} ${text.slice(0, 200)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Six of ten are previews. */
function choose(server: ServerUnderTest, tables: readonly Table[], turn: number): { path: string; isPreview: boolean } {
  const table = tables[turn % tables.length];
  if (table === undefined) throw new Error('There is no table to read');
  const kind = turn % 10;
  if (kind < 6) return { path: `${table.path}/preview?limit=100`, isPreview: true };
  if (kind < 8) return { path: table.path, isPreview: false };
  if (kind < 9) return { path: tablesPath(server.project, server.bucket), isPreview: false };
  return { path: server.project.bucketsPath, isPreview: false };
}
