import type { Answer, Api } from '../../../../../acceptance/helpers/api.js';
import { multipart } from '../../../../../acceptance/helpers/storage.js';
import {
  afterImport,
  csvOf,
  EMPTY_PROJECT,
  sha256,
  withAutoSnapshot,
  withFiles,
  withProject,
  withSnapshots,
  withTable,
  type FileModel,
  type Row,
  type SettingsModel,
  type SnapshotModel,
  type TableModel,
  type WorkspaceModel,
  type World,
} from './world.js';

/** One request that changes something, with the world as it is once it has happened. */
export interface Operation {
  readonly kind: string;
  /** For messages: what, where. */
  readonly label: string;
  readonly idempotencyKey: string;
  send(admin: Api): Promise<Answer>;
  /** `answer` is null while the answer is not known; what only it tells stays open in the world then. */
  after(world: World, answer: unknown): World;
}

export interface TablePlace {
  readonly projectId: string;
  readonly bucket: string;
  readonly table: string;
}

/** An upload session that was acknowledged: whatever happens, its bytes can still be sent and registered. */
export interface Session {
  readonly projectId: string;
  readonly uploadKey: string;
  readonly rows: readonly Row[];
  /** The bytes to send, when they are not simply the rows as CSV. */
  readonly content?: Uint8Array;
}

const COLUMNS = [
  { name: 'id', type: 'INTEGER' },
  { name: 'marker', type: 'VARCHAR' },
  { name: 'value', type: 'VARCHAR' },
];

const unchanged = (world: World): World => world;

const bucketsPath = (projectId: string): string => `/projects/${projectId}/branches/default/buckets`;
const tablesPath = (at: Omit<TablePlace, 'table'>): string => `${bucketsPath(at.projectId)}/${at.bucket}/tables`;
export const tablePath = (at: TablePlace): string => `${tablesPath(at)}/${at.table}`;

export function request(
  kind: string,
  key: string,
  target: { readonly method: string; readonly path: string; readonly json?: unknown },
  after: Operation['after'],
): Operation {
  const { method, path, json } = target;
  const headers = { 'x-idempotency-key': key };
  return {
    kind,
    label: `${kind} (${method} ${path})`,
    idempotencyKey: key,
    send: (admin) => admin.request(method, path, { headers, ...(json === undefined ? {} : { json }) }),
    after,
  };
}

export function createProject(key: string, projectId: string): Operation {
  return request('create project', key, { method: 'POST', path: '/projects', json: { id: projectId } }, (world) =>
    withProject(world, projectId, EMPTY_PROJECT),
  );
}

export function deleteProject(key: string, projectId: string): Operation {
  return request('delete project', key, { method: 'DELETE', path: `/projects/${projectId}` }, (world) =>
    withProject(world, projectId, undefined),
  );
}

export function createBucket(key: string, projectId: string, bucket: string): Operation {
  const target = { method: 'POST', path: bucketsPath(projectId), json: { name: bucket } };
  return request('create bucket', key, target, (world) => {
    const project = world[projectId] ?? EMPTY_PROJECT;
    return withProject(world, projectId, { ...project, buckets: { ...project.buckets, [bucket]: {} } });
  });
}

export function deleteBucket(key: string, projectId: string, bucket: string): Operation {
  const target = { method: 'DELETE', path: `${bucketsPath(projectId)}/${bucket}?cascade=true` };
  return request('delete bucket', key, target, (world) => {
    const project = world[projectId] ?? EMPTY_PROJECT;
    const tables = Object.keys(project.buckets[bucket] ?? {});
    const kept = tables.reduce(
      (each, table) => withAutoSnapshot(each, { projectId, bucket, table }, 'auto_predrop'),
      world,
    );
    const { snapshots } = kept[projectId] ?? EMPTY_PROJECT;
    const { [bucket]: _deleted, ...buckets } = project.buckets;
    return withProject(world, projectId, { ...project, buckets, snapshots });
  });
}

export function createTable(key: string, at: TablePlace, keyed: boolean): Operation {
  const json = { name: at.table, columns: COLUMNS, ...(keyed ? { primary_key: ['id'] } : {}) };
  return request('create table', key, { method: 'POST', path: tablesPath(at), json }, (world) =>
    withTable(world, at, { keyed, rows: [] }),
  );
}

export function deleteTable(key: string, at: TablePlace): Operation {
  return request('delete table', key, { method: 'DELETE', path: tablePath(at) }, (world) =>
    withTable(withAutoSnapshot(world, at, 'auto_predrop'), at, undefined),
  );
}

export function importFile(key: string, at: TablePlace, file: FileModel, incremental: boolean): Operation {
  const json = { file_id: file.id, format: 'csv', import_options: { incremental } };
  const target = { method: 'POST', path: `${tablePath(at)}/import/file`, json };
  return request(incremental ? 'incremental import' : 'full import', key, target, (world) => {
    const table = world[at.projectId]?.buckets[at.bucket]?.[at.table];
    if (table === undefined || file.rows === null) throw new Error('imports into what is not there');
    const kept = incremental ? world : withAutoSnapshot(world, at, 'auto_pretruncate');
    return withTable(kept, at, afterImport(table, file.rows, incremental));
  });
}

const snapshotsPath = (projectId: string): string => `/projects/${projectId}/branches/default/snapshots`;

export function takeSnapshot(key: string, at: TablePlace): Operation {
  const { projectId, bucket, table } = at;
  const target = { method: 'POST', path: snapshotsPath(projectId), json: { bucket, table } };
  return request('snapshot', key, target, (world, answer) => {
    const project = world[projectId] ?? EMPTY_PROJECT;
    const state = project.buckets[bucket]?.[table];
    if (state === undefined) throw new Error('a snapshot of what is not there');
    const snapshot = { id: textMember(answer, 'id'), type: 'manual', bucket, table, state };
    return withSnapshots(world, projectId, [...project.snapshots, snapshot]);
  });
}

