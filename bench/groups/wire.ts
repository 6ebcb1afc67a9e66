import type { Postgres } from '../../acceptance/wire/harness/postgres.js';
import type { Connection } from '../../acceptance/wire/harness/target.js';
import { addTables } from '../add-tables.js';
import type { BenchContext } from '../bench-context.js';
import { FLIGHTS } from '../flights.js';
import { cpuMsOf } from '../measure/cpu-time.js';
import { watchMemory } from '../measure/process-memory.js';
import { inTurns, type Cost } from '../measure/rounds.js';
import { spreadOf, type Spread } from '../measure/statistics.js';
import { bytesText, durationText, latencyText, roundsText, throughputRow, verdict, type Row } from '../report.js';
import type { ServerUnderTest } from '../server-under-test.js';
import { wireLoad } from '../wire/wire-load.js';
import { newWorkspace, startDoor, startPostgres } from '../wire/wire-sides.js';
import { clientOf, WireSink } from '../wire/wire-sink.js';

const ROWS = { full: 5_000_000, quick: 500_000 };
const FLOORS = { text: 0.9, binary: 1, copyOut: 1, copyIn: 2 };
const WARM_CONNECT_FLOOR_MS = 30;
const TIMES_TEN_TABLES = 2;
const SLOW_READER = { bytesPerSecond: 1_000_000, allowedBytes: 64_000_000, durationMs: 10_000 };
const NO_POSTGRES = 'no PostgreSQL here';

/** Six columns of the common types, the same values on both sides. */
const makeTable = (rows: number): string => `
  CREATE TABLE six AS SELECT CAST(i AS integer) AS a, CAST(i AS bigint) * 1000003 AS b, CAST(i AS double precision) / 7 AS c,
    'text of row ' || i AS d, timestamp '2024-01-01 00:00:00' + i * interval '1 second' AS e, CAST(i % 1000000 AS decimal(18,2)) / 100 AS f
  FROM generate_series(1, ${rows}) AS s (i)`;
const COLUMNS = 'a, b, c, d, e, CAST(f AS decimal(18,2))';

/** The PostgreSQL door against a PostgreSQL 15 on the same machine in the same run. */
export async function wire(context: BenchContext): Promise<void> {
  const postgres = await startPostgres(context);
  if (postgres === undefined) context.report.remark(`wire: ${NO_POSTGRES}, ours alone is shown`);
  try {
    const server = await startDoor(context);
    try {
      await measureResults(context, server, postgres);
      await measureLatency(context, server, postgres);
    } finally {
      await server.stop();
    }
    await measureConnect(context, postgres);
    await wireLoad(context, postgres);
  } finally {
    await postgres?.stop();
  }
}

/** Both sides in turn where there are two, else ours alone without a verdict. */
async function compare(
  { options, report }: BenchContext,
  work: string,
  floor: number,
  ours: () => Promise<Cost>,
  theirs: (() => Promise<Cost>) | undefined,
  data: Row['data'],
): Promise<void> {
  if (theirs !== undefined) {
    const paired = await inTurns(options.rounds, { ours, raw: theirs });
    const row = throughputRow(`wire: ${work}`, paired, floor, data);
    report.add({ ...row, floor: `≥ ${floor} × PostgreSQL 15` });
    return;
  }
  const times: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) times.push((await ours()).ms);
  const spread = spreadOf(times);
  report.add({
    work: `wire: ${work}`,
    ours: roundsText(spread),
    reference: NO_POSTGRES,
    ratio: null,
    floor: `≥ ${floor} × PostgreSQL 15`,
    verdict: null,
    data: { unit: 'ms', ours: spread, ...data },
  });
}

function costOf(pid: number, work: () => Promise<unknown>): () => Promise<Cost> {
  return async () => {
    const cpuBeforeMs = cpuMsOf(pid);
    const startedAt = performance.now();
    await work();
    return { ms: performance.now() - startedAt, cpuMs: cpuMsOf(pid) - cpuBeforeMs };
  };
}

