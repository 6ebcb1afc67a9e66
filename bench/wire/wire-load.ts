import { setTimeout as pause } from 'node:timers/promises';
import type { Postgres } from '../../acceptance/wire/harness/postgres.js';
import type { Connection } from '../../acceptance/wire/harness/target.js';
import type { BenchContext } from '../bench-context.js';
import { spreadOf, type Spread } from '../measure/statistics.js';
import { durationText, latencyText, verdict } from '../report.js';
import { newWorkspace, startDoor } from './wire-sides.js';
import { clientOf } from './wire-sink.js';

/** People type and look between two statements: together 100 of them ask about 400 times a second. */
const LEAST_PAUSE_MS = 150;
const MOST_PAUSE_MS = 350;

const PREPARE = [
  'CREATE TABLE facts AS SELECT i AS id, i % 100 AS kind, CAST(i AS double precision) / 3 AS value FROM generate_series(1, 20000) AS s (i)',
  "CREATE TABLE kinds AS SELECT i AS kind, 'kind ' || i AS name FROM generate_series(0, 99) AS s (i)",
  'CREATE TABLE notes (id integer, note text)',
];
const STATEMENTS: readonly { readonly text: string; readonly values?: readonly unknown[] }[] = [
  { text: 'SELECT 1' },
  { text: 'SELECT * FROM facts WHERE id = $1', values: [777] },
  { text: 'SELECT kind, count(*), avg(value) FROM facts GROUP BY kind ORDER BY kind' },
  {
    text: 'SELECT k.name, sum(f.value) FROM facts f JOIN kinds k ON k.kind = f.kind GROUP BY k.name ORDER BY 2 DESC LIMIT 10',
  },
  { text: 'INSERT INTO notes VALUES ($1, $2)', values: [1, 'a note'] },
  { text: 'SELECT id, value FROM facts WHERE kind = $1 ORDER BY id', values: [7] },
];

interface Load {
  readonly times: Spread;
  readonly failures: readonly string[];
}

/** Many workspaces, each with one session that asks now and then; then the same of as many databases of PostgreSQL. */
export async function wireLoad(context: BenchContext, postgres: Postgres | undefined): Promise<void> {
  for (const count of context.options.quick ? [10] : [50, 100]) {
    const server = await startDoor(context, { PGWIRE_SESSION_MEMORY_LIMIT: '256MB' });
    let ours: Load;
    try {
      ours = await underLoad(context, count, (index) => newWorkspace(server, `load ${index}`));
    } finally {
      await server.stop();
    }
    const theirs =
      postgres === undefined
        ? undefined
        : await underLoad(context, count, (index) => postgres.newEmptyDatabase(`load_${count}_${index}`));
    const failed = ours.failures.length;
    context.report.add({
      work: `wire: ${count} workspaces with mixed statements`,
      ours: `${latencyText(ours.times)}, ${failed} errors of ${ours.times.count + failed}`,
      reference: theirs === undefined ? 'no PostgreSQL here' : latencyText(theirs.times),
      ratio: theirs === undefined ? null : theirs.times.median / ours.times.median,
      floor: 'no error',
      verdict: verdict(failed === 0),
      data: { unit: 'ms', ours: ours.times, theirs: theirs?.times, failures: ours.failures.slice(0, 10) },
    });
    for (const failure of new Set(ours.failures)) context.report.remark(`A statement failed: ${failure}`);
  }
}

async function underLoad(
  { options, report }: BenchContext,
  count: number,
  newDatabase: (index: number) => Promise<Connection>,
): Promise<Load> {
  const startedAt = performance.now();
  const failures: string[] = [];
  const clients = [];
  for (let index = 0; index < count; index += 1) {
    const client = clientOf(await newDatabase(index));
    client.on('error', (error) => failures.push(error.message));
    await client.connect();
    for (const statement of PREPARE) await client.query(statement);
    clients.push(client);
  }
  report.remark(`wire: ${count} databases were ready after ${durationText(performance.now() - startedAt)}`);
  const times: number[] = [];
  const endsAt = performance.now() + (options.quick ? 5000 : 15_000);
  await Promise.all(
    clients.map(async (client, person) => {
      for (let turn = person; performance.now() < endsAt; turn += 1) {
        const { text, values } = STATEMENTS[turn % STATEMENTS.length] ?? { text: 'SELECT 1' };
        await pause(LEAST_PAUSE_MS + ((turn * 7919) % (MOST_PAUSE_MS - LEAST_PAUSE_MS)));
        const askedAt = performance.now();
        try {
          await client.query({ text, values: [...(values ?? [])] });
          times.push(performance.now() - askedAt);
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error));
        }
      }
    }),
  );
  await Promise.all(clients.map((client) => client.end()));
  return { times: spreadOf(times), failures };
}