export function deleteSnapshot(key: string, projectId: string, snapshot: SnapshotModel): Operation {
  const target = { method: 'DELETE', path: `${snapshotsPath(projectId)}/${snapshot.id}` };
  return request('delete snapshot', key, target, (world) => {
    const { snapshots } = world[projectId] ?? EMPTY_PROJECT;
    return withSnapshots(
      world,
      projectId,
      snapshots.filter(({ id }) => id !== snapshot.id),
    );
  });
}

/** To where it was, or to another name in its bucket. */
export function restoreSnapshot(
  key: string,
  projectId: string,
  snapshot: SnapshotModel,
  otherName?: string,
): Operation {
  const { bucket, table } = snapshot;
  const path = `${snapshotsPath(projectId)}/${snapshot.id}/restore`;
  const json = otherName === undefined ? {} : { target_table: otherName };
  const kind = otherName === undefined ? 'restore' : 'restore elsewhere';
  return request(kind, key, { method: 'POST', path, json }, (world) => {
    const at = { projectId, bucket, table: otherName ?? table };
    return withTable(withAutoSnapshot(world, at, 'auto_prerestore'), at, snapshot.state);
  });
}

export function restoreVersion(
  key: string,
  at: TablePlace,
  version: { readonly id: string; readonly state: TableModel },
): Operation {
  const target = { method: 'POST', path: `${tablePath(at)}/versions/${version.id}/restore` };
  return request('version restore', key, target, (world) => withTable(world, at, version.state));
}

export function putSettings(key: string, projectId: string, settings: SettingsModel & {}): Operation {
  const target = { method: 'PUT', path: `/projects/${projectId}/settings/snapshots`, json: settings };
  return request('settings', key, target, (world) =>
    withProject(world, projectId, { ...(world[projectId] ?? EMPTY_PROJECT), settings }),
  );
}

export function exportTable(key: string, at: TablePlace): Operation {
  const target = { method: 'POST', path: `${tablePath(at)}/export`, json: { format: 'csv' } };
  return request('export', key, target, (world, answer) => {
    const project = world[at.projectId] ?? EMPTY_PROJECT;
    const rows = project.buckets[at.bucket]?.[at.table]?.rows ?? [];
    const file = { id: textMember(answer, 'file_id'), sha256: sha256(csvOf(rows)), rows: null };
    return withFiles(world, at.projectId, [...project.files, file]);
  });
}

export function createWorkspace(key: string, projectId: string, name: string): Operation {
  const target = { method: 'POST', path: `/projects/${projectId}/workspaces`, json: { name } };
  return request('create workspace', key, target, (world, answer) =>
    withWorkspaces(world, projectId, (workspaces) => [...workspaces, { id: textMember(answer, 'id'), name }]),
  );
}

export function deleteWorkspace(key: string, projectId: string, workspace: WorkspaceModel): Operation {
  const target = { method: 'DELETE', path: `/projects/${projectId}/workspaces/${workspace.id}` };
  return request('delete workspace', key, target, (world) =>
    withWorkspaces(world, projectId, (workspaces) => workspaces.filter(({ name }) => name !== workspace.name)),
  );
}

function withWorkspaces(
  world: World,
  projectId: string,
  change: (workspaces: readonly WorkspaceModel[]) => readonly WorkspaceModel[],
): World {
  const project = world[projectId] ?? EMPTY_PROJECT;
  return withProject(world, projectId, { ...project, workspaces: change(project.workspaces) });
}

export function deleteFile(key: string, projectId: string, file: FileModel): Operation {
  const target = { method: 'DELETE', path: `/projects/${projectId}/files/${file.id}` };
  return request('delete file', key, target, (world) =>
    withFiles(
      world,
      projectId,
      (world[projectId] ?? EMPTY_PROJECT).files.filter(({ id }) => id !== file.id),
    ),
  );
}

export function prepareUpload(key: string, projectId: string, sizeBytes?: number): Operation {
  const json = { filename: 'rows.csv', ...(sizeBytes === undefined ? {} : { size_bytes: sizeBytes }) };
  const target = { method: 'POST', path: `/projects/${projectId}/files/prepare`, json };
  return request('prepare', key, target, unchanged);
}

export function sendUpload(key: string, session: Session): Operation {
  const path = `/projects/${session.projectId}/files/upload/${session.uploadKey}`;
  return {
    kind: 'upload',
    label: `upload (POST ${path})`,
    idempotencyKey: key,
    send: (admin) => {
      const form = multipart(session.content ?? csvOf(session.rows));
      return admin.request('POST', path, { headers: { ...form.headers, 'x-idempotency-key': key }, body: form.body });
    },
    after: unchanged,
  };
}

export function registerUpload(key: string, session: Session): Operation {
  const { projectId, uploadKey, rows } = session;
  const target = { method: 'POST', path: `/projects/${projectId}/files`, json: { upload_key: uploadKey } };
  return request('register', key, target, (world, answer) => {
    const file = { id: textMember(answer, 'id'), sha256: sha256(session.content ?? csvOf(rows)), rows };
    return withFiles(world, projectId, [...(world[projectId] ?? EMPTY_PROJECT).files, file]);
  });
}

export function textMember(answer: unknown, name: string): string | null {
  if (typeof answer !== 'object' || answer === null || !(name in answer)) return null;
  const value = (answer as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : null;
}
