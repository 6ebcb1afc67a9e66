import type { BenchContext } from '../bench-context.js';
import { FLIGHTS } from '../flights.js';
import { inTurns } from '../measure/rounds.js';
import { spreadOf } from '../measure/statistics.js';
import { latencyText, throughputRow, verdict } from '../report.js';
import type { ServerUnderTest } from '../server-under-test.js';

const WARM_UP = 50;
/** Commands are answered by the services that answer REST; beside them there is a message to read and one to write. */
const FLOOR = 0.9;
/** REST detects what a CSV file looks like, the driver is told; both read it once. */
const IMPORT_FLOOR = 0.95;

/** Storage driver commands against the REST requests that do the same, one after the other on one connection. */
export async function driver(context: BenchContext): Promise<void> {
  const { inputs, options, report } = context;
  const server = await context.sharedServer();
  const table = await server.createTable('driven', FLIGHTS);
  const fileId = await server.upload(await inputs.path('flights.csv'));
  await server.import(table, fileId);

  const path = [server.bucket];
  const limit = 20;
  await compare(context, server, {
    work: 'driver: describe a table',
    command: { type: 'ObjectInfoCommand', path: [...path, 'driven'], expectedObjectType: 'TABLE' },
    rest: table.path,
  });
  await compare(context, server, {
    work: `driver: preview of ${limit} rows`,
    command: { type: 'PreviewTableCommand', path, tableName: 'driven', filters: { limit } },
    rest: `${table.path}/preview?limit=${limit}`,
  });

  const imported = {
    type: 'TableImportFromFileCommand',
    filePath: { root: `project_${server.project.id}`, fileName: fileId },
    formatTypeOptions: {
      '@type': 'type.googleapis.com/keboola.storageDriver.command.table.TableImportFromFileCommand.CsvTypeOptions',
      columnsNames: Object.keys(FLIGHTS.columns),
      delimiter: ',',
      enclosure: '"',
    },
    destination: { path, tableName: 'driven' },
    importOptions: { numberOfIgnoredLines: 1, importStrategy: 'USER_DEFINED_TABLE', importAsNull: [''] },
  };
  const paired = await inTurns(options.rounds, {
    ours: () => server.measurePost('/driver/execute', { command: imported }),
    raw: () => server.import(table, fileId),
  });
  report.add({
    ...throughputRow('driver: import CSV, 3 M rows', paired, IMPORT_FLOOR),
    floor: `≥ ${IMPORT_FLOOR} × REST`,
  });
}

async function compare(
  { options, report }: BenchContext,
  server: ServerUnderTest,
  pair: { readonly work: string; readonly command: Record<string, unknown>; readonly rest: string },
): Promise<void> {
  const count = options.quick ? 300 : 1000;
  const [ours, rest]: [number[], number[]] = [[], []];
  for (let index = 0; index < WARM_UP + count; index += 1) {
    const command = await server.client.mustPost('/driver/execute', { command: pair.command });
    const request = await server.client.get(pair.rest);
    if (request.status !== 200) throw new Error(`GET ${pair.rest}: ${request.status}`);
    if (index < WARM_UP) continue;
    ours.push(command.ms);
    rest.push(request.ms);
  }
  const [oursSpread, restSpread] = [spreadOf(ours), spreadOf(rest)];
  const ratio = restSpread.median / oursSpread.median;
  report.add({
    work: pair.work,
    ours: latencyText(oursSpread),
    reference: `REST: ${latencyText(restSpread)}`,
    ratio,
    floor: `≥ ${FLOOR} × REST`,
    verdict: verdict(ratio >= FLOOR),
    data: { unit: 'ms', ours: oursSpread, rest: restSpread },
  });
}
