import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as query from '../../../src/protocols/driver/gen/proto/executeQuery_pb.js';
import * as info from '../../../src/protocols/driver/gen/proto/info_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import * as workspaces from '../../../src/protocols/driver/gen/proto/workspace_pb.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

const {
  ImportExportShared_ImportOptions_ImportType: ImportType,
  ImportExportShared_TableWhereFilter_Operator: Operator,
} = tables;

let app: TestApp;
let scene: DriverScene;
let workspace: workspaces.CreateWorkspaceResponse;

beforeAll(async () => {
  app = await startTestApp();
  scene = await DriverScene.open(app, '7');
  await scene.table('orders', ['id VARCHAR!', 'amount INTEGER'], ['id']);
  await scene.load('orders', '1,10\n2,20\n3,30\n', ['id', 'amount']);
  workspace = await make('1');
});

afterAll(() => app.stop());

async function make(workspaceId: string, runId = '') {
  const { response } = await scene.client.run(
    workspaces.CreateWorkspaceCommandSchema,
    { projectId: '7', workspaceId, isBranchDefault: true },
    workspaces.CreateWorkspaceResponseSchema,
    { runId },
  );
  return response;
}

async function execute(sql: string, fields: object = {}) {
  const command = { pathRestriction: [workspace.workspaceObjectName], query: sql, ...fields };
  const { response } = await scene.client.run(
    query.ExecuteQueryCommandSchema,
    command,
    query.ExecuteQueryResponseSchema,
  );
  return response;
}

async function load(tableName: string, source: object, importOptions: object = {}) {
  const command = {
    source: { path: [scene.bucket], tableName: 'orders', ...source },
    destination: { path: [workspace.workspaceObjectName], tableName },
    importOptions,
  };
  const { response } = await scene.client.run(
    workspaces.LoadTableToWorkspaceCommandSchema,
    command,
    tables.TableImportResponseSchema,
  );
  return response;
}

it('has a login, a schema and a role, the same ones when the run repeats the command', async () => {
  expect(workspace.workspaceUserName).toMatch(/^ws_/);
  expect(workspace.workspacePassword).not.toBe('');
  const first = await make('2', '9.1');
  expect(await make('2', '9.1')).toEqual(first);
  await scene.client.tell(workspaces.DropWorkspaceCommandSchema, { workspaceObjectName: first.workspaceObjectName });
  const again = await scene.client.tell(workspaces.DropWorkspaceCommandSchema, {
    workspaceObjectName: first.workspaceObjectName,
  });
  expect(again.messages).toMatchObject([{ level: 'Notice' }]);
});

describe('loads tables of the project', () => {
  it('with other names, filters and a limit', async () => {
    const answer = await load(
      'renamed',
      {
        columnMappings: [
          { sourceColumnName: 'amount', destinationColumnName: 'n' },
          { sourceColumnName: 'id', destinationColumnName: 'key' },
        ],
        whereFilters: [{ columnsName: 'amount', operator: Operator.ge, values: ['20'] }],
      },
      { importStrategy: 1 },
    );
    expect(answer).toMatchObject({ importedRowsCount: 2n, tableRowsCount: 2n, importedColumns: ['n', 'key'] });
    expect((await execute('SELECT key, n FROM renamed ORDER BY 1')).data?.rows.map(({ fields }) => fields)).toEqual([
      { key: '2', n: '20' },
      { key: '3', n: '30' },
    ]);
    expect(await load('few', { limit: 1n })).toMatchObject({ importedRowsCount: 1n });
    expect((await execute('SELECT typeof(amount) AS t FROM few')).data?.rows[0]?.fields).toEqual({ t: 'VARCHAR' });
  });

  it('incrementally by a key', async () => {
    await load('grown', { limit: 2n }, { importStrategy: 1 });
    await execute('UPDATE grown SET amount = 0');
    const answer = await load(
      'grown',
      {},
      { importStrategy: 1, importType: ImportType.INCREMENTAL, dedupColumnsNames: ['id'] },
    );
    expect(answer).toMatchObject({ importedRowsCount: 3n, tableRowsCount: 3n });
    expect((await execute('SELECT sum(amount) AS s FROM grown')).data?.rows[0]?.fields).toEqual({ s: '60' });
  });
});

it('describes itself and its objects', async () => {
  await execute('CREATE VIEW seen AS SELECT 1 AS one');
  const describeObject = async (path: string[], expectedObjectType: info.ObjectType) =>
    (await scene.client.run(info.ObjectInfoCommandSchema, { path, expectedObjectType }, info.ObjectInfoResponseSchema))
      .response.objectInfo.value;
  const schema = workspace.workspaceObjectName;
  expect(await describeObject(['7'], info.ObjectType.DATABASE)).toMatchObject({
    objects: expect.arrayContaining([
      expect.objectContaining({ objectName: schema }),
      expect.objectContaining({ objectName: scene.bucket }),
    ]),
  });
  expect(await describeObject([schema], info.ObjectType.SCHEMA)).toMatchObject({
    objects: expect.arrayContaining([
      expect.objectContaining({ objectName: 'renamed', objectType: info.ObjectType.TABLE }),
      expect.objectContaining({ objectName: 'seen', objectType: info.ObjectType.VIEW }),
    ]),
  });
  expect(await describeObject([schema, 'renamed'], info.ObjectType.TABLE)).toMatchObject({
    tableName: 'renamed',
    rowsCount: 2n,
    columns: [
      { name: 'n', type: 'INTEGER' },
      { name: 'key', type: 'VARCHAR' },
    ],
  });
  expect(await describeObject([schema, 'seen'], info.ObjectType.VIEW)).toMatchObject({ viewName: 'seen' });
});

