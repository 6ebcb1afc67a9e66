import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../../src/protocols/driver/commands.js';
import * as backend from '../../../src/protocols/driver/gen/proto/backend_pb.js';
import * as buckets from '../../../src/protocols/driver/gen/proto/bucket_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { CreateWorkspaceResponseSchema } from '../../../src/protocols/driver/gen/proto/workspace_pb.js';
import { DriverClient, DriverCommandError } from '../../helpers/driver-client.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { startTestApp, TEST_ADMIN_KEY, type TestApp } from '../../helpers/test-app.js';
import { PATH, type CaseState, type Failure } from './command-case.js';
import { projectAndBucketCases } from './command-cases-projects-and-buckets.js';
import { tableCases } from './command-cases-tables.js';
import { workspaceCases } from './command-cases-workspaces.js';

let app: TestApp;
let scene: DriverScene;
let reader: DriverClient;
const state: CaseState = {
  stranger: new DriverClient('', TEST_ADMIN_KEY),
  fileId: '',
  shareRole: '',
  workspace: create(CreateWorkspaceResponseSchema),
};
const cases = [...projectAndBucketCases(state), ...tableCases(state), ...workspaceCases(state)];

beforeAll(async () => {
  app = await startTestApp();
  scene = await DriverScene.open(app, '7');
  state.stranger = (await DriverScene.open(app, '8')).client;
  const key = await app.call('POST', '/projects/7/api-keys', { scope: 'project_read', description: 'reads' });
  reader = scene.client.withKey(String(key.body.api_key));
  await scene.table('orders', ['id VARCHAR!', 'v VARCHAR', 'n INTEGER', '_timestamp TIMESTAMP']);
  state.fileId = await scene.upload('x.csv', '1,a\n2,b\n');
});

afterAll(() => app.stop());

async function outcomeOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (!(error instanceof DriverCommandError)) throw error;
    expect(error.error.retryable).toBe(false);
    return [error.status, error.error.code];
  }
}

it('has a case for every command', () => {
  const answered = commands.filter(({ unsupported }) => unsupported === undefined).map(({ request }) => request.name);
  expect(cases.map(({ command }) => command).sort()).toEqual(answered.sort());
});

/** What commands do that only read: a key that may read, may send them. */
const READING = new Set([
  ...['UpdateProjectCommand', 'CreateDevBranchCommand', 'DropDevBranchCommand', 'PreviewTableCommand'],
  ...['ObjectInfoCommand', 'ListSchemasCommand', 'CreateProfileTableCommand'],
  // An export is a read over REST, too; and there is nothing to grant.
  ...['TableExportToFileCommand', 'GrantWorkspaceAccessToProjectCommand', 'RevokeWorkspaceAccessToProjectCommand'],
]);

describe.each(cases)('$command', ({ command, level, send: run, missing, bad }) => {
  const rightful = (): DriverClient => (level === 'admin' ? scene.admin : scene.client);

  // Of the other project is the bucket that is unlinked.
  const attempt = command === 'UnlinkBucketCommand' && missing !== undefined ? missing[0] : run;

  // Before it succeeds: what it is about is there, and nothing but the key is wrong.
  it('refuses a key that may not', async () => {
    if (level === 'admin') {
      expect(await outcomeOf(attempt(scene.client))).toEqual([403, command === 'LinkBucketCommand' ? 2007 : 1002]);
    }
    if (!READING.has(command)) {
      const outcome = await outcomeOf(attempt(reader));
      expect([outcome, command]).toEqual([
        [403, level === 'admin' && command !== 'LinkBucketCommand' ? 1002 : 2007],
        command,
      ]);
    }
    expect(await outcomeOf(attempt(scene.client.withKey('wrong')))).toEqual([401, 1002]);
  });

  it('succeeds', async () => {
    expect(await outcomeOf(run(rightful()))).toBe('ok');
  });

  if (missing !== undefined) {
    it('says what is missing, or does not mind', async () => {
      expect(await outcomeOf(missing[0](rightful()))).toEqual(missing[1]);
    });
  }

  if (bad !== undefined) {
    it('refuses a bad field', async () => {
      expect(await outcomeOf(bad[0](rightful()))).toEqual(bad[1]);
    });
  }
});

it('lets a key that may only read change nothing', async () => {
  const refused = (work: Promise<unknown>) => expect(outcomeOf(work)).resolves.toEqual([403, 2007]);
  await refused(reader.send(tables.DropTableCommandSchema, { path: PATH, tableName: 'orders' }, {}));
  await refused(reader.send(buckets.CreateBucketCommandSchema, { projectId: '7', bucketId: 'x' }, {}));
  await reader.send(tables.PreviewTableCommandSchema, { path: PATH, tableName: 'orders' }, {});
  const log = await app.call('GET', '/projects/7/operations?outcome=refused');
  expect(JSON.stringify(log.body)).toContain('table.delete');
});

it('keeps a key in its project', async () => {
  expect(
    await outcomeOf(state.stranger.send(buckets.CreateBucketCommandSchema, { projectId: '7', bucketId: 'x' }, {})),
  ).toEqual([403, 2007]);
  expect(
    await outcomeOf(
      state.stranger.send(tables.DropTableCommandSchema, { path: ['7', 'in_c_main'], tableName: 'orders' }, {}),
    ),
  ).toEqual([400, 3000]);
  expect(
    await outcomeOf(
      state.stranger.send(tables.PreviewTableCommandSchema, { path: PATH, tableName: 'orders' }, { host: '7' }),
    ),
  ).toEqual([403, 2007]);
  expect(await outcomeOf(state.stranger.send(backend.InitBackendCommandSchema, {}, {}))).toEqual([403, 1002]);
});

it.each(
  commands
    .filter(({ unsupported }) => unsupported !== undefined)
    .map((command) => [command.request.name, command] as const),
)('%s has no meaning here', async (_, { request }) => {
  expect(await outcomeOf(scene.client.send(request, {}, {}))).toEqual([501, 900]);
});
