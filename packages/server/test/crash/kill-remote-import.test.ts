import { createServer, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Api } from '../../../../acceptance/helpers/api.js';
import { startServer, type ServerProcess } from '../../../../acceptance/helpers/server-process.js';
import * as buckets from '../../src/protocols/driver/gen/proto/bucket_pb.js';
import * as info from '../../src/protocols/driver/gen/proto/info_pb.js';
import * as projects from '../../src/protocols/driver/gen/proto/project_pb.js';
import * as tables from '../../src/protocols/driver/gen/proto/table_pb.js';
import { DriverClient } from '../helpers/driver-client.js';
import { runDoctor } from './support/doctor.js';
import { SeededRandom } from './support/seeded-random.js';
import { mustHaveNoOrphans } from './support/tidy-disk.js';

/**
 * The service dies while it imports a file from an address, and the run repeats its command after the restart, as Connection does. Every
 * import appends rows of its own, which are there as a whole or not at all, and once in the end.
 */
const CYCLES = Math.min(30, Number(process.env['CRASH_CYCLES'] ?? (process.env['CI'] === undefined ? 6 : 12)));
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const ROWS = 50_000;
/** About twice as long as an import of so many rows takes. */
const LONGEST_PAUSE_MS = 600;
const PATH = ['in_c_main'];
const COLUMNS = ['batch', 'row'];

type Moment = 'in the middle of the file' | 'while it is loaded' | 'after the answer';
const MOMENTS: readonly Moment[] = ['in the middle of the file', 'while it is loaded', 'after the answer'];

let dataDir: string;
let remote: Server;
/** What the sender does once it is asked. */
let serve: (response: ServerResponse) => void;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'storage-crash-'));
  remote = createServer((_request, response) => serve(response));
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  remote.closeAllConnections();
  await new Promise((resolve) => remote.close(resolve));
  await rm(dataDir, { recursive: true, force: true });
});

it(`imports from an address once, as a whole, through ${CYCLES} kill -9 of the service`, async () => {
  const random = new SeededRandom(SEED);
  const host = `127.0.0.1:${(remote.address() as AddressInfo).port}`;
  const server = await startServer({ dataDir, env: { IMPORT_URL_HOSTS: host }, expectedErrors: [/./] });
  const found = { whole: 0, nothing: 0 };
  try {
    const key = await setUp(server);
    const client = () => new DriverClient(server.baseUrl, key);
    for (let batch = 0; batch < CYCLES; batch += 1) {
      const moment = MOMENTS[batch % MOMENTS.length] ?? 'after the answer';
      const note = `batch ${batch}, killed ${moment}, seed ${SEED}`;
      const send = () => append(client(), `http://${host}/batch-${batch}.csv`);
      const acknowledged = await killDuring(server, send, { batch, moment, random });
      await server.restart('SIGKILL');
      const staged = await readdir(join(dataDir, 'duckdb/_staging'));
      expect(
        staged.filter((name) => name.startsWith('fetched_')),
        note,
      ).toEqual([]);

      const came = (await tableRows(server)) - batch * ROWS;
      expect(acknowledged ? [ROWS] : [0, ROWS], note).toContain(came);
      found[came === 0 ? 'nothing' : 'whole'] += 1;

      serve = (response) => void response.end(batchText(batch));
      expect((await send()).tableRowsCount, note).toBe(BigInt((batch + 1) * ROWS));
      expect(await tableRows(server), note).toBe((batch + 1) * ROWS);
    }
    const batches = Array.from({ length: CYCLES }, (_, batch) => batch);
    for (const row of [0, ROWS - 1]) expect(await batchesWithRow(server, row)).toEqual(batches);
  } finally {
    await server.stop();
  }
  await mustHaveNoOrphans(dataDir);
  expect(await runDoctor(dataDir)).toMatchObject({ findings: [] });
  process.stdout.write(
    `kill -9 during imports from an address: ${CYCLES} (seed ${SEED}); ${found.whole} had happened, ${found.nothing} had not, none in part\n`,
  );
});

async function setUp(server: ServerProcess): Promise<string> {
  const admin = new DriverClient(server.baseUrl, server.adminKey);
  const made = projects.CreateProjectResponseSchema;
  const { projectPassword } = (await admin.run(projects.CreateProjectCommandSchema, { projectId: '7' }, made)).response;
  const client = admin.withKey(projectPassword);
  const bucket = { projectId: '7', bucketId: 'in.c-main' };
  await client.run(buckets.CreateBucketCommandSchema, bucket, buckets.CreateBucketResponseSchema);
  const columns = COLUMNS.map((name) => ({ name, type: 'INTEGER', nullable: true }));
  const table = { path: PATH, tableName: 'grown', columns };
  await client.run(tables.CreateTableCommandSchema, table, info.ObjectInfoResponseSchema);
  return projectPassword;
}

function batchText(batch: number): string {
  return Array.from({ length: ROWS }, (_, row) => `${batch},${row}\n`).join('');
}

async function append(client: DriverClient, address: string) {
  const schema = tables.TableImportFromFileCommand_CsvTypeOptionsSchema;
  const command = {
    filePath: { root: address },
    formatTypeOptions: anyPack(schema, create(schema, { columnsNames: COLUMNS, delimiter: ',', enclosure: '"' })),
    destination: { path: PATH, tableName: 'grown' },
    importOptions: {
      importType: tables.ImportExportShared_ImportOptions_ImportType.INCREMENTAL,
      importStrategy: tables.ImportExportShared_ImportOptions_ImportStrategy.USER_DEFINED_TABLE,
    },
  };
  const answer = tables.TableImportResponseSchema;
  return (await client.run(tables.TableImportFromFileCommandSchema, command, answer, { runId: '1.2' })).response;
}

/** Resolves, when the service is dead, to whether it had answered. */
async function killDuring(
  server: ServerProcess,
  send: () => Promise<unknown>,
  { batch, moment, random }: { readonly batch: number; readonly moment: Moment; readonly random: SeededRandom },
): Promise<boolean> {
  const text = batchText(batch);
  const half = text.slice(0, text.length / 2);
  const sent = new Promise<void>((resolve) => {
    serve = (response) => {
      if (moment === 'in the middle of the file') response.write(half, () => resolve());
      else response.end(text, resolve);
    };
  });
  const answered = send().then(
    () => true,
    () => false,
  );
  await sent;
  if (moment === 'while it is loaded') await pause(random.between(0, LONGEST_PAUSE_MS));
  if (moment === 'after the answer') await answered;
  await server.kill('SIGKILL');
  return await answered;
}

const tablePath = `/projects/7/branches/default/buckets/${PATH[0]}/tables/grown`;

async function tableRows(server: ServerProcess): Promise<number> {
  const answer = await new Api(server.baseUrl, server.adminKey).get<{ row_count: number }>(tablePath);
  return answer.body.row_count;
}

/** Which batches have a row of this number, each as often as it has one. */
async function batchesWithRow(server: ServerProcess, row: number): Promise<number[]> {
  const path = `${tablePath}/preview?filter=${encodeURIComponent(`"row" = ${row}`)}&order_by=batch`;
  const answer = await new Api(server.baseUrl, server.adminKey).get<{ rows: { batch: number }[] }>(path);
  return answer.body.rows.map(({ batch }) => batch);
}
