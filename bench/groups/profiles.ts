import type { Table } from '../../acceptance/helpers/storage.js';
import type { BenchContext } from '../bench-context.js';
import { CODED_FLIGHTS, FLIGHTS } from '../flights.js';
import { inTurns } from '../measure/rounds.js';
import { attachSql, copyFromSql } from '../raw/raw-tables.js';
import { roundsText, throughputRow } from '../report.js';
import type { ServerUnderTest } from '../server-under-test.js';

const FLOOR = 1;

const TABLES = [
  { name: 'profiled', what: '3 M rows', shape: FLIGHTS, input: 'flights.csv', hasFloor: true },
  // No key is declared, so that the text, which is never there twice, has to be counted: what exactness costs at most.
  {
    name: 'profiled_texts',
    what: '3 M rows with a unique text',
    shape: { ...CODED_FLIGHTS, key: [] },
    input: 'coded.csv',
    hasFloor: false,
  },
] as const;

/** `SUMMARIZE` estimates distinct values and quartiles; ours counts the former, and finds more besides. */
export async function profiles(context: BenchContext): Promise<void> {
  const { inputs, raw, rawTables } = context;
  const server = await context.sharedServer();
  for (const { name, what, shape, input, hasFloor } of TABLES) {
    const path = await inputs.path(input);
    const table = await server.createTable(name, shape);
    await server.import(table, await server.upload(path));
    await rawTables.build(name, shape.columns, copyFromSql(path));
    await raw.run(attachSql(rawTables.path(name), 'source', 'READ_ONLY'));
    await measureBasic(context, server, table, { what, hasFloor });
    if (hasFloor) await measureOthers(context, server, table, what);
    await raw.run('DETACH source');
    await rawTables.remove(name);
  }
}

async function measureBasic(
  { options, raw, report }: BenchContext,
  server: ServerUnderTest,
  table: Table,
  { what, hasFloor }: { readonly what: string; readonly hasFloor: boolean },
): Promise<void> {
  const paired = await inTurns(options.rounds, {
    ours: () => server.measurePost(`${table.path}/profile?mode=basic`, {}),
    raw: () => raw.request({ kind: 'statements', timed: ['SUMMARIZE source.main.data'] }),
  });
  const row = throughputRow(`profile basic, ${what}`, paired, FLOOR);
  report.add({ ...row, ...(hasFloor ? { floor: '≥ 1 × SUMMARIZE' } : { floor: '', verdict: null }) });
}

/** What there is nothing to compare with. */
async function measureOthers(
  { options, report }: BenchContext,
  server: ServerUnderTest,
  table: Table,
  what: string,
): Promise<void> {
  for (const query of ['mode=full', 'mode=full&sample=1%25']) {
    const { ours } = await inTurns(options.rounds, {
      ours: () => server.measurePost(`${table.path}/profile?${query}`, {}),
      raw: () => Promise.resolve({ ms: 0, cpuMs: 0 }),
    });
    report.add({
      work: `profile ${query.replace('mode=', '').replace('&sample=', ', sample of ').replace('%25', ' %')}, ${what}`,
      ours: roundsText(ours),
      reference: '',
      ratio: null,
      floor: '',
      verdict: null,
      data: { unit: 'ms', ours },
    });
  }
}