it('reads the buckets of the project; what fails is said, not thrown', async () => {
  const found = await execute('SELECT id, amount FROM in_c_main.orders ORDER BY id LIMIT 1');
  expect(found).toMatchObject({
    status: query.ExecuteQueryResponse_Status.Success,
    data: { columns: ['id', 'amount'] },
  });
  const failed = await execute('SELECT * FROM nowhere');
  expect(failed.status).toBe(query.ExecuteQueryResponse_Status.Error);
  expect(failed.message).toContain('nowhere');
  expect((await execute('DROP TABLE in_c_main.orders')).status).toBe(query.ExecuteQueryResponse_Status.Error);
  const byLogin = await execute('SELECT 1 AS one', {
    pathRestriction: [],
    restriction: { case: 'bigQueryServiceAccount', value: { serviceAccountEmail: workspace.workspaceUserName } },
  });
  expect(byLogin.data?.rows[0]?.fields).toEqual({ one: '1' });
  await expect(execute('SELECT 1', { pathRestriction: ['in_c_main'] })).rejects.toMatchObject({
    error: { code: 3000 },
  });
});

it('gives what it made to a table of the project', async () => {
  await execute("CREATE TABLE result AS SELECT 'x' || id AS name, amount * 2 AS double FROM in_c_main.orders");
  await scene.table('out', ['name VARCHAR!', 'value INTEGER', '_timestamp TIMESTAMP'], ['name']);
  const command = {
    source: {
      path: [workspace.workspaceObjectName],
      tableName: 'result',
      columnMappings: [
        { sourceColumnName: 'name', destinationColumnName: 'name' },
        { sourceColumnName: 'double', destinationColumnName: 'value' },
      ],
    },
    destination: { path: [scene.bucket], tableName: 'out' },
    importOptions: { timestampColumn: '_timestamp', importType: ImportType.INCREMENTAL },
  };
  const { response } = await scene.client.run(
    tables.TableImportFromTableCommandSchema,
    command,
    tables.TableImportResponseSchema,
  );
  expect(response).toMatchObject({ importedRowsCount: 3n, tableRowsCount: 3n, importedColumns: ['name', 'value'] });
  expect(await scene.rows('out', ['name', 'value'])).toEqual([
    ['x1', '20'],
    ['x2', '40'],
    ['x3', '60'],
  ]);
});

it('changes its password, drops objects, is cleared but for what is preserved, and dropped', async () => {
  const { response } = await scene.client.run(
    workspaces.ResetWorkspacePasswordCommandSchema,
    { workspaceUserName: workspace.workspaceUserName },
    workspaces.ResetWorkspacePasswordResponseSchema,
  );
  expect(response.workspaceUserName).toBe(workspace.workspaceUserName);
  expect(response.workspacePassword).not.toBe(workspace.workspacePassword);
  const workspaceObjectName = workspace.workspaceObjectName;
  const drop = (objectNameToDrop: string, ignoreIfNotExists = false) =>
    scene.client.tell(workspaces.DropWorkspaceObjectCommandSchema, {
      workspaceObjectName,
      objectNameToDrop,
      ignoreIfNotExists,
    });
  await drop('few');
  await expect(drop('few')).rejects.toMatchObject({ status: 404, error: { code: 2000 } });
  await drop('few', true);
  await scene.client.tell(workspaces.ClearWorkspaceCommandSchema, {
    workspaceObjectName,
    objectsToPreserve: ['result'],
  });
  expect((await execute('SELECT count(*) AS n FROM result')).data?.rows[0]?.fields).toEqual({ n: '3' });
  expect((await execute('SELECT * FROM renamed')).status).toBe(query.ExecuteQueryResponse_Status.Error);
  const notEmpty = scene.client.tell(workspaces.DropWorkspaceCommandSchema, { workspaceObjectName });
  await expect(notEmpty).rejects.toMatchObject({ status: 400, error: { code: 3000 } });
  await scene.client.tell(workspaces.DropWorkspaceCommandSchema, { workspaceObjectName, isCascade: true });
  const gone = scene.client.tell(workspaces.ClearWorkspaceCommandSchema, { workspaceObjectName });
  await expect(gone).rejects.toMatchObject({ status: 404, error: { code: 2000 } });
  const { messages } = await scene.client.tell(workspaces.ClearWorkspaceCommandSchema, {
    workspaceObjectName,
    ignoreErrors: true,
  });
  expect(messages).toMatchObject([{ level: 'Warning' }]);
});
