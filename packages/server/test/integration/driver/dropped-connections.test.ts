import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  DriverResponseSchema,
  DriverRequestSchema,
  type DriverRequest,
  type DriverResponse,
} from '../../../src/protocols/driver/gen/proto/common_pb.js';
import { StorageDriverService } from '../../../src/protocols/driver/gen/proto/service_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { driverRequest } from '../../helpers/driver-client.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { startTestApp, TEST_ADMIN_KEY, type TestApp } from '../../helpers/test-app.js';

/**
 * A connection breaks while its command runs. The command is an import of a file that a server of ours holds back, so that it is known
 * to run when the connection breaks, and to end when the file is given.
 */

const { ImportExportShared_ImportOptions_ImportType: ImportType } = tables;

/** One connection of its own, which can be broken. */
interface Connection {
  send(request: DriverRequest, headers: Record<string, string>): Promise<DriverResponse>;
  drop(): void;
}

let app: TestApp;
let scene: DriverScene;
let remote: Server;
let held: ServerResponse[];
let arrived: () => void;
let table = '';
let made = 0;

beforeAll(async () => {
  remote = createServer((_request, response) => {
    held.push(response);
    arrived();
  });
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  app = await startTestApp({ env: { IMPORT_URL_HOSTS: remoteHost() } });
  scene = await DriverScene.open(app, '7');
});

beforeEach(async () => {
  held = [];
  arrived = () => undefined;
  table = `t${(made += 1)}`;
  await scene.table(table, ['v VARCHAR']);
});

afterAll(async () => {
  await app.stop();
  remote.closeAllConnections();
  await new Promise((resolve) => remote.close(resolve));
});

function remoteHost(): string {
  return `127.0.0.1:${(remote.address() as AddressInfo).port}`;
}

function overHttp(): Connection {
  const controller = new AbortController();
  return {
    drop: () => controller.abort(),
    send: async (request, headers) => {
      const answer = await fetch(`${app.address}/driver/execute`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${TEST_ADMIN_KEY}`, ...headers },
        body: toBinary(DriverRequestSchema, request),
        signal: controller.signal,
      });
      expect(answer.status).toBe(200);
      return fromBinary(DriverResponseSchema, new Uint8Array(await answer.arrayBuffer()));
    },
  };
}

function overGrpc(): Connection {
  const baseUrl = `http://127.0.0.1:${app.grpcPort}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const client = createClient(StorageDriverService, createGrpcTransport({ baseUrl, sessionManager }));
  return {
    drop: () => sessionManager.abort(),
    send: (request, headers) => client.execute(request, { headers }),
  };
}

function importCommand(runId: string, importType = ImportType.INCREMENTAL): DriverRequest {
  const filePath = { root: `http://${remoteHost()}`, fileName: 'rows.csv' };
  const command = scene.importCommand(table, filePath, ['v'], { importType, importStrategy: 1 });
  return driverRequest(tables.TableImportFromFileCommandSchema, command, { host: '7', runId, secret: TEST_ADMIN_KEY });
}

/** Resolves when the file was asked for so many times: the command runs. */
async function askedFor(times: number): Promise<void> {
  while (held.length < times) {
    await new Promise<void>((resolve) => {
      arrived = resolve;
    });
  }
}

function giveFile(): void {
  for (const response of held.splice(0)) response.end('a\nb\n');
}

async function breakWhileRunning(connection: Connection, request: DriverRequest, headers = {}): Promise<void> {
  const answer = connection.send(request, headers).then(
    () => 'answered',
    () => 'broken',
  );
  await askedFor(1);
  connection.drop();
  expect(await answer).toBe('broken');
}

const rows = async () => (await scene.rows(table, ['v'])).map(([value]) => value);

const reportOf = ({ commandResponse }: DriverResponse) =>
  commandResponse && anyUnpack(commandResponse, tables.TableImportResponseSchema);

describe.each([
  ['HTTP', overHttp],
  ['gRPC', overGrpc],
])('a connection over %s that breaks', (_door, connect) => {
  it('loses nothing: the import runs to its end', async () => {
    await breakWhileRunning(connect(), importCommand(''));
    giveFile();
    await expect.poll(rows, { timeout: 20_000 }).toEqual(['a', 'b']);
  });

  it('repeats nothing when the run asks again while the import runs', async () => {
    await breakWhileRunning(connect(), importCommand('r.1'));
    const second = connect();
    const answer = second.send(importCommand('r.1'), {});
    await askedFor(2);
    giveFile();
    expect(reportOf(await answer)).toMatchObject({ importedRowsCount: 2n, tableRowsCount: 2n });
    expect(await rows()).toEqual(['a', 'b']);
    second.drop();
  });

  it('repeats nothing when the run asks again afterwards, through any door', async () => {
    await breakWhileRunning(connect(), importCommand('r.2'));
    giveFile();
    await expect.poll(rows, { timeout: 20_000 }).toEqual(['a', 'b']);
    for (const again of [overHttp(), overGrpc()]) {
      const answer = again.send(importCommand('r.2'), {});
      await askedFor(1);
      giveFile();
      const response = await answer;
      expect(reportOf(response)).toMatchObject({ importedRowsCount: 2n, tableRowsCount: 2n });
      expect(response.messages).toMatchObject([{ message: expect.stringContaining('done the same command before') }]);
      again.drop();
    }
    expect(await rows()).toEqual(['a', 'b']);
  });

  it('is asked again with the same key: the second call waits for the first', async () => {
    const headers = { 'x-idempotency-key': `${connect.name} 1` };
    const request = importCommand('', ImportType.FULL);
    await breakWhileRunning(connect(), request, headers);
    const second = connect();
    const answer = second.send(request, headers);
    giveFile();
    expect(reportOf(await answer)).toMatchObject({ importedRowsCount: 2n, tableRowsCount: 2n });
    expect(held).toEqual([]);
    expect(await rows()).toEqual(['a', 'b']);
    second.drop();
  });
});
