import type { BenchContext } from '../bench-context.js';
import { CODED_FLIGHTS, FLIGHTS, NUMBERED_FLIGHTS } from '../flights.js';
import type { InputName } from '../inputs.js';
import { inTurns } from '../measure/rounds.js';
import { copyFromSql } from '../raw/raw-tables.js';
import { throughputRow } from '../report.js';

const FLOOR = 0.85;

interface ImportCase {
  readonly work: string;
  readonly shape: typeof FLIGHTS;
  readonly input: InputName;
  /** What raw DuckDB loads; the same unless keys must go first. */
  readonly rawInput?: InputName;
}

const WITHOUT_KEY: readonly ImportCase[] = [
  { work: 'import CSV, 3 M rows, no key', shape: FLIGHTS, input: 'flights.csv' },
  { work: 'import Parquet, 3 M rows, no key', shape: FLIGHTS, input: 'flights.parquet' },
];

const WITH_KEY: readonly ImportCase[] = [
  { work: 'import CSV, key ascending', shape: NUMBERED_FLIGHTS, input: 'numbered.csv' },
  { work: 'import CSV, key shuffled', shape: NUMBERED_FLIGHTS, input: 'shuffled.csv' },
  {
    work: 'import CSV, key shuffled, 5 % repeated',
    shape: NUMBERED_FLIGHTS,
    input: 'repeated.csv',
    rawInput: 'deduplicated.csv',
  },
  { work: 'import CSV, text key shuffled', shape: CODED_FLIGHTS, input: 'coded.csv' },
  { work: 'import Parquet, key ascending', shape: NUMBERED_FLIGHTS, input: 'numbered.parquet' },
  { work: 'import Parquet, key shuffled', shape: NUMBERED_FLIGHTS, input: 'shuffled.parquet' },
];

export const importsWithoutKey = (context: BenchContext): Promise<void> => runAll(context, WITHOUT_KEY);
export const importsWithKey = (context: BenchContext): Promise<void> => runAll(context, WITH_KEY);

async function runAll(context: BenchContext, cases: readonly ImportCase[]): Promise<void> {
  for (const [index, one] of cases.entries()) await run(context, one, `import_${one.shape.key.length}_${index}`);
}

/** From a registered file into a table that has rows already, except for the first, dropped round: the usual full load. */
async function run(context: BenchContext, { work, shape, input, rawInput }: ImportCase, name: string): Promise<void> {
  const { inputs, options, rawTables, report } = context;
  const server = await context.sharedServer();
  const path = await inputs.path(input);
  const rawPath = rawInput === undefined ? path : await inputs.path(rawInput);
  const fileId = await server.upload(path);
  const table = await server.createTable(name, shape);
  const format = input.endsWith('.parquet') ? 'parquet' : 'csv';
  let rowsAfter = 0;
  const paired = await inTurns(options.rounds, {
    ours: async () => {
      const done = await server.import(table, fileId, { format });
      rowsAfter = done.rowsAfter;
      return done;
    },
    raw: () => rawTables.build('imported', shape.columns, copyFromSql(rawPath)),
  });
  await rawTables.remove('imported');
  await server.deleteFile(fileId);
  report.add(throughputRow(work, paired, FLOOR, { rowsAfter }));
}
