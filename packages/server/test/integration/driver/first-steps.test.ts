import { afterAll, beforeAll, expect, it } from 'vitest';
import * as backend from '../../../src/protocols/driver/gen/proto/backend_pb.js';
import * as buckets from '../../../src/protocols/driver/gen/proto/bucket_pb.js';
import * as info from '../../../src/protocols/driver/gen/proto/info_pb.js';
import * as projects from '../../../src/protocols/driver/gen/proto/project_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { DriverClient } from '../../helpers/driver-client.js';
import { startTestApp, TEST_ADMIN_KEY, type TestApp } from '../../helpers/test-app.js';

let app: TestApp;
let admin: DriverClient;

beforeAll(async () => {
  app = await startTestApp();
  admin = new DriverClient(app.address, TEST_ADMIN_KEY);
});

afterAll(() => app.stop());

it('goes from the backend to a table and back', async () => {
  await admin.run(backend.InitBackendCommandSchema, {}, backend.InitBackendResponseSchema);
  const { response: project } = await admin.run(
    projects.CreateProjectCommandSchema,
    { projectId: '7', stackPrefix: 'kbc_' },
    projects.CreateProjectResponseSchema,
  );
  const client = admin.withKey(project.projectPassword);
  const { response: bucket } = await client.run(
    buckets.CreateBucketCommandSchema,
    { projectId: '7', bucketId: 'in.c-main' },
    buckets.CreateBucketResponseSchema,
  );
  expect(bucket.createBucketObjectName).toBe('in_c_main');
  const path = [bucket.createBucketObjectName];
  const { response: created } = await client.run(
    tables.CreateTableCommandSchema,
    {
      path,
      tableName: 'orders',
      columns: [
        { name: 'id', type: 'INTEGER' },
        { name: 'price', type: 'DECIMAL', length: '10,2', nullable: true },
        { name: '_timestamp', type: 'TIMESTAMP', nullable: true },
      ],
      primaryKeysNames: ['id'],
    },
    info.ObjectInfoResponseSchema,
  );
  expect(created.objectInfo.case).toBe('tableInfo');
  const { response: preview } = await client.run(
    tables.PreviewTableCommandSchema,
    { path, tableName: 'orders', columns: ['id', 'price'] },
    tables.PreviewTableResponseSchema,
  );
  expect(preview.columns).toEqual(['id', 'price']);
  expect(preview.rows).toEqual([]);
  await client.tell(tables.DropTableCommandSchema, { path, tableName: 'orders' });
  const again = await client.tell(tables.DropTableCommandSchema, { path, tableName: 'orders' });
  expect(again.messages).toEqual([{ level: 'Notice', message: 'Table orders was gone already.' }]);
  await client.tell(buckets.DropBucketCommandSchema, { bucketObjectName: 'in_c_main' });
  await admin.tell(projects.DropProjectCommandSchema, { projectDatabaseName: project.projectDatabaseName });
});
