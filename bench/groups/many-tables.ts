import { Api } from '../../acceptance/helpers/api.js';
import { tablesPath } from '../../acceptance/helpers/storage.js';
import { addTables } from '../add-tables.js';
import type { BenchContext } from '../bench-context.js';
import { FLIGHTS } from '../flights.js';
import { measureSync } from '../measure/machine.js';
import { spreadOf } from '../measure/statistics.js';
import { durationText, latencyText, roundsText, verdict } from '../report.js';
import { ServerUnderTest } from '../server-under-test.js';

const TABLES = 10_000;
const LIST_FLOOR_MS = 20;
const START_FLOOR_MS = 2000;
const BACKUP_FLOOR_MS = 10_000;
const WARM_UP = 10;

export async function manyTables(context: BenchContext): Promise<void> {
  const server = await ServerUnderTest.start(context.options);
  try {
    await measureCreate(context, server);
    await server.createTable('template', FLIGHTS);
    const few = await measureStarts(context, server);
    await server.process.kill('SIGTERM');
    await addTables(server, TABLES);
    const many = await measureStarts(context, server);
    context.report.add({
      work: 'start with 10,000 tables',
      ours: roundsText(many),
      reference: `a few tables: ${roundsText(few)}`,
      ratio: few.median / many.median,
      floor: `≤ ${durationText(START_FLOOR_MS)}`,
      verdict: verdict(many.median <= START_FLOOR_MS),
      data: { unit: 'ms', ours: many, fewTables: few },
    });
    await measureList(context, server, 'list 10,000 tables, first page of 100', '?limit=100');
    await measureList(
      context,
      server,
      'the same, those with the most rows first',
      '?limit=100&sort=row_count&order=desc',
    );
    await measureBackup(context, server);
  } finally {
    await server.stop();
  }
}

async function measureCreate({ options, report }: BenchContext, server: ServerUnderTest): Promise<void> {
  const columns = Object.entries(FLIGHTS.columns).map(([name, type]) => ({ name, type }));
  const sync = await measureSync(options.workFolder, 100);
  const count = options.quick ? 60 : 200;
  const times: number[] = [];
  for (let index = 0; index < WARM_UP + count; index += 1) {
    const request = { name: `created_${index}`, columns };
    const { ms } = await server.client.mustPost(tablesPath(server.project, server.bucket), request);
    if (index >= WARM_UP) times.push(ms);
  }
  const ours = spreadOf(times);
  const allowedMs = 5 * sync.median + 10;
  report.add({
    work: 'create table',
    ours: latencyText(ours),
    reference: `one fsync: ${latencyText(sync)}`,
    ratio: null,
    floor: `p50 ≤ 5 fsync + 10 ms = ${durationText(allowedMs)}`,
    verdict: verdict(ours.median <= allowedMs),
    data: { unit: 'ms', ours, sync, allowedMs },
  });
}

/** From the end of the last process to the first healthy answer of the next, less the time that the end took. */
async function measureStarts({ options }: BenchContext, server: ServerUnderTest) {
  const times: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    await server.process.kill('SIGTERM');
    const startedAt = performance.now();
    await server.process.restart('SIGTERM');
    const health = await new Api(server.process.baseUrl, undefined).get('/health');
    if (health.status !== 200) throw new Error(`/health answered ${health.status} after a start`);
    times.push(performance.now() - startedAt);
  }
  return spreadOf(times);
}

async function measureList(
  { options, report }: BenchContext,
  server: ServerUnderTest,
  work: string,
  query: string,
): Promise<void> {
  const client = server.newClient();
  const times: number[] = [];
  const count = options.quick ? 100 : 500;
  for (let index = 0; index < WARM_UP + count; index += 1) {
    const { status, ms, text } = await client.get(`${tablesPath(server.project, server.bucket)}${query}`);
    if (status !== 200 || !text.includes(`"total":`))
      throw new Error(`the list answered ${status}: ${text.slice(0, 200)}`);
    if (index >= WARM_UP) times.push(ms);
  }
  client.close();
  const ours = spreadOf(times);
  report.add({
    work,
    ours: latencyText(ours),
    reference: '',
    ratio: null,
    floor: `p50 ≤ ${LIST_FLOOR_MS} ms`,
    verdict: verdict(ours.median <= LIST_FLOOR_MS),
    data: { unit: 'ms', ours },
  });
}

/** Hard links, from the request to the answer; and what a request waits meanwhile. */
async function measureBackup({ options, report }: BenchContext, server: ServerUnderTest): Promise<void> {
  const admin = new Api(server.process.baseUrl, server.process.adminKey);
  const backups: number[] = [];
  const meanwhile: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const startedAt = performance.now();
    let running = true;
    const making = admin.post<{ linked_files: number; copied_files: number }>('/backend/backups', { name: 'bench' });
    const timed = making.then((answer) => {
      backups.push(performance.now() - startedAt);
      return answer;
    });
    const ended = timed.finally(() => (running = false));
    while (running) {
      const askedAt = performance.now();
      await admin.get('/health');
      meanwhile.push(performance.now() - askedAt);
    }
    const { status, body, text } = await ended;
    if (status !== 201 || body.linked_files < TABLES) throw new Error(`the backup answered ${status}: ${text}`);
    if ((await admin.delete('/backend/backups/bench')).status !== 204) throw new Error('the backup cannot be deleted');
  }
  const [ours, health] = [spreadOf(backups), spreadOf(meanwhile)];
  report.add({
    work: 'backup of 10,000 tables, hard links',
    ours: roundsText(ours),
    reference: `health meanwhile: ${latencyText(health)}`,
    ratio: null,
    floor: `≤ ${durationText(BACKUP_FLOOR_MS)}`,
    verdict: verdict(ours.median <= BACKUP_FLOOR_MS),
    data: { unit: 'ms', ours, health },
  });
}
