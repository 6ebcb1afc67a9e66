import { create } from '@bufbuild/protobuf';
import { DEFAULT_BRANCH_ID } from '../../../model/refs.js';
import type { DriverCall } from '../driver-call.js';
import { defineCommand } from '../define-command.js';
import { DRIVER_CODES, DriverFailure, invalid, objectNotFound } from '../driver-failure.js';
import {
  DatabaseInfoSchema,
  ObjectInfoCommandSchema,
  ObjectInfoResponseSchema,
  ObjectInfoSchema,
  ObjectType,
  SchemaInfoSchema,
  type ObjectInfoResponse,
} from '../gen/proto/info_pb.js';
import { tableObjectInfo } from '../shapes/table-info.js';

export const objectInfo = defineCommand({
  level: 'project',
  summary: 'Describes a project (its buckets and workspaces), a bucket (its tables), or a table.',
  request: ObjectInfoCommandSchema,
  response: ObjectInfoResponseSchema,
  run: (call, { path, expectedObjectType }) => {
    switch (expectedObjectType) {
      case ObjectType.DATABASE:
        return databaseInfo(call, path);
      case ObjectType.SCHEMA:
        return schemaInfo(call, path);
      case ObjectType.TABLE:
        return tableInfoOf(call, path);
      case ObjectType.VIEW:
        return noViews(path);
      default: {
        const type = String(expectedObjectType);
        throw new DriverFailure('invalid_argument', DRIVER_CODES.unknownObject, `Unknown object "${type}".`);
      }
    }
  },
});

async function databaseInfo(call: DriverCall, path: readonly string[]): Promise<ObjectInfoResponse> {
  const projectId = call.projectId();
  await call.mustMayRead('bucket.list', projectId);
  const { items } = await call.services.buckets.list({ projectId, branchId: DEFAULT_BRANCH_ID });
  const objects = items.map(({ name }) =>
    create(ObjectInfoSchema, { objectName: name, objectType: ObjectType.SCHEMA }),
  );
  return create(ObjectInfoResponseSchema, {
    path: [...path],
    objectType: ObjectType.DATABASE,
    objectInfo: { case: 'databaseInfo', value: create(DatabaseInfoSchema, { objects }) },
  });
}

async function schemaInfo(call: DriverCall, path: readonly string[]): Promise<ObjectInfoResponse> {
  const bucket = call.bucket(path);
  await call.mustMayRead('table.list', bucket.projectId, bucket);
  const { items } = await call.services.tables.list(bucket);
  const objects = items.map(({ name }) => create(ObjectInfoSchema, { objectName: name, objectType: ObjectType.TABLE }));
  return create(ObjectInfoResponseSchema, {
    path: [...path],
    objectType: ObjectType.SCHEMA,
    objectInfo: { case: 'schemaInfo', value: create(SchemaInfoSchema, { objects }) },
  });
}

async function tableInfoOf(call: DriverCall, path: readonly string[]): Promise<ObjectInfoResponse> {
  const tableName = path.at(-1);
  if (path.length < 2 || tableName === undefined) throw invalid('The path must name a bucket and a table.', { path });
  const container = path.slice(0, -1);
  const ref = call.table(container, tableName);
  await call.mustMayRead('table.get', ref.projectId, ref);
  return { ...tableObjectInfo(await call.services.tables.get(ref), container), path: [...path] };
}

/** A bucket of this backend holds tables only. */
function noViews(path: readonly string[]): never {
  throw objectNotFound(path.at(-1) ?? '');
}
