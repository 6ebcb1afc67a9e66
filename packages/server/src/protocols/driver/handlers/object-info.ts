import { create } from '@bufbuild/protobuf';
import { nameKey } from '../../../model/columns.js';
import { DEFAULT_BRANCH_ID } from '../../../model/refs.js';
import type { WorkspaceObject } from '../../../workers/workspace-messages.js';
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
  TableInfoSchema,
  ViewInfoSchema,
  type ObjectInfo,
  type ObjectInfoResponse,
} from '../gen/proto/info_pb.js';
import { isWorkspaceName } from '../object-names.js';
import { columnInfo, tableObjectInfo } from '../shapes/table-info.js';

/** Connection wants to see all of them; a project has a few. */
const EVERY_WORKSPACE = { limit: 10_000, offset: 0 };

export const objectInfo = defineCommand({
  level: 'project',
  operation: 'table.get',
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
        return viewInfoOf(call, path);
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
  await call.mustMayRead('workspace.list', projectId);
  const workspaces = await call.services.workspaces.list(projectId, undefined, EVERY_WORKSPACE);
  const names = [...items.map(({ name }) => name), ...workspaces.items.map(({ id }) => id)];
  const objects = names.map((objectName) => create(ObjectInfoSchema, { objectName, objectType: ObjectType.SCHEMA }));
  return create(ObjectInfoResponseSchema, {
    path: [...path],
    objectType: ObjectType.DATABASE,
    objectInfo: { case: 'databaseInfo', value: create(DatabaseInfoSchema, { objects }) },
  });
}

async function schemaInfo(call: DriverCall, path: readonly string[]): Promise<ObjectInfoResponse> {
  const name = path.at(-1) ?? '';
  if (isWorkspaceName(name)) {
    const found = await workspaceObjects(call, name);
    const objects = found.map((object) =>
      create(ObjectInfoSchema, {
        objectName: object.name,
        objectType: object.type === 'view' ? ObjectType.VIEW : ObjectType.TABLE,
      }),
    );
    return schemaResponse(path, objects);
  }
  const bucket = call.bucket(path);
  await call.mustMayRead('table.list', bucket.projectId, bucket);
  const { items } = await call.services.tables.list(bucket);
  const objects = items.map((table) =>
    create(ObjectInfoSchema, { objectName: table.name, objectType: ObjectType.TABLE }),
  );
  return schemaResponse(path, objects);
}

function schemaResponse(path: readonly string[], objects: ObjectInfo[]): ObjectInfoResponse {
  return create(ObjectInfoResponseSchema, {
    path: [...path],
    objectType: ObjectType.SCHEMA,
    objectInfo: { case: 'schemaInfo', value: create(SchemaInfoSchema, { objects }) },
  });
}

/** Those of the schema that PostgreSQL clients call `public`. */
async function workspaceObjects(call: DriverCall, name: string): Promise<readonly WorkspaceObject[]> {
  const ref = call.workspace(name);
  await call.mustMayRead('workspace.get', ref.projectId);
  const { objects } = await call.services.workspaces.get(ref, call.signal);
  return objects.filter(({ schema }) => schema === 'main');
}

async function workspaceObjectInfo(
  call: DriverCall,
  path: readonly string[],
  type: WorkspaceObject['type'],
): Promise<ObjectInfoResponse> {
  const name = path.at(-1) ?? '';
  const container = path.slice(0, -1);
  const objects = await workspaceObjects(call, container.at(-1) ?? '');
  const object = objects.find((each) => nameKey(each.name) === nameKey(name) && each.type === type);
  if (object === undefined) throw objectNotFound(name);
  const columns = object.columns.map((column) => columnInfo({ ...column, default: null }));
  const rowsCount = BigInt(object.rows ?? 0);
  return create(ObjectInfoResponseSchema, {
    path: [...path],
    objectType: type === 'view' ? ObjectType.VIEW : ObjectType.TABLE,
    objectInfo:
      type === 'view'
        ? {
            case: 'viewInfo',
            value: create(ViewInfoSchema, { path: container, viewName: object.name, columns, rowsCount }),
          }
        : {
            case: 'tableInfo',
            value: create(TableInfoSchema, { path: container, tableName: object.name, columns, rowsCount }),
          },
  });
}

async function tableInfoOf(call: DriverCall, path: readonly string[]): Promise<ObjectInfoResponse> {
  const tableName = path.at(-1);
  if (path.length < 2 || tableName === undefined) throw invalid('The path must name a bucket and a table.', { path });
  const container = path.slice(0, -1);
  if (isWorkspaceName(container.at(-1) ?? '')) return await workspaceObjectInfo(call, path, 'table');
  const ref = call.table(container, tableName);
  await call.mustMayRead('table.get', ref.projectId, ref);
  return { ...tableObjectInfo(await call.services.tables.get(ref), container), path: [...path] };
}

/** A bucket of this backend holds tables only. */
async function viewInfoOf(call: DriverCall, path: readonly string[]): Promise<ObjectInfoResponse> {
  const container = path.at(-2) ?? '';
  if (isWorkspaceName(container)) return await workspaceObjectInfo(call, path, 'view');
  const bucket = call.bucket(path.slice(0, -1));
  await call.mustMayRead('bucket.get', bucket.projectId, bucket);
  await call.services.buckets.get(bucket);
  throw objectNotFound(path.at(-1) ?? '');
}
