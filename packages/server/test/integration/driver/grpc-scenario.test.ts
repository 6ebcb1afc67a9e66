import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import pg from 'pg';
import { expect, it } from 'vitest';
import * as backend from '../../../src/protocols/driver/gen/proto/backend_pb.js';
import * as buckets from '../../../src/protocols/driver/gen/proto/bucket_pb.js';
import * as query from '../../../src/protocols/driver/gen/proto/executeQuery_pb.js';
import * as info from '../../../src/protocols/driver/gen/proto/info_pb.js';
import * as projects from '../../../src/protocols/driver/gen/proto/project_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import * as workspaces from '../../../src/protocols/driver/gen/proto/workspace_pb.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { GrpcDriver } from '../../helpers/grpc-driver.js';
import { startTestApp, TEST_ADMIN_KEY, uploadFile } from '../../helpers/test-app.js';

const { FULL, INCREMENTAL } = tables.ImportExportShared_ImportOptions_ImportType;

it('goes from the registration of the backend to its end', async () => {
  const app = await startTestApp();
  try {
    const admin = GrpcDriver.of(app, TEST_ADMIN_KEY);
    await admin.ask(backend.InitBackendCommandSchema, {}, backend.InitBackendResponseSchema);
    const makeProject = (projectId: string) =>
      admin.ask(projects.CreateProjectCommandSchema, { projectId }, projects.CreateProjectResponseSchema);
    const [first, second] = [await makeProject('1'), await makeProject('2')];
    const owner = admin.withKey(first.projectPassword);
    const guest = admin.withKey(second.projectPassword);

    const bucket = await owner.ask(
      buckets.CreateBucketCommandSchema,
      { projectId: '1', bucketId: 'in.c-main' },
      buckets.CreateBucketResponseSchema,
    );
    const path = [bucket.createBucketObjectName];
    const made = await owner.ask(
      tables.CreateTableCommandSchema,
      {
        path,
        tableName: 'orders',
        columns: [
          { name: 'id', type: 'VARCHAR' },
          { name: 'name', type: 'VARCHAR', nullable: true },
          { name: '_timestamp', type: 'TIMESTAMP', nullable: true },
        ],
        primaryKeysNames: ['id'],
      },
      info.ObjectInfoResponseSchema,
    );
    expect(made.objectInfo.value).toMatchObject({ primaryKeysNames: ['id'], rowsCount: 0n });

    const load = async (csv: string, importType: typeof FULL | typeof INCREMENTAL) => {
      const format = tables.TableImportFromFileCommand_CsvTypeOptionsSchema;
      const options = create(format, { columnsNames: ['id', 'name'], delimiter: ',', enclosure: '"' });
      return await owner.ask(
        tables.TableImportFromFileCommandSchema,
        {
          formatTypeOptions: anyPack(format, options),
          filePath: { root: 'project_1', fileName: await uploadFile(app, '1', 'data.csv', csv) },
          destination: { path, tableName: 'orders' },
          importOptions: { importType, dedupColumnsNames: ['id'], timestampColumn: '_timestamp' },
        },
        tables.TableImportResponseSchema,
      );
    };
    const rows = async (tableName: string, by = owner, where = path) => {
      const preview = await by.ask(
        tables.PreviewTableCommandSchema,
        { path: where, tableName, columns: ['id', 'name'], orderBy: [{ columnName: 'id' }] },
        tables.PreviewTableResponseSchema,
      );
      return preview.rows.map((row) => row.columns.map(({ value }) => value?.kind.value));
    };
    expect(await load('1,one\n2,two\n', FULL)).toMatchObject({ importedRowsCount: 2n, tableRowsCount: 2n });
    // Time travel is by whole seconds.
    const loadedAt = Math.floor(Date.now() / 1000);
    await expect.poll(() => Math.floor(Date.now() / 1000), { timeout: 5000 }).toBeGreaterThan(loadedAt);
    expect(await load('2,zwei\n3,three\n', INCREMENTAL)).toMatchObject({ importedRowsCount: 2n, tableRowsCount: 3n });
    const loaded = [
      ['1', 'one'],
      ['2', 'zwei'],
      ['3', 'three'],
    ];
    expect(await rows('orders')).toEqual(loaded);
    const shownNow = async () =>
      (
        await owner.ask(
          info.ObjectInfoCommandSchema,
          { path: [...path, 'orders'], expectedObjectType: info.ObjectType.TABLE },
          info.ObjectInfoResponseSchema,
        )
      ).objectInfo.value;
    expect(await shownNow()).toMatchObject({ rowsCount: 3n, tableName: 'orders' });

    const on = { path, tableName: 'orders' };
    await owner.tell(tables.AddColumnCommandSchema, {
      ...on,
      columnDefinition: { name: 'extra', type: 'BIGINT', nullable: true },
    });
    const altered = await owner.tell(tables.AlterColumnCommandSchema, {
      ...on,
      desiredDefiniton: { name: 'extra', default: '7' },
      attributesToUpdate: ['KBC.datatype.default'],
    });
    expect(altered.messages.map(({ message }) => message)).toEqual(['KBC.datatype.default']);
    expect(await shownNow()).toMatchObject({
      columns: [
        { name: 'id' },
        { name: 'name' },
        { name: '_timestamp' },
        { name: 'extra', type: 'BIGINT', default: '7' },
      ],
    });
    await owner.tell(tables.DropColumnCommandSchema, { ...on, columnName: 'extra' });
    await owner.tell(tables.DropPrimaryKeyCommandSchema, on);
    expect(await shownNow()).toMatchObject({ primaryKeysNames: [], columns: { length: 3 } });
    await owner.tell(tables.AddPrimaryKeyCommandSchema, { ...on, primaryKeysNames: ['id'] });

    await owner.ask(
      tables.CreateTableFromTimeTravelCommandSchema,
      { source: on, destination: { path, tableName: 'before' }, timestamp: BigInt(loadedAt) },
      info.ObjectInfoResponseSchema,
    );
    expect(await rows('before')).toEqual([
      ['1', 'one'],
      ['2', 'two'],
    ]);

    const { bucketShareRoleName: role } = await admin.ask(
      buckets.ShareBucketCommandSchema,
      { sourceProjectId: '1', sourceBucketObjectName: bucket.createBucketObjectName },
      buckets.ShareBucketResponseSchema,
    );
    const { linkedBucketObjectName: linked } = await admin.ask(
      buckets.LinkBucketCommandSchema,
      { targetProjectId: '2', targetBucketId: 'in.c-linked', sourceShareRoleName: role },
      buckets.LinkedBucketResponseSchema,
    );
    expect(await rows('orders', guest, [linked])).toEqual(loaded);

    const { devBranchReadOnlyRoleName } = await owner.ask(
      projects.CreateDevBranchCommandSchema,
      { projectId: '1', branchId: '5' },
      projects.CreateDevBranchResponseSchema,
    );
    const inBranch = await owner.ask(
      buckets.CreateBucketCommandSchema,
      { projectId: '1', bucketId: 'in.c-main', branchId: '5' },
      buckets.CreateBucketResponseSchema,
    );
    expect(inBranch.createBucketObjectName).toBe('5_in_c_main');
    await owner.tell(buckets.DropBucketCommandSchema, { bucketObjectName: '5_in_c_main' });
    await owner.tell(projects.DropDevBranchCommandSchema, { devBranchReadOnlyRoleName });

    const workspace = await owner.ask(
      workspaces.CreateWorkspaceCommandSchema,
      { projectId: '1', workspaceId: '9' },
      workspaces.CreateWorkspaceResponseSchema,
    );
    const schema = workspace.workspaceObjectName;
    const shown = await app.call('GET', `/projects/1/workspaces/${schema}`);
    const { host, port, database } = shown.body.connection as { host: string; port: number; database: string };
    const session = new pg.Client({
      host,
      port,
      database,
      user: workspace.workspaceUserName,
      password: workspace.workspacePassword,
    });
    await session.connect();
    await session.query(`CREATE TABLE mine AS SELECT id, upper(name) AS name FROM in_c_main.orders WHERE id > '1'`);
    await session.end();
    const counted = await owner.ask(
      query.ExecuteQueryCommandSchema,
      { pathRestriction: [schema], query: 'SELECT count(*) AS n FROM mine' },
      query.ExecuteQueryResponseSchema,
    );
    expect(counted.data?.rows.map(({ fields }) => fields)).toEqual([{ n: '2' }]);
    await owner.ask(
      tables.TableImportFromTableCommandSchema,
      { source: { path: [schema], tableName: 'mine' }, destination: on, importOptions: { importType: INCREMENTAL } },
      tables.TableImportResponseSchema,
    );
    expect(await rows('orders')).toEqual([
      ['1', 'one'],
      ['2', 'ZWEI'],
      ['3', 'THREE'],
    ]);

    const exported = await owner.ask(
      tables.TableExportToFileCommandSchema,
      { source: on, filePath: { root: 'project_1', path: 'exports', fileName: 'orders-' } },
      tables.TableExportToFileResponseSchema,
    );
    expect(exported.tableInfo?.rowsCount).toBe(3n);
    const files = await app.call('GET', '/projects/1/files');
    expect(JSON.stringify(files.body)).toContain('exports/orders-manifest');

    await owner.tell(workspaces.DropWorkspaceCommandSchema, { workspaceObjectName: schema, isCascade: true });
    await guest.tell(buckets.UnlinkBucketCommandSchema, { bucketObjectName: linked });
    await admin.tell(buckets.UnshareBucketCommandSchema, { bucketShareRoleName: role });
    await owner.tell(tables.DropTableCommandSchema, { path, tableName: 'before' });
    await owner.tell(buckets.DropBucketCommandSchema, {
      bucketObjectName: bucket.createBucketObjectName,
      isCascade: true,
    });
    const gone = await rows('orders').then(() => undefined, ConnectError.from);
    expect([gone?.code, gone?.rawMessage]).toEqual([Code.NotFound, 'Object "in_c_main" not found.']);
    for (const { projectDatabaseName } of [first, second]) {
      await admin.tell(projects.DropProjectCommandSchema, { projectDatabaseName });
    }
    const keyless = await rows('orders').then(() => undefined, ConnectError.from);
    expect(keyless?.code).toBe(Code.Unauthenticated);
    await admin.tell(backend.RemoveBackendCommandSchema, {});
    const { body } = await app.call('GET', '/projects');
    expect((body.projects as { status: string }[]).map(({ status }) => status)).toEqual(['deleted', 'deleted']);
    expect(app.log.unexpected()).toEqual([]);
  } finally {
    await app.stop();
  }
});