async function measureResults(
  context: BenchContext,
  server: ServerUnderTest,
  postgres: Postgres | undefined,
): Promise<void> {
  const { options, report } = context;
  const rows = options.quick ? ROWS.quick : ROWS.full;
  const connection = await newWorkspace(server, 'results');
  const ours = await WireSink.connect(connection);
  const theirs =
    postgres === undefined ? undefined : await WireSink.connect(await postgres.newEmptyDatabase('results'));
  for (const sink of [ours, theirs]) await sink?.text(makeTable(rows));
  await theirs?.text('ANALYZE six');
  const size = `${rows / 1e6} M rows × 6`;
  const read = async (
    work: string,
    floor: number,
    ask: (sink: WireSink) => Promise<{ rows: number; bytes: number }>,
  ): Promise<void> => {
    const received = { bytes: 0 };
    const counted = async (sink: WireSink): Promise<void> => {
      const { rows: got, bytes } = await ask(sink);
      if (got !== rows) throw new Error(`${work}: ${got} rows instead of ${rows}`);
      received.bytes = bytes;
    };
    await compare(
      context,
      `${size}, ${work}`,
      floor,
      costOf(server.process.pid, () => counted(ours)),
      theirs === undefined || postgres === undefined ? undefined : costOf(postgres.pid, () => counted(theirs)),
      { rows, ...received },
    );
  };
  await read('text', FLOORS.text, (sink) => sink.text(`SELECT ${COLUMNS} FROM six`));
  await read('binary', FLOORS.binary, (sink) => sink.binary(`SELECT ${COLUMNS} FROM six`));
  await read('COPY TO STDOUT', FLOORS.copyOut, (sink) => sink.text(`COPY (SELECT ${COLUMNS} FROM six) TO STDOUT`));
  await measureCopyIn(context, size, rows, { server, ours, theirs, postgres });
  await measureSlowReader(context, server, connection);
  await ours.end();
  await theirs?.end();
  if (!options.quick) return;
  report.remark(`wire: a quick run reads ${rows} rows instead of ${ROWS.full}`);
}

async function measureCopyIn(
  context: BenchContext,
  size: string,
  rows: number,
  sides: { server: ServerUnderTest; ours: WireSink; theirs: WireSink | undefined; postgres: Postgres | undefined },
): Promise<void> {
  const parts = [...csvParts(rows)];
  const load = async (sink: WireSink): Promise<void> => {
    await sink.copyIn('COPY loaded FROM STDIN WITH (FORMAT csv)', parts);
  };
  const empty = 'CREATE TABLE loaded (a integer, b bigint, c double precision, d text, e timestamp, f decimal(18,2))';
  const around = (sink: WireSink, pid: number) => async (): Promise<Cost> => {
    await sink.text('DROP TABLE IF EXISTS loaded');
    await sink.text(empty);
    return await costOf(pid, () => load(sink))();
  };
  const { server, ours, theirs, postgres } = sides;
  await compare(
    context,
    `${size}, COPY FROM STDIN, CSV`,
    FLOORS.copyIn,
    around(ours, server.process.pid),
    theirs === undefined || postgres === undefined ? undefined : around(theirs, postgres.pid),
    { rows, bytes: parts.reduce((sum, part) => sum + part.length, 0) },
  );
}

