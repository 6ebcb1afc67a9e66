import { mustSucceed, type Api } from '../../../../../acceptance/helpers/api.js';
import * as operations from './operations.js';
import type { Operation } from './operations.js';
import * as schema from './schema-operations.js';
import {
  makeRows,
  type FileModel,
  type SnapshotModel,
  type TableModel,
  type WorkspaceModel,
  type World,
} from './world.js';

/** A project with a table of two rows, a snapshot of it, a file of three, an upload session, one whose bytes have arrived, and a workspace. */
export interface Scene {
  readonly projectId: string;
  readonly world: World;
  readonly at: operations.TablePlace;
  readonly file: FileModel;
  /** Of the table as it is. */
  readonly snapshot: SnapshotModel;
  /** The table when it was still empty. */
  readonly emptyVersion: { readonly id: string; readonly state: TableModel };
  readonly prepared: operations.Session;
  readonly uploaded: operations.Session;
  readonly workspace: WorkspaceModel;
}

/** Each change of the storage once, as it applies to a scene. */
export const CHANGES = {
  'create project': ({ projectId }, key) => operations.createProject(key, `${projectId}-second`),
  'create bucket': ({ projectId }, key) => operations.createBucket(key, projectId, 'second'),
  'create table': ({ at }, key) => operations.createTable(key, { ...at, table: 'second' }, true),
  'full import': ({ at, file }, key) => operations.importFile(key, at, file, false),
  'incremental import': ({ at, file }, key) => operations.importFile(key, at, file, true),
  'add column': ({ at }, key) => schema.addColumn(key, at, 'extra', 7),
  'alter column': ({ at }, key) => schema.alterColumn(key, at),
  'drop column': ({ at }, key) => schema.dropColumn(key, at, 'value'),
  'drop primary key': ({ at }, key) => schema.dropPrimaryKey(key, at),
  'delete rows': ({ at }, key) => schema.deleteRows(key, at, 1),
  'delete table': ({ at }, key) => operations.deleteTable(key, at),
  export: ({ at }, key) => operations.exportTable(key, at),
  upload: ({ prepared }, key) => operations.sendUpload(key, prepared),
  'repeated upload': ({ uploaded }, key) => operations.sendUpload(key, { ...uploaded, rows: makeRows('again', 1, 6) }),
  register: ({ uploaded }, key) => operations.registerUpload(key, uploaded),
  'delete file': ({ projectId, file }, key) => operations.deleteFile(key, projectId, file),
  snapshot: ({ at }, key) => operations.takeSnapshot(key, at),
  'delete snapshot': ({ projectId, snapshot }, key) => operations.deleteSnapshot(key, projectId, snapshot),
  restore: ({ projectId, snapshot }, key) => operations.restoreSnapshot(key, projectId, snapshot),
  'restore elsewhere': ({ projectId, snapshot }, key) =>
    operations.restoreSnapshot(key, projectId, snapshot, 'restored'),
  'version restore': ({ at, emptyVersion }, key) => operations.restoreVersion(key, at, emptyVersion),
  settings: ({ projectId }, key) =>
    operations.putSettings(key, projectId, { auto_snapshot_triggers: { truncate_table: true } }),
  'create workspace': ({ projectId }, key) => operations.createWorkspace(key, projectId, 'second'),
  'delete or expire workspace': ({ projectId, workspace }, key) =>
    operations.deleteWorkspace(key, projectId, workspace),
  'delete bucket': ({ projectId }, key) => operations.deleteBucket(key, projectId, 'b'),
  'delete project': ({ projectId }, key) => operations.deleteProject(key, projectId),
} as const satisfies Record<string, (scene: Scene, key: string) => Operation>;

export type ChangeName = keyof typeof CHANGES;

export async function makeScene(admin: Api, projectId: string): Promise<Scene> {
  const at = { projectId, bucket: 'b', table: 't' };
  let world: World = {};
  let count = 0;
  const key = (): string => `${projectId}-scene-${(count += 1)}`;
  const perform = async (operation: Operation): Promise<unknown> => {
    const answer = mustSucceed(await operation.send(admin));
    world = operation.after(world, answer);
    return answer;
  };
  const prepare = async (rowCount: number): Promise<operations.Session> => {
    const answer = await perform(operations.prepareUpload(key(), projectId));
    const uploadKey = operations.textMember(answer, 'upload_key') ?? '';
    return { projectId, uploadKey, rows: makeRows(`m${rowCount}`, 1, rowCount) };
  };
  const addFile = async (rowCount: number): Promise<FileModel> => {
    const session = await prepare(rowCount);
    await perform(operations.sendUpload(key(), session));
    await perform(operations.registerUpload(key(), session));
    const file = world[projectId]?.files.at(-1);
    if (file === undefined) throw new Error('the file is not in the world');
    return file;
  };
  await perform(operations.createProject(key(), projectId));
  await perform(operations.createBucket(key(), projectId, 'b'));
  await perform(operations.createTable(key(), at, true));
  await perform(operations.importFile(key(), at, await addFile(2), false));
  await perform(operations.takeSnapshot(key(), at));
  const { versions } = mustSucceed(
    await admin.get<{ versions: readonly { id: string }[] }>(`${operations.tablePath(at)}/versions`),
  );
  const snapshot = world[projectId]?.snapshots.at(-1);
  const firstVersion = versions.at(-1);
  if (snapshot === undefined || firstVersion === undefined) throw new Error('the table has no history');
  const emptyVersion = { id: firstVersion.id, state: { keyed: true, rows: [] } };
  const file = await addFile(3);
  const prepared = await prepare(4);
  const uploaded = await prepare(5);
  await perform(operations.sendUpload(key(), uploaded));
  await perform(operations.createWorkspace(key(), projectId, 'first'));
  const workspace = world[projectId]?.workspaces.at(-1);
  if (workspace === undefined) throw new Error('the workspace is not in the world');
  return { projectId, world, at, file, snapshot, emptyVersion, prepared, uploaded, workspace };
}
