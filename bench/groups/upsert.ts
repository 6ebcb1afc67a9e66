import { constants } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { STORAGE_VERSION } from '../../packages/server/src/duckdb/engine-database.js';
import { quoteLiteral } from '../../packages/server/src/duckdb/quoting.js';
import type { BenchContext } from '../bench-context.js';
import { NUMBERED_FLIGHTS } from '../flights.js';
import { timed } from '../measure/rounds.js';
import { spreadOf } from '../measure/statistics.js';
import { attachSql, copyFromSql } from '../raw/raw-tables.js';
import { durationText, roundsText, verdict } from '../report.js';

const FLOOR = 1.5;

const CHANGED = Object.keys(NUMBERED_FLIGHTS.columns).filter((name) => name !== 'id');
const ASSIGNMENTS = CHANGED.map((name) => `${name} = batch.${name}`).join(', ');
const NEW_ROWS =
  'INSERT INTO built.main.data SELECT * FROM batch ANTI JOIN built.main.data AS known ON known.id = batch.id';

/** Ways to do it in place. The fastest that leaves updated rows at their place, as we must, is what we are compared with. */
const PLANS = {
  'update, insert': [`UPDATE built.main.data AS d SET ${ASSIGNMENTS} FROM batch WHERE d.id = batch.id`, NEW_ROWS],
  merge: [
    `MERGE INTO built.main.data AS d USING batch ON d.id = batch.id
       WHEN MATCHED THEN UPDATE SET ${ASSIGNMENTS} WHEN NOT MATCHED THEN INSERT`,
  ],
  'delete, insert': [
    'DELETE FROM built.main.data AS d USING batch WHERE d.id = batch.id',
    'INSERT INTO built.main.data SELECT * FROM batch',
  ],
} as const;

type Plan = keyof typeof PLANS;
/** Moves updated rows to the end, and so need not write the blocks they were in. For information. */
const MOVING: Plan = 'delete, insert';
const PLAN_NAMES = Object.keys(PLANS) as Plan[];

export async function upserts(context: BenchContext): Promise<void> {
  const { inputs, options, rawTables, report } = context;
  const server = await context.sharedServer();
  const basePath = await inputs.path('numbered.csv');
  const table = await server.createTable('upserted', NUMBERED_FLIGHTS);
  await server.import(table, await server.upload(basePath));
  await rawTables.build('base', NUMBERED_FLIGHTS.columns, copyFromSql(basePath));

  const ours: number[] = [];
  const copies: number[] = [];
  const plans = new Map<Plan, number[]>(PLAN_NAMES.map((plan) => [plan, []]));
  for (let round = 0; round <= options.rounds; round += 1) {
    const batch = await inputs.batch(round);
    const fileId = await server.upload(batch);
    const { ms } = await server.import(table, fileId, { import_options: { incremental: true } });
    const done = new Map<Plan, RawUpsert>();
    for (const plan of PLAN_NAMES) done.set(plan, await upsertRaw(context, plan, batch));
    if (round === 0) continue;
    ours.push(ms);
    for (const [plan, { copyMs, changeMs }] of done) {
      copies.push(copyMs);
      plans.get(plan)?.push(changeMs);
    }
  }
  await rawTables.remove('base');

  const spreads = [...plans].map(([plan, times]) => ({ plan, spread: spreadOf(times) }));
  const keeping = spreads.filter(({ plan }) => plan !== MOVING);
  const best = keeping.reduce((a, b) => (b.spread.median < a.spread.median ? b : a));
  const moving = spreads.find(({ plan }) => plan === MOVING)?.spread;
  const copy = spreadOf(copies);
  const oursSpread = spreadOf(ours);
  const allowedMs = FLOOR * best.spread.median + copy.median;
  report.add({
    work: 'upsert of 10,000 rows into 3 M',
    ours: roundsText(oursSpread),
    reference: `${best.plan}: ${roundsText(best.spread)}, + copy ${durationText(copy.median)}; moving rows: ${durationText(moving?.median ?? 0)}`,
    ratio: (best.spread.median + copy.median) / oursSpread.median,
    floor: `≤ ${FLOOR} × raw + copy = ${durationText(allowedMs)}`,
    verdict: verdict(oursSpread.median <= allowedMs),
    data: {
      unit: 'ms',
      ours: oursSpread,
      copy,
      plans: Object.fromEntries(spreads.map((s) => [s.plan, s.spread])),
      allowedMs,
    },
  });
}

interface RawUpsert {
  readonly copyMs: number;
  readonly changeMs: number;
}

async function upsertRaw({ raw, rawTables }: BenchContext, plan: Plan, batchPath: string): Promise<RawUpsert> {
  const path = rawTables.path('upserted');
  const { ms: copyMs } = await timed(() => copyFile(rawTables.path('base'), path, constants.COPYFILE_FICLONE));
  const { ms: changeMs } = await raw.request({
    kind: 'statements',
    timed: [
      attachSql(path, 'built', `STORAGE_VERSION '${STORAGE_VERSION}'`),
      `CREATE OR REPLACE TEMP TABLE batch AS FROM read_csv(${quoteLiteral(batchPath)})`,
      ...PLANS[plan],
      'CHECKPOINT built',
      'DETACH built',
    ],
    after: ['DROP TABLE temp.batch'],
  });
  await rm(path);
  return { copyMs, changeMs };
}
