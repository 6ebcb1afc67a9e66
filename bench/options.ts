import { parseArgs } from 'node:util';
import { availableParallelism } from 'node:os';

export const GROUPS = [
  'import',
  'import-key',
  'upsert',
  'export',
  'preview',
  'profile',
  'driver',
  'snapshot',
  'branch',
  'tables',
  'memory',
  'load',
  'health',
  'wire',
] as const;

export type GroupName = (typeof GROUPS)[number];

export interface BenchOptions {
  readonly quick: boolean;
  readonly groups: readonly GroupName[];
  /** Where the JSON goes. */
  readonly jsonPath: string;
  /** Temporary data is kept in a new folder in here, removed at the end. */
  readonly workFolder: string;
  readonly rounds: number;
  /** Groups that would start later than this are left out, and the report says so. */
  readonly timeBudgetMs: number;
  /** The same for the server and for raw DuckDB. */
  readonly engine: { readonly threads: number; readonly memoryLimit: string };
}

const USAGE = `npm run bench -- [--quick] [--only ${GROUPS.join(',')}] [--json path] [--dir folder] [--rounds n]`;

export function parseOptions(args: readonly string[], resultsFolder: string): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'string', default: `${resultsFolder}/latest.json` },
      dir: { type: 'string', default: resultsFolder },
      rounds: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number above 0\n${USAGE}`);
  return {
    quick: values.quick,
    groups: values.only === undefined ? GROUPS : values.only.split(',').map(mustBeGroup),
    jsonPath: values.json,
    workFolder: values.dir,
    rounds,
    timeBudgetMs: (values.quick ? 6 : 22) * 60_000,
    engine: { threads: availableParallelism(), memoryLimit: '2GB' },
  };
}

function mustBeGroup(name: string): GroupName {
  const group = GROUPS.find((each) => each === name);
  if (group === undefined) throw new Error(`There is no group ${name}\n${USAGE}`);
  return group;
}
