import type { BenchContext } from '../bench-context.js';
import { FLIGHTS } from '../flights.js';
import { spreadOf } from '../measure/statistics.js';
import { copyFromSql } from '../raw/raw-tables.js';
import { latencyText, verdict } from '../report.js';

const FLOOR_MS = 3;
const FLOOR_TIMES_FASTER = 10;
const WARM_UP = 50;

/** One client, one request after another. */
export async function previews(context: BenchContext): Promise<void> {
  const { inputs, options, rawTables, report } = context;
  const server = await context.sharedServer();
  const input = await inputs.path('flights.csv');
  const table = await server.createTable('previewed', FLIGHTS);
  await server.import(table, await server.upload(input));
  await rawTables.build('previewed', FLIGHTS.columns, copyFromSql(input));

  const times: number[] = [];
  const count = options.quick ? 300 : 1000;
  for (let index = 0; index < WARM_UP + count; index += 1) {
    const { status, ms } = await server.client.get(`${table.path}/preview?limit=100`);
    if (status !== 200) throw new Error(`preview answered ${status}`);
    if (index >= WARM_UP) times.push(ms);
  }
  const raw = await context.startRaw(0);
  const opening = await raw.request({
    kind: 'openPerRequest',
    path: rawTables.path('previewed'),
    sql: 'SELECT * FROM one.main.data LIMIT 100',
    count: options.quick ? 20 : 50,
  });
  await raw.stop();
  await rawTables.remove('previewed');

  const ours = spreadOf(times);
  const timesFaster = opening.median / ours.median;
  report.add({
    work: 'preview, 100 of 3 M rows, warm',
    ours: latencyText(ours),
    reference: `opened per request: ${latencyText(opening)}`,
    ratio: timesFaster,
    floor: `p50 ≤ ${FLOOR_MS} ms, ≥ ${FLOOR_TIMES_FASTER} × faster`,
    verdict: verdict(ours.median <= FLOOR_MS && timesFaster >= FLOOR_TIMES_FASTER),
    data: { unit: 'ms', ours, opening },
  });
}
