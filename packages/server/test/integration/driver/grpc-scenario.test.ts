import { type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect, it } from 'vitest';
import * as backend from '../../../src/protocols/driver/gen/proto/backend_pb.js';
import * as buckets from '../../../src/protocols/driver/gen/proto/bucket_pb.js';
import * as info from '../../../src/protocols/driver/gen/proto/info_pb.js';
import * as projects from '../../../src/protocols/driver/gen/proto/project_pb.js';
import { StorageDriverService } from '../../../src/protocols/driver/gen/proto/service_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { driverRequest } from '../../helpers/driver-client.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { startTestApp, TEST_ADMIN_KEY } from '../../helpers/test-app.js';

it('shares a bucket live, and stops sharing it, over gRPC alone', async () => {
  const app = await startTestApp();
  try {
    const client = createClient(
      StorageDriverService,
      createGrpcTransport({ baseUrl: `http://127.0.0.1:${app.grpcPort}` }),
    );
    const tell = async <C extends DescMessage>(secret: string, command: C, fields: MessageInitShape<C>) =>
      await client.execute(driverRequest(command, fields, { secret }));
    const ask = async <C extends DescMessage, R extends DescMessage>(
      secret: string,
      command: C,
      fields: MessageInitShape<C>,
      answer: R,
    ): Promise<MessageShape<R>> => {
      const { commandResponse } = await tell(secret, command, fields);
      const unpacked = commandResponse && anyUnpack(commandResponse, answer);
      if (unpacked === undefined) throw new Error(`${command.name} answered nothing`);
      return unpacked;
    };
    const admin = TEST_ADMIN_KEY;
    await ask(admin, backend.InitBackendCommandSchema, {}, backend.InitBackendResponseSchema);
    const makeProject = async (projectId: string) =>
      (await ask(admin, projects.CreateProjectCommandSchema, { projectId }, projects.CreateProjectResponseSchema))
        .projectPassword;
    const [owner, guest] = [await makeProject('1'), await makeProject('2')];
    const { createBucketObjectName: bucket } = await ask(
      owner,
      buckets.CreateBucketCommandSchema,
      { projectId: '1', bucketId: 'out.c-shared' },
      buckets.CreateBucketResponseSchema,
    );
    const makeTable = (tableName: string) =>
      tell(owner, tables.CreateTableCommandSchema, {
        path: [bucket],
        tableName,
        columns: [{ name: 'a', type: 'VARCHAR' }],
      });
    await makeTable('first');
    const shared = { sourceProjectId: '1', sourceBucketObjectName: bucket };
    const { bucketShareRoleName: role } = await ask(
      admin,
      buckets.ShareBucketCommandSchema,
      shared,
      buckets.ShareBucketResponseSchema,
    );
    expect(await ask(admin, buckets.ShareBucketCommandSchema, shared, buckets.ShareBucketResponseSchema)).toMatchObject(
      { bucketShareRoleName: role },
    );
    const { linkedBucketObjectName: linked } = await ask(
      admin,
      buckets.LinkBucketCommandSchema,
      { targetProjectId: '2', targetBucketId: 'in.c-linked', sourceShareRoleName: role },
      buckets.LinkedBucketResponseSchema,
    );
    await makeTable('second');
    const listed = await ask(
      guest,
      info.ObjectInfoCommandSchema,
      { path: [linked], expectedObjectType: info.ObjectType.SCHEMA },
      info.ObjectInfoResponseSchema,
    );
    expect(listed.objectInfo.value).toMatchObject({ objects: [{ objectName: 'first' }, { objectName: 'second' }] });
    const write = tell(guest, tables.DropTableCommandSchema, { path: [linked], tableName: 'first' });
    expect((await write.then(() => undefined, ConnectError.from))?.code).toBe(Code.PermissionDenied);
    await tell(admin, buckets.UnshareBucketCommandSchema, { bucketObjectName: bucket, bucketShareRoleName: role });
    const gone = tell(guest, tables.PreviewTableCommandSchema, { path: [linked], tableName: 'first' });
    expect((await gone.then(() => undefined, ConnectError.from))?.code).toBe(Code.NotFound);
    const again = tell(admin, buckets.LinkBucketCommandSchema, {
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
