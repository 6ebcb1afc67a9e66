import { mustSucceed, type Api } from '../../../../../acceptance/helpers/api.js';
import * as operations from './operations.js';
import type { Operation, Session } from './operations.js';
import { makeRows, type FileModel, type World } from './world.js';

/** A change was acknowledged: from now on this is what must be there. */
export interface Milestone {
  readonly label: string;
  readonly world: World;
  /** Uploads that were acknowledged and are not registered yet. */
  readonly sessions: readonly { readonly session: Session; readonly uploaded: boolean }[];
}

/** Every kind of publication once, one after the other; `reached` is awaited after each acknowledgement. */
export async function publishEverything(admin: Api, reached: (milestone: Milestone) => Promise<void>): Promise<void> {
  let world: World = {};
  let sessions: Milestone['sessions'] = [];
  let count = 0;
  const perform = async (make: (key: string) => Operation): Promise<unknown> => {
    const operation = make(`publication-${(count += 1)}`);
    const answer = mustSucceed(await operation.send(admin));
    world = operation.after(world, answer);
    if (operation.kind === 'register') sessions = [];
    await reached({ label: operation.label, world, sessions });
    return answer;
  };
  const upload = async (projectId: string, marker: string, rowCount: number, times = 1): Promise<FileModel> => {
    const prepared = await perform((key) => operations.prepareUpload(key, projectId));
    const uploadKey = operations.textMember(prepared, 'upload_key') ?? '';
    for (let time = 1; time <= times; time += 1) {
      const session = { projectId, uploadKey, rows: makeRows(`${marker}${time}`, 1, rowCount) };
      sessions = [{ session, uploaded: false }];
      const sending = operations.sendUpload(`upload-${marker}-${time}`, session);
      mustSucceed(await sending.send(admin));
      sessions = [{ session, uploaded: true }];
      await reached({ label: sending.label, world, sessions });
    }
    const [open] = sessions;
    if (open === undefined) throw new Error('the session is gone');
    await perform((key) => operations.registerUpload(key, open.session));
    const file = world[projectId]?.files.at(-1);
    if (file === undefined) throw new Error('the file is not in the world');
    return file;
  };
  const at = (table: string, bucket = 'b1') => ({ projectId: 'p1', bucket, table });

  await perform((key) => operations.createProject(key, 'p1'));
  await perform((key) => operations.createBucket(key, 'p1', 'b1'));
  await perform((key) => operations.createTable(key, at('plain'), false));
  await perform((key) => operations.createTable(key, at('keyed'), true));
  const first = await upload('p1', 'first', 20);
  const second = await upload('p1', 'second', 30, 2);
  await perform((key) => operations.importFile(key, at('plain'), first, false));
  await perform((key) => operations.importFile(key, at('plain'), second, true));
  await perform((key) => operations.importFile(key, at('keyed'), first, false));
  await perform((key) => operations.importFile(key, at('keyed'), second, true));
  await perform((key) => operations.importFile(key, at('plain'), second, false));
  await perform((key) => operations.exportTable(key, at('keyed')));
  await perform((key) => operations.takeSnapshot(key, at('keyed')));
  const snapshot = world['p1']?.snapshots.at(-1);
  if (snapshot === undefined) throw new Error('the snapshot is not in the world');
  const triggers = { drop_table: true, truncate_table: true };
  await perform((key) => operations.putSettings(key, 'p1', { auto_snapshot_triggers: triggers }));
  await perform((key) => operations.importFile(key, at('keyed'), first, false));
  await perform((key) => operations.restoreSnapshot(key, 'p1', snapshot));
  await perform((key) => operations.restoreSnapshot(key, 'p1', snapshot, 'restored'));
  await perform((key) => operations.deleteSnapshot(key, 'p1', snapshot));
  await perform((key) => operations.deleteFile(key, 'p1', first));
  await perform((key) => operations.deleteTable(key, at('plain')));
  await perform((key) => operations.createBucket(key, 'p1', 'b2'));
  await perform((key) => operations.createTable(key, at('inside', 'b2'), false));
  await perform((key) => operations.deleteBucket(key, 'p1', 'b2'));
  await perform((key) => operations.createProject(key, 'p2'));
  await upload('p2', 'third', 5);
  await perform((key) => operations.deleteProject(key, 'p2'));
}
