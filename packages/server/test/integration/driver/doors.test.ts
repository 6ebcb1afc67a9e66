import { create } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InitBackendCommandSchema } from '../../../src/protocols/driver/gen/proto/backend_pb.js';
import {
  CreateBucketCommandSchema,
  CreateBucketResponseSchema,
} from '../../../src/protocols/driver/gen/proto/bucket_pb.js';
import { DriverRequestSchema } from '../../../src/protocols/driver/gen/proto/common_pb.js';
import {
  CreateProjectCommandSchema,
  CreateProjectResponseSchema,
} from '../../../src/protocols/driver/gen/proto/project_pb.js';
import { StorageDriverService } from '../../../src/protocols/driver/gen/proto/service_pb.js';
import { DropTableCommandSchema } from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { DriverClient, driverRequest } from '../../helpers/driver-client.js';
import { startTestApp, TEST_ADMIN_KEY, type TestApp } from '../../helpers/test-app.js';

let app: TestApp;
let key: string;

beforeAll(async () => {
  app = await startTestApp();
  const admin = new DriverClient(app.address, TEST_ADMIN_KEY);
  const { response } = await admin.run(CreateProjectCommandSchema, { projectId: '7' }, CreateProjectResponseSchema);
  key = response.projectPassword;
});

afterAll(() => app.stop());