/** 64 KiB at a time, as libpq's tools send them. */
function* csvParts(rows: number): Iterable<Buffer> {
  let text = '';
  for (let i = 1; i <= rows; i += 1) {
    text += `${i},${i * 1_000_003},${i / 7},text of row ${i},2024-01-01 00:00:${String(i % 60).padStart(2, '0')},${(i % 100_000) / 100}\n`;
    if (text.length < 65_000) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

/** The server waits for its client instead of keeping the result for it. */
async function measureSlowReader({ options, report }: BenchContext, server: ServerUnderTest, connection: Connection) {
  const sink = await WireSink.connect(connection);
  await sink.text('SELECT count(*) FROM six');
  const { peak: before } = await watchMemory(server.process.pid, () => sink.text('SELECT 1'));
  const durationMs = options.quick ? SLOW_READER.durationMs / 2 : SLOW_READER.durationMs;
  const { peak, value } = await watchMemory(server.process.pid, () =>
    sink.readSlowly(`SELECT ${COLUMNS} FROM six`, SLOW_READER.bytesPerSecond, durationMs),
  );
  sink.close();
  const grownBytes =
    Math.max(0, peak.serviceBytes - before.serviceBytes) + Math.max(0, peak.workerBytes - before.workerBytes);
  report.add({
    work: 'wire: memory for a reader of 1 MB a second',
    ours: `+ ${bytesText(grownBytes)} (service ${bytesText(peak.serviceBytes)}, worker ${bytesText(peak.workerBytes)} at most)`,
    reference: `${bytesText(value.bytes)} read in ${durationText(durationMs)}`,
    ratio: null,
    floor: `≤ + ${bytesText(SLOW_READER.allowedBytes)}`,
    verdict: verdict(grownBytes <= SLOW_READER.allowedBytes),
    data: { unit: 'bytes', grownBytes, before, peak, readBytes: value.bytes },
  });
}

async function measureLatency(
  { options, report }: BenchContext,
  server: ServerUnderTest,
  postgres: Postgres | undefined,
): Promise<void> {
  const count = options.quick ? 300 : 2000;
  const sides = [await newWorkspace(server, 'latency'), await postgres?.newEmptyDatabase('latency')];
  for (const [work, ask] of [
    ['SELECT 1, simple', { text: 'SELECT 1' }],
    ['SELECT $1, prepared', { name: 'one', text: 'SELECT $1::integer', values: [1] }],
  ] as const) {
    const spreads: Spread[] = [];
    for (const side of sides) {
      if (side === undefined) continue;
      const client = clientOf(side);
      await client.connect();
      const times: number[] = [];
      for (let index = 0; index < count; index += 1) {
        const startedAt = performance.now();
        await client.query({ ...ask, values: 'values' in ask ? [...ask.values] : [] });
        if (index >= count / 10) times.push(performance.now() - startedAt);
      }
      await client.end();
      spreads.push(spreadOf(times));
    }
    const [ours, theirs] = spreads;
    if (ours === undefined) throw new Error('There is always our side');
    report.add({
      work: `wire: ${work}`,
      ours: latencyText(ours),
      reference: theirs === undefined ? NO_POSTGRES : latencyText(theirs),
      ratio: theirs === undefined ? null : theirs.median / ours.median,
      floor: 'told, not held to',
      verdict: null,
      data: { unit: 'ms', ours, theirs },
    });
  }
}

/** Log in and read one row; the workspace's process runs already, as it does for every login but the first. */
async function connectTimes(connection: Connection, count: number): Promise<Spread> {
  const times: number[] = [];
  for (let index = 0; index <= count; index += 1) {
    const client = clientOf(connection);
    const startedAt = performance.now();
    await client.connect();
    const ms = performance.now() - startedAt;
    await client.query('SELECT 1');
    await client.end();
    if (index > 0) times.push(ms);
  }
  return spreadOf(times);
}

async function measureConnect(context: BenchContext, postgres: Postgres | undefined): Promise<void> {
  const { options, report } = context;
  const count = options.quick ? 20 : 100;
  const tables = options.quick ? 500 : 5000;
  const spreads: Spread[] = [];
  const first: number[] = [];
  for (const total of [10, tables]) {
    const server = await startDoor(context);
    try {
      await server.createTable('template', FLIGHTS);
      await server.process.kill('SIGTERM');
      await addTables(server, total);
      await server.process.restart('SIGTERM');
      const connection = await newWorkspace(server, 'connect');
      const startedAt = performance.now();
      const client = clientOf(connection);
      await client.connect();
      await client.query('SELECT 1');
      first.push(performance.now() - startedAt);
      spreads.push(await connectTimes(connection, count));
      await client.end();
    } finally {
      await server.stop();
    }
  }
  const [few, many] = spreads;
  if (few === undefined || many === undefined) throw new Error('Two projects were measured');
  const theirs =
    postgres === undefined ? undefined : await connectTimes(await postgres.newEmptyDatabase('connect'), count);
  const timesTen = many.median / few.median;
  report.add({
    work: `wire: connect, project of ${tables} tables`,
    ours: latencyText(many),
    reference: `10 tables: ${latencyText(few)}`,
    ratio: 1 / timesTen,
    floor: `p50 ≤ ${TIMES_TEN_TABLES} × that of 10 tables`,
    verdict: verdict(timesTen <= TIMES_TEN_TABLES),
    data: { unit: 'ms', few, many, firstMs: first },
  });
  report.add({
    work: 'wire: warm connect',
    ours: latencyText(few),
    reference: theirs === undefined ? NO_POSTGRES : latencyText(theirs),
    ratio: theirs === undefined ? null : theirs.median / few.median,
    floor: `p50 ≤ ${WARM_CONNECT_FLOOR_MS} ms`,
    verdict: verdict(few.median <= WARM_CONNECT_FLOOR_MS),
    data: { unit: 'ms', ours: few, theirs, firstMs: first },
  });
}
