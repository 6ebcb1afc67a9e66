import { create, toBinary, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { DriverRequestSchema } from '../../packages/server/src/protocols/driver/gen/proto/common_pb.js';
import { GenericBackendCredentialsSchema } from '../../packages/server/src/protocols/driver/gen/proto/credentials_pb.js';
import { ObjectInfoCommandSchema, ObjectType } from '../../packages/server/src/protocols/driver/gen/proto/info_pb.js';
import { PreviewTableCommandSchema } from '../../packages/server/src/protocols/driver/gen/proto/table_pb.js';
import type { BenchContext } from '../bench-context.js';
import { FLIGHTS } from '../flights.js';
import type { TimedAnswer } from '../measure/http-client.js';
import { inTurns, timed } from '../measure/rounds.js';
import { spreadOf, type Spread } from '../measure/statistics.js';
import { throughputRow, verdict } from '../report.js';
import type { ServerUnderTest } from '../server-under-test.js';

const WARM_UP = 200;
const BLOCK = 50;
/** Commands are answered by the services that answer REST; beside them there is a message to read and one to write. */
const FLOOR = 0.9;
/** REST detects what a CSV file looks like, the driver is told; both read it once. */
const IMPORT_FLOOR = 0.95;

/**
 * Storage driver commands against the REST requests that do the same, one after the other on one connection. Commands are sent as the PHP
 * package sends them, as bytes. What a client takes to write and read its messages belongs to neither side, so that it is not done here.
 */
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
    command: commandBytes(ObjectInfoCommandSchema, {
      path: [...path, 'driven'],
      expectedObjectType: ObjectType.TABLE,
    }),
    rest: table.path,
  });
  await compare(context, server, {
    work: `driver: preview of ${limit} rows`,
    command: commandBytes(PreviewTableCommandSchema, { path, tableName: 'driven', filters: { limit } }),
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

/** With all that Connection puts into a request; the key is in the header, as the PHP package has it. */
function commandBytes<C extends DescMessage>(schema: C, fields: MessageInitShape<C>): Uint8Array {
  const credentials = create(GenericBackendCredentialsSchema, { principal: 'bench' });
  return toBinary(
    DriverRequestSchema,
    create(DriverRequestSchema, {
      credentials: anyPack(GenericBackendCredentialsSchema, credentials),
      command: anyPack(schema, create(schema, fields)),
      features: ['storage-branches'],
      runtimeOptions: { runId: '1.2' },
    }),
  );
}

/**
 * Commands per second, in blocks of one kind: a server still writes its log line when its answer has left, and what comes next would pay
 * for what was before.
 */
async function compare(
  { options, report }: BenchContext,
  server: ServerUnderTest,
  pair: { readonly work: string; readonly command: Uint8Array; readonly rest: string },
): Promise<void> {
  const { client } = server;
  const sendCommand = () => client.send('POST', '/driver/execute', pair.command, 'application/x-protobuf');
  const sendRequest = () => client.get(pair.rest);
  for (let index = 0; index < WARM_UP; index += 1) {
    await mustSucceed(sendCommand);
    await mustSucceed(sendRequest);
  }
  const blocks = options.quick ? 10 : 40;
  const [ours, rest]: [number[], number[]] = [[], []];
  for (let block = 0; block < blocks; block += 1) {
    ours.push(await blockMs(sendCommand));
    rest.push(await blockMs(sendRequest));
  }
  const [oursSpread, restSpread] = [spreadOf(ours), spreadOf(rest)];
  const ratio = restSpread.median / oursSpread.median;
  report.add({
    work: pair.work,
    ours: rateText(oursSpread),
    reference: `REST: ${rateText(restSpread)}`,
    ratio,
    floor: `≥ ${FLOOR} × REST`,
    verdict: verdict(ratio >= FLOOR),
    data: { unit: `ms for ${BLOCK}`, ours: oursSpread, rest: restSpread },
  });
}

async function blockMs(send: () => Promise<TimedAnswer>): Promise<number> {
  const { ms } = await timed(async () => {
    for (let index = 0; index < BLOCK; index += 1) await mustSucceed(send);
  });
  return ms;
}

async function mustSucceed(send: () => Promise<TimedAnswer>): Promise<void> {
  const { status, text } = await send();
  if (status !== 200) throw new Error(`${status} ${text.slice(0, 1000)}`);
}

function rateText({ median }: Spread): string {
  return `${Math.round((BLOCK * 1000) / median)} a second`;
}
