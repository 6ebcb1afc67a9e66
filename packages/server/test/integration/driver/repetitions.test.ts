import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as projects from '../../../src/protocols/driver/gen/proto/project_pb.js';
import * as query from '../../../src/protocols/driver/gen/proto/executeQuery_pb.js';
import * as info from '../../../src/protocols/driver/gen/proto/info_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import * as workspaces from '../../../src/protocols/driver/gen/proto/workspace_pb.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

/** What a run has done is not done again, unless it is no longer there or no longer the same work. */

const { ImportExportShared_ImportOptions_ImportType: ImportType } = tables;
const APPEND = { importType: ImportType.INCREMENTAL, importStrategy: 1 };
const NOTICE = [{ level: 'Notice', message: expect.stringContaining('done the same command before') }];

let app: TestApp;
let scene: DriverScene;
let remote: Server;
let remoteText = '';
let table = '';
let made = 0;

beforeAll(async () => {
  remote = createServer((_request, response) => void response.end(remoteText));
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  app = await startTestApp({ env: { IMPORT_URL_HOSTS: remoteHost() } });
  scene = await DriverScene.open(app, '7');
});

beforeEach(async () => {
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

const admin = (method: string, path: string) => app.call(method, path);
const tablePath = () => `/projects/7/branches/default/buckets/${scene.bucket}/tables/${table}`;

/** How many rows the table has after the same command of one run was sent so often. */
async function rowsOf(name = table): Promise<string[]> {
  return (await scene.rows(name, ['v'])).map(([value]) => String(value));
}

describe('logins', () => {
  const createProject = (runId: string, projectId: string) =>
    scene.admin.run(projects.CreateProjectCommandSchema, { projectId }, projects.CreateProjectResponseSchema, {
      runId,
    });
  const createWorkspace = async (runId: string) =>
    (
      await scene.client.run(
        workspaces.CreateWorkspaceCommandSchema,
        { projectId: '7', workspaceId: `for-${runId}`, isBranchDefault: true },
        workspaces.CreateWorkspaceResponseSchema,
        { runId },
      )
    ).response;
  const resetPassword = async (workspaceUserName: string, runId: string) =>
    (
      await scene.client.run(
        workspaces.ResetWorkspacePasswordCommandSchema,
        { workspaceUserName },
        workspaces.ResetWorkspacePasswordResponseSchema,
        { runId },
      )
    ).response.workspacePassword;

  it('of a project are not answered when they no longer work; its id stays taken', async () => {
    const first = await createProject('p.1', '70');
    expect((await createProject('p.1', '70')).response).toEqual(first.response);
    await scene.admin.tell(projects.DropProjectCommandSchema, { projectDatabaseName: '70' });
    await expect(createProject('p.1', '70')).rejects.toMatchObject({ status: 409, error: { code: 2006 } });
  });

  it('of a workspace that was dropped are made anew', async () => {
    const first = await createWorkspace('w.1');
    expect(await createWorkspace('w.1')).toEqual(first);
    const dropped = { workspaceObjectName: first.workspaceObjectName };
    await scene.client.tell(workspaces.DropWorkspaceCommandSchema, dropped);
    const again = await createWorkspace('w.1');
    expect(again.workspaceObjectName).not.toBe(first.workspaceObjectName);
    expect(await createWorkspace('w.1')).toEqual(again);
  });

  it('that got another password since are not answered', async () => {
    const { workspaceUserName } = await createWorkspace('w.2');
    const first = await resetPassword(workspaceUserName, 'w.3');
    expect(await resetPassword(workspaceUserName, 'w.3')).toBe(first);
    const other = await resetPassword(workspaceUserName, 'w.4');
    const again = await resetPassword(workspaceUserName, 'w.3');
    expect([first, other]).not.toContain(again);
    expect((await createWorkspace('w.2')).workspaceUserName).not.toBe(workspaceUserName);
  });
});

describe('an incremental import of a file', () => {
  const append = async (fileName: string, runId: string, root = 'project_7') => {
    const filePath = { root, fileName };
    const { response, messages } = await scene.client.run(
      tables.TableImportFromFileCommandSchema,
      scene.importCommand(table, filePath, ['v'], APPEND),
      tables.TableImportResponseSchema,
      { runId },
    );
    expect(response.importedRowsCount).toBe(1n);
    return messages;
  };

  it('happens once in a run, whoever else writes meanwhile', async () => {
    const file = await scene.upload('a.csv', 'a\n');
    expect(await append(file, 'f.1')).toEqual([]);
    expect(await append(file, 'f.1')).toEqual(NOTICE);
    await append(file, 'f.2');
    expect(await append(file, 'f.1')).toEqual(NOTICE);
    expect(await rowsOf()).toEqual(['a', 'a']);
  });

  it('happens again when the run took its rows away', async () => {
    const file = await scene.upload('a.csv', 'a\n');
    await append(file, 'f.3');
    const everything = { path: [scene.bucket], tableName: table };
    const answer = tables.DeleteTableRowsResponseSchema;
    await scene.client.run(tables.DeleteTableRowsCommandSchema, everything, answer, { runId: 'f.3' });
    expect(await append(file, 'f.3')).toEqual([]);
    expect(await rowsOf()).toEqual(['a']);
  });

  it('happens again in a table that was made anew, also where another door did that', async () => {
    const file = await scene.upload('a.csv', 'a\n');
    await append(file, 'f.4');
    expect((await admin('DELETE', tablePath())).status).toBeLessThan(300);
    await scene.table(table, ['v VARCHAR']);
    expect(await append(file, 'f.4')).toEqual([]);
    expect(await rowsOf()).toEqual(['a']);
  });

  it('is other work when the name stands for another file', async () => {
    const name = `named-${table}.csv`;
    const first = await scene.upload(name, 'a\n');
    await append(name, 'f.5');
    await admin('DELETE', `/projects/7/files/${first}`);
    await scene.upload(name, 'b\n');
    expect(await append(name, 'f.5')).toEqual([]);
    expect(await rowsOf()).toEqual(['a', 'b']);
  });

  it('is other work when an address gives something else', async () => {
    remoteText = 'a\n';
    const root = `http://${remoteHost()}`;
    await append('x.csv', 'f.6', root);
    expect(await append('x.csv', 'f.6', root)).toEqual(NOTICE);
    remoteText = 'b\n';
    expect(await append('x.csv', 'f.6', root)).toEqual([]);
    expect(await rowsOf()).toEqual(['a', 'b']);
  });

  it('that failed is tried again: what was wrong may be gone', async () => {
    const file = await scene.upload('a.csv', 'a\n');
    await admin('DELETE', tablePath());
    await expect(append(file, 'f.7')).rejects.toMatchObject({ error: { code: 2000 } });
    await scene.table(table, ['v VARCHAR']);
    expect(await append(file, 'f.7')).toEqual([]);
  });
});

describe('of workspaces', () => {
  let workspace: workspaces.CreateWorkspaceResponse;
  beforeAll(async () => {
    const { response } = await scene.client.run(
      workspaces.CreateWorkspaceCommandSchema,
      { projectId: '7', workspaceId: '1', isBranchDefault: true },
      workspaces.CreateWorkspaceResponseSchema,
    );
    workspace = response;
  });

  const execute = async (sql: string, runId = '') =>
    (
      await scene.client.run(
        query.ExecuteQueryCommandSchema,
        { pathRestriction: [workspace.workspaceObjectName], query: sql },
        query.ExecuteQueryResponseSchema,
        { runId },
      )
    ).response;
  const importFrom = async (path: string, tableName: string, runId: string) =>
    (
      await scene.client.run(
        tables.TableImportFromTableCommandSchema,
        {
          source: { path: [path], tableName },
          destination: { path: [scene.bucket], tableName: table },
          importOptions: APPEND,
        },
        tables.TableImportResponseSchema,
        { runId },
      )
    ).messages;
  const load = async (importOptions: MessageInitShape<typeof tables.ImportExportShared_ImportOptionsSchema>) =>
    (
      await scene.client.run(
        workspaces.LoadTableToWorkspaceCommandSchema,
        {
          source: { path: [scene.bucket], tableName: table },
          destination: { path: [workspace.workspaceObjectName], tableName: table },
          importOptions,
        },
        tables.TableImportResponseSchema,
        { runId: `l.${table}` },
      )
    ).messages;

  it('an import of what a workspace made is other work when that is something else', async () => {
    const schema = workspace.workspaceObjectName;
    await execute(`CREATE TABLE out AS SELECT 'a' AS v`);
    expect(await importFrom(schema, 'out', 'o.1')).toEqual([]);
    expect(await importFrom(schema, 'out', 'o.1')).toEqual(NOTICE);
    await execute(`UPDATE out SET v = 'b'`);
    expect(await importFrom(schema, 'out', 'o.1')).toEqual([]);
    expect(await importFrom(schema, 'out', 'o.1')).toEqual(NOTICE);
    expect(await rowsOf()).toEqual(['a', 'b']);
  });

  it('an import of a table is other work when that changed', async () => {
    await scene.table('source', ['v VARCHAR']);
    await scene.load('source', 'a\n', ['v'], { importStrategy: 1 });
    expect(await importFrom(scene.bucket, 'source', 'o.2')).toEqual([]);
    expect(await importFrom(scene.bucket, 'source', 'o.2')).toEqual(NOTICE);
    await scene.load('source', 'b\n', ['v'], { importStrategy: 1 });
    expect(await importFrom(scene.bucket, 'source', 'o.2')).toEqual([]);
    expect(await rowsOf()).toEqual(['a', 'b']);
  });

  it('an incremental load happens once, until the rows are gone', async () => {
    const count = async () => (await execute(`SELECT count(*) AS n FROM ${table}`)).data?.rows[0]?.fields['n'];
    await scene.load(table, 'a\n', ['v'], { importStrategy: 1 });
    await load({ importStrategy: 1 });
    expect(await load(APPEND)).toEqual([]);
    expect(await load(APPEND)).toEqual(NOTICE);
    expect(await count()).toBe('2');
    // By a session, which belongs to no run.
    await execute(`DELETE FROM ${table}`);
    expect(await load(APPEND)).toEqual([]);
    expect(await load(APPEND)).toEqual(NOTICE);
    // By the run itself.
    await execute(`INSERT INTO ${table} VALUES ('x')`, `l.${table}`);
    expect(await load(APPEND)).toEqual([]);
    expect(await count()).toBe('3');
    const cleared = { workspaceObjectName: workspace.workspaceObjectName };
    await scene.client.tell(workspaces.ClearWorkspaceCommandSchema, cleared, { runId: `l.${table}` });
    await load({ importStrategy: 1 });
    expect(await load(APPEND)).toEqual([]);
    expect(await count()).toBe('2');
  });
});

it('a table of an earlier moment is made again when it was dropped', async () => {
  const command = {
    source: { path: [scene.bucket], tableName: table },
    destination: { path: [scene.bucket], tableName: `${table}_then` },
    timestamp: BigInt(Math.floor(Date.now() / 1000) + 1),
  };
  const travel = async () =>
    (
      await scene.client.run(tables.CreateTableFromTimeTravelCommandSchema, command, info.ObjectInfoResponseSchema, {
        runId: 't.1',
      })
    ).messages;
  expect(await travel()).toEqual([]);
  expect(await travel()).toEqual(NOTICE);
  await admin('DELETE', `${tablePath()}_then`);
  expect(await travel()).toEqual([]);
  expect(await travel()).toEqual(NOTICE);
});
