import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Table } from '../../acceptance/helpers/storage.js';
import { quoteLiteral } from '../../packages/server/src/duckdb/quoting.js';
import type { BenchContext } from '../bench-context.js';
import { FLIGHTS } from '../flights.js';
import { inTurns } from '../measure/rounds.js';
import { spreadOf } from '../measure/statistics.js';
import { attachSql, copyFromSql } from '../raw/raw-tables.js';
import { durationText, throughputRow } from '../report.js';
import type { ServerUnderTest } from '../server-under-test.js';

const FLOOR = 0.9;

const FORMATS = [
  { work: 'export CSV, 3 M rows', format: 'csv', options: 'FORMAT csv, HEADER true' },
  { work: 'export Parquet, 3 M rows', format: 'parquet', options: 'FORMAT parquet, COMPRESSION snappy' },
] as const;

/** Ours answers when the file is synced, and with its checksum; raw is shown without and with the sync. */
export async function exports(context: BenchContext): Promise<void> {
  const { inputs, raw, rawTables } = context;
  const server = await context.sharedServer();
  const input = await inputs.path('flights.csv');
  const table = await server.createTable('exported', FLIGHTS);
  await server.import(table, await server.upload(input));
  await rawTables.build('exported', FLIGHTS.columns, copyFromSql(input));
  await raw.run(attachSql(rawTables.path('exported'), 'source', 'READ_ONLY'));
  for (const format of FORMATS) await measure(context, server, table, format);
  await raw.run('DETACH source');
  await rawTables.remove('exported');
}

async function measure(
  { options, raw, report }: BenchContext,
  server: ServerUnderTest,
  table: Table,
  { work, format, options: copyOptions }: (typeof FORMATS)[number],
): Promise<void> {
  const target = join(options.workFolder, `raw-export.${format}`);
  const syncs: number[] = [];
  const paired = await inTurns(options.rounds, {
    ours: async () => {
      const { text, ...cost } = await server.measurePost(`${table.path}/export`, { format });
      await server.deleteFile((JSON.parse(text) as { file_id: string }).file_id);
      return cost;
    },
    raw: async (round) => {
      const { ms, cpuMs, syncMs } = await raw.request({
        kind: 'statements',
        timed: [`COPY (FROM source.main.data) TO ${quoteLiteral(target)} (${copyOptions})`],
        syncPath: target,
      });
      await rm(target);
      if (round > 0) syncs.push(syncMs);
      return { ms: ms - syncMs, cpuMs };
    },
  });
  const sync = spreadOf(syncs);
  const row = throughputRow(work, paired, FLOOR, { sync });
  const synced = (paired.raw.median + sync.median) / paired.ours.median;
  const reference = `${row.reference}, + fsync ${durationText(sync.median)}: ${synced.toFixed(2)}`;
  report.add({ ...row, reference, data: { ...row.data, ratioWithSync: synced } });
}
