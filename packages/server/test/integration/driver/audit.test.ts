import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageDriverService } from '../../../src/protocols/driver/gen/proto/service_pb.js';
import * as info from '../../../src/protocols/driver/gen/proto/info_pb.js';
import * as projects from '../../../src/protocols/driver/gen/proto/project_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { DriverCommandError, driverRequest } from '../../helpers/driver-client.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { startTestApp, TEST_ADMIN_KEY, type TestApp } from '../../helpers/test-app.js';

/** Who did what, where and how it ended: in the audit for changes and refusals, in the log for every command. */

let app: TestApp;
let scene: DriverScene;

beforeAll(async () => {
  app = await startTestApp();
  scene = await DriverScene.open(app, '7');
});

afterAll(() => app.stop());

const columns = [{ name: 'v', type: 'VARCHAR', nullable: true }];

async function audited(requestId: string): Promise<unknown[]> {
  const { body } = await app.call('GET', `/operations?request_id=${requestId}`);
  return body.operations;
}

async function failureOf(work: Promise<unknown>): Promise<number> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DriverCommandError)) throw new Error('the command did not fail', { cause: error });
  return error.error.code;
}

describe('the audit', () => {
  it('has a change with its command, its run, its branch and its key', async () => {
    await scene.client.run(
      tables.CreateTableCommandSchema,
      { path: [scene.bucket], tableName: 'made', columns },
      info.ObjectInfoResponseSchema,
      { runId: '1.2', headers: { 'x-request-id': 'a-change' } },
    );
    const keys = await app.call('GET', '/projects/7/api-keys');
    const entry = {
      operation: 'table.create',
      outcome: 'success',
      project_id: '7',
      branch_id: 'default',
      resource_id: `${scene.bucket}.made`,
      actor: keys.body.api_keys?.[0]?.id ?? keys.body[0]?.id,
      details: { command: 'CreateTableCommand', run_id: '1.2' },
    };
    expect(await audited('a-change')).toMatchObject([entry]);
    const { body } = await app.call('GET', '/projects/7/operations?branch_id=default&operation=table.create');
    expect(body.operations).toMatchObject([entry]);
    expect((await app.call('GET', '/operations?branch_id=other')).body.operations).toEqual([]);
  });

  it('has no branch for what belongs to none', async () => {
    const project = { projectId: '8' };
    const options = { headers: { 'x-request-id': 'a-project' } };
    await scene.admin.run(projects.CreateProjectCommandSchema, project, projects.CreateProjectResponseSchema, options);
    expect(await audited('a-project')).toMatchObject([
      { operation: 'project.create', actor: 'admin', branch_id: null, details: { command: 'CreateProjectCommand' } },
    ]);
  });

  it.each([
    ['a wrong key', 'wrong', 'not_authenticated', 1002],
    ['a bad field', undefined, 'invalid_request', 3000],
  ])('has a change refused for %s, once', async (what, key, errorCode, code) => {
    const requestId = what.replaceAll(' ', '-');
    const client = key === undefined ? scene.client : scene.client.withKey(key);
    const work = client.run(
      tables.CreateTableCommandSchema,
      { path: [scene.bucket], tableName: 'refused', columns: [] },
      info.ObjectInfoResponseSchema,
      { headers: { 'x-request-id': requestId } },
    );
    expect(await failureOf(work)).toBe(code);
    expect(await audited(requestId)).toMatchObject([
      {
        operation: 'table.create',
        outcome: 'refused',
        error_code: errorCode,
        project_id: key === undefined ? '7' : null,
        branch_id: 'default',
        details: { command: 'CreateTableCommand' },
      },
    ]);
  });

  it('has a command of the backend that a project key sent, once', async () => {
    const work = scene.client.run(
      projects.CreateProjectCommandSchema,
      { projectId: '9' },
      projects.CreateProjectResponseSchema,
      { headers: { 'x-request-id': 'backend' } },
    );
    expect(await failureOf(work)).toBe(1002);
    expect(await audited('backend')).toMatchObject([
      { operation: 'project.create', outcome: 'refused', error_code: 'forbidden', project_id: '7' },
    ]);
  });

  it('has a change that the service refused, once', async () => {
    const work = scene.client.tell(
      tables.DropColumnCommandSchema,
      { path: [scene.bucket], tableName: 'absent', columnName: 'v' },
      { headers: { 'x-request-id': 'absent' } },
    );
    expect(await failureOf(work)).toBe(2000);
    expect(await audited('absent')).toMatchObject([
      { operation: 'column.drop', error_code: 'table_not_found', details: { command: 'DropColumnCommand' } },
    ]);
  });

  it('has reads only when their caller may not do them', async () => {
    const read = (key: string, requestId: string, path = [scene.bucket, 'absent']) =>
      scene.client
        .withKey(key)
        .run(
          info.ObjectInfoCommandSchema,
          { path, expectedObjectType: info.ObjectType.TABLE },
          info.ObjectInfoResponseSchema,
          { headers: { 'x-request-id': requestId } },
        );
    expect(await failureOf(read('wrong', 'read-1'))).toBe(1002);
    expect(await audited('read-1')).toMatchObject([{ operation: 'table.get', outcome: 'refused' }]);
    await expect(
      scene.client.run(
        info.ObjectInfoCommandSchema,
        { path: [scene.bucket, 'absent'], expectedObjectType: info.ObjectType.TABLE },
        info.ObjectInfoResponseSchema,
        { headers: { 'x-request-id': 'read-2' } },
      ),
    ).rejects.toMatchObject({ error: { code: 2000 } });
    expect(await audited('read-2')).toEqual([]);
  });
});

describe('the log', () => {
  const lineOf = (requestId: string, message: string) =>
    app.log.lines.find((line) => line.msg === message && (line['request_id'] ?? line['requestId']) === requestId);

  it('says for a request over HTTP who sent which command for which project', async () => {
    const options = { headers: { 'x-request-id': 'http-line' }, host: '7' };
    await scene.admin.tell(tables.DropTableCommandSchema, { path: [scene.bucket], tableName: 'absent' }, options);
    await expect
      .poll(() => lineOf('http-line', 'request'))
      .toMatchObject({
        actor: 'admin',
        command: 'DropTableCommand',
        project: '7',
        status: 200,
      });
  });

  it('says the same for gRPC', async () => {
    const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${app.grpcPort}` });
    const request = driverRequest(
      tables.DropTableCommandSchema,
      { path: [], tableName: 'absent' },
      { host: '7', secret: TEST_ADMIN_KEY },
    );
    const headers = { 'x-request-id': 'grpc-line' };
    await expect(createClient(StorageDriverService, transport).execute(request, { headers })).rejects.toThrow();
    expect(lineOf('grpc-line', 'driver command')).toMatchObject({
      actor: 'admin',
      command: 'DropTableCommand',
      project: '7',
      status: 'invalid_argument',
    });
  });
});