it('shares a bucket live, and stops sharing it, over gRPC alone', async () => {
  const app = await startTestApp();
  try {
    const admin = GrpcDriver.of(app, TEST_ADMIN_KEY);
    await admin.ask(backend.InitBackendCommandSchema, {}, backend.InitBackendResponseSchema);
    const makeProject = async (projectId: string) => {
      const schema = projects.CreateProjectResponseSchema;
      const made = await admin.ask(projects.CreateProjectCommandSchema, { projectId }, schema);
      return admin.withKey(made.projectPassword);
    };
    const [owner, guest] = [await makeProject('1'), await makeProject('2')];
    const { createBucketObjectName: bucket } = await owner.ask(
      buckets.CreateBucketCommandSchema,
      { projectId: '1', bucketId: 'out.c-shared' },
      buckets.CreateBucketResponseSchema,
    );
    const makeTable = (tableName: string) =>
      owner.tell(tables.CreateTableCommandSchema, {
        path: [bucket],
        tableName,
        columns: [{ name: 'a', type: 'VARCHAR' }],
      });
    await makeTable('first');
    const shared = { sourceProjectId: '1', sourceBucketObjectName: bucket };
    const { bucketShareRoleName: role } = await admin.ask(
      buckets.ShareBucketCommandSchema,
      shared,
      buckets.ShareBucketResponseSchema,
    );
    expect(await admin.ask(buckets.ShareBucketCommandSchema, shared, buckets.ShareBucketResponseSchema)).toMatchObject({
      bucketShareRoleName: role,
    });
    const { linkedBucketObjectName: linked } = await admin.ask(
      buckets.LinkBucketCommandSchema,
      { targetProjectId: '2', targetBucketId: 'in.c-linked', sourceShareRoleName: role },
      buckets.LinkedBucketResponseSchema,
    );
    await makeTable('second');
    const listed = await guest.ask(
      info.ObjectInfoCommandSchema,
      { path: [linked], expectedObjectType: info.ObjectType.SCHEMA },
      info.ObjectInfoResponseSchema,
    );
    expect(listed.objectInfo.value).toMatchObject({ objects: [{ objectName: 'first' }, { objectName: 'second' }] });
    const write = guest.tell(tables.DropTableCommandSchema, { path: [linked], tableName: 'first' });
    expect((await write.then(() => undefined, ConnectError.from))?.code).toBe(Code.PermissionDenied);
    await admin.tell(buckets.UnshareBucketCommandSchema, { bucketObjectName: bucket, bucketShareRoleName: role });
    const gone = guest.tell(tables.PreviewTableCommandSchema, { path: [linked], tableName: 'first' });
    expect((await gone.then(() => undefined, ConnectError.from))?.code).toBe(Code.NotFound);
    const again = admin.tell(buckets.LinkBucketCommandSchema, {
      targetProjectId: '2',
      targetBucketId: 'in.c-linked',
      sourceShareRoleName: role,
    });
    expect((await again.then(() => undefined, ConnectError.from))?.code).toBe(Code.NotFound);
    expect(app.log.unexpected()).toEqual([]);
  } finally {
    await app.stop();
  }
});

it('neither loses nor repeats an import whose caller has gone', async () => {
  const app = await startTestApp();
  try {
    const scene = await DriverScene.open(app, '7');
    await scene.table('log', ['v VARCHAR']);
    const fileName = await scene.upload('x.csv', 'line\n'.repeat(200_000));
    const load = (signal?: AbortSignal) =>
      scene.client.run(
        tables.TableImportFromFileCommandSchema,
        scene.importCommand('log', { fileName }, ['v'], {
          importType: tables.ImportExportShared_ImportOptions_ImportType.INCREMENTAL,
        }),
        tables.TableImportResponseSchema,
        { runId: '3.1', ...(signal === undefined ? {} : { signal }) },
      );
    const caller = new AbortController();
    const first = load(caller.signal);
    // As soon as the service works on it, its caller leaves.
    await expect
      .poll(async () => (await app.call('GET', '/metrics')).body as string)
      .toMatch(/requests_in_flight\{method="POST"\} 1/);
    caller.abort();
    await expect(first).rejects.toThrow('abort');
    const { response } = await load();
    expect(response).toMatchObject({ importedRowsCount: 200_000n, tableRowsCount: 200_000n });
  } finally {
    await app.stop();
  }
});