describe('gRPC', () => {
  const client = () =>
    createClient(StorageDriverService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${app.grpcPort}` }));

  it('runs a command with the secret of its credentials', async () => {
    const request = driverRequest(
      CreateBucketCommandSchema,
      { projectId: '7', bucketId: 'in.c-grpc' },
      { secret: key },
    );
    const { commandResponse } = await client().execute(request);
    expect(commandResponse && anyUnpack(commandResponse, CreateBucketResponseSchema)?.createBucketObjectName).toBe(
      'in_c_grpc',
    );
  });

  it('takes the key from the metadata, too, and says what failed in a trailer', async () => {
    const request = driverRequest(CreateBucketCommandSchema, { projectId: '7', bucketId: 'in.c-grpc' });
    const call = client().execute(request, { headers: { authorization: `Bearer ${key}` } });
    const error = await call.then(() => undefined, ConnectError.from);
    expect(error?.code).toBe(Code.AlreadyExists);
    const details = JSON.parse(
      Buffer.from(error?.metadata.get('x-driver-error-bin') ?? '', 'base64').toString(),
    ) as unknown;
    expect(details).toMatchObject({ error: { code: 2006, retryable: false, context: { bucket_name: 'in_c_grpc' } } });
  });

  it.each([
    ['no key', Code.Unauthenticated, driverRequest(DropTableCommandSchema, { path: ['b'], tableName: 't' })],
    [
      'a wrong key',
      Code.Unauthenticated,
      driverRequest(DropTableCommandSchema, { path: ['b'], tableName: 't' }, { secret: 'no' }),
    ],
    ['no command', Code.InvalidArgument, create(DriverRequestSchema)],
    [
      'an unknown command',
      Code.Unimplemented,
      create(DriverRequestSchema, {
        command: { typeUrl: 'type.googleapis.com/x.UnknownCommand', value: new Uint8Array() },
      }),
    ],
  ])('refuses %s', async (_, code, request) => {
    const error = await client()
      .execute(request)
      .then(() => undefined, ConnectError.from);
    expect(error?.code).toBe(code);
  });
});

describe('JSON', () => {
  const post = (body: unknown, as = key) => app.call('POST', '/driver/execute', body, { key: as });

  it('in the form of protocol buffers', async () => {
    const type = 'type.googleapis.com/keboola.storageDriver.command.bucket.CreateBucketCommand';
    const answer = await post({ command: { '@type': type, projectId: '7', bucketId: 'in.c-json' } });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      commandResponse: {
        '@type': 'type.googleapis.com/keboola.storageDriver.command.bucket.CreateBucketResponse',
        createBucketObjectName: 'in_c_json',
      },
    });
  });

  it('in the form of the reference, with short types and snake case', async () => {
    const body = {
      command: {
        type: 'CreateTableCommand',
        path: ['in_c_json'],
        table_name: 't',
        columns: [{ name: 'a', type: 'VARCHAR' }],
      },
      credentials: { project_id: '7', principal: 'test' },
    };
    const answer = await post(body);
    expect(answer.body.messages).toEqual([]);
    expect(answer.body.commandResponse).toMatchObject({
      path: ['in_c_json'],
      objectType: 'TABLE',
      tableInfo: { tableName: 't' },
    });
    const dropped = await post({
      ...body,
      command: { type: 'DropTableCommand', path: ['in_c_json'], tableName: 'gone' },
    });
    expect(dropped.body).toEqual({
      commandResponse: null,
      messages: [{ level: 'Info', message: 'Table gone was gone already.' }],
    });
  });

  it.each([
    ['another project', { command: { type: 'ListSchemasCommand' }, credentials: { project_id: '8' } }, 403, 2007],
    ['an unknown type', { command: { type: 'NoCommand' } }, 400, 3000],
    ['an unknown field', { command: { type: 'DropTableCommand', nonsense: 1 } }, 400, 3000],
    ['no type', { command: {}, credentials: {} }, 400, 3000],
    ['a list', [], 400, 3000],
    ['a command of the backend with a project key', { command: { type: 'InitBackendCommand' } }, 403, 1002],
  ])('refuses %s', async (_, body, status, code) => {
    const answer = await post(body);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(answer.body.detail).toBe(answer.body.error.message);
  });

  it('refuses what is no JSON, and what is nothing', async () => {
    const headers = { authorization: `Bearer ${key}` };
    const url = `${app.address}/driver/execute`;
    const broken = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{',
    });
    expect(broken.status).toBe(400);
    const text = await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body: 'x' });
    expect(text.status).toBe(400);
    const none = await fetch(url, { method: 'POST', headers });
    expect(none.status).toBe(400);
    const bytes = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-protobuf' },
      body: new Uint8Array([255, 255, 255]),
    });
    expect(bytes.status).toBe(400);
  });

  it('lists the commands to anyone', async () => {
    const { status, body } = await app.call('GET', '/driver/commands', undefined, { key: null });
    expect(status).toBe(200);
    expect(body.total_commands).toBe(body.supported_commands.length);
    expect(body.supported_commands).toContainEqual(
      expect.objectContaining({ type: 'CreateBucketCommand', level: 'project' }),
    );
    expect((await app.call('DELETE', '/driver/commands')).status).toBe(405);
  });
});

describe('a repeated command', () => {
  it('with the same idempotency key gets the first answer', async () => {
    const client = new DriverClient(app.address, key);
    const options = { headers: { 'x-idempotency-key': 'k1' } };
    const fields = { projectId: '7', bucketId: 'in.c-once' };
    const first = await client.run(CreateBucketCommandSchema, fields, CreateBucketResponseSchema, options);
    expect(await client.run(CreateBucketCommandSchema, fields, CreateBucketResponseSchema, options)).toEqual(first);
    const other = client.run(
      CreateBucketCommandSchema,
      { ...fields, bucketId: 'in.c-two' },
      CreateBucketResponseSchema,
      options,
    );
    await expect(other).rejects.toMatchObject({ status: 409 });
  });

  it('in the same run makes one project, with one key', async () => {
    const admin = new DriverClient(app.address, TEST_ADMIN_KEY);
    const make = (runId: string) =>
      admin.run(CreateProjectCommandSchema, { projectId: '9' }, CreateProjectResponseSchema, { runId });
    const both = await Promise.all([make('1.2'), make('1.2')]);
    const [first, second] = both;
    expect(second.response).toEqual(first.response);
    // One of them is told that it was not the first.
    expect(both.flatMap(({ messages }) => messages)).toEqual([
      { level: 'Notice', message: expect.stringContaining('done the same command before') },
    ]);
    await expect(make('1.3')).rejects.toMatchObject({ status: 409, error: { code: 2006, retryable: false } });
  });
});

it('does not leak messages of one call into the next', async () => {
  const client = new DriverClient(app.address, key);
  await client.tell(DropTableCommandSchema, { path: ['in_c_json'], tableName: 'gone' });
  const admin = new DriverClient(app.address, TEST_ADMIN_KEY);
  const { messages } = await admin.send(InitBackendCommandSchema, {}, {});
  expect(messages).toEqual([]);
});

it('packs a wrong kind of credentials into a clear refusal', async () => {
  const request = {
    ...driverRequest(InitBackendCommandSchema, {}),
    credentials: anyPack(InitBackendCommandSchema, create(InitBackendCommandSchema)),
  };
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${app.grpcPort}` });
  const error = await createClient(StorageDriverService, transport)
    .execute(request)
    .then(() => undefined, ConnectError.from);
  expect(error?.rawMessage).toContain('GenericBackendCredentials');
});

it('does not start when the port of the gRPC door is taken, or its certificate is none', async () => {
  const start = (env: Record<string, string>) =>
    startTestApp({ env }).then(
      () => 'started',
      (error: Error) => error.message,
    );
  expect(await start({ GRPC_PORT: String(app.grpcPort) })).toMatch(
    /^Port \d+ on 127\.0\.0\.1 is in use .* set GRPC_PORT\.$/,
  );
  const missing = { GRPC_TLS_CERT: '/nowhere/c.pem', GRPC_TLS_KEY: '/nowhere/k.pem' };
  expect(await start(missing)).toContain('does not exist; look at GRPC_TLS_CERT');
});
