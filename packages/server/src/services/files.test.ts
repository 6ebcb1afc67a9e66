import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, openFilesScene, type FilesScene, type SceneOptions } from '../../test/helpers/files-scene.js';
import { makeTempDir, type TempDir } from '../../test/helpers/temp-dir.js';

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

let directory: TempDir;
let scene: FilesScene;

async function open(options: Partial<SceneOptions> = {}): Promise<FilesScene> {
  scene = await openFilesScene({ root: directory.path, projects: ['p1', 'p2'], ...options });
  return scene;
}

beforeEach(async () => {
  directory = await makeTempDir();
});
afterEach(async () => {
  expect(scene.warnings).toEqual([]);
  await scene.close();
  await directory.remove();
});

describe('Files', () => {
  it('takes a file in by prepare, upload and register, and gives it out again', async () => {
    const { files, change, upload, contentOf, onDisk, store, time } = await open();
    const session = await files.prepare(change('file.prepare'), 'p1', {
      fileName: 'd.csv',
      contentType: 'text/csv',
      sizeBytes: 4,
      sha256: sha256('a\n1\n').toUpperCase(),
      tags: { a: '1', b: '1' },
    });
    expect(session.expiresAt.getTime() - time.now.getTime()).toBe(24 * HOUR_MS);
    expect(await upload('p1', session.key, 'a\n1\n')).toEqual({
      uploadKey: session.key,
      stagingPath: `staging/${session.key}_d.csv`,
      sizeBytes: 4,
      checksumSha256: sha256('a\n1\n'),
    });
    const file = await files.register(change('file.register'), 'p1', {
      uploadKey: session.key,
      name: 'renamed.csv',
      tags: { b: '2' },
    });
    expect(file).toEqual({
      id: file.id,
      projectId: 'p1',
      name: 'renamed.csv',
      path: `project_p1/2026/11/23/${file.id}_renamed.csv`,
      sizeBytes: 4,
      contentType: 'text/csv',
      checksumSha256: sha256('a\n1\n'),
      tags: { a: '1', b: '2' },
      createdAt: time.now,
      expiresAt: null,
    });
    expect(await files.get('p1', file.id)).toEqual(file);
    expect(await files.list('p1', { limit: 10, offset: 0 })).toEqual({ items: [file], total: 1 });
    expect(await contentOf('p1', file.id)).toBe('a\n1\n');
    expect(await onDisk()).toEqual([file.path]);
    await files.delete(change('file.delete'), 'p1', file.id);
    await expect(files.get('p1', file.id)).rejects.toMatchObject({ code: 'file_not_found' });
    expect(await onDisk()).toEqual([]);
    const audit = await store.listOperations({ projectId: 'p1' }, { limit: 10, offset: 0 });
    expect(audit.items.map((entry) => entry.operation).sort()).toEqual([
      'file.delete',
      'file.prepare',
      'file.register',
      'file.upload',
    ]);
  });

  it('says which project is unknown and which is deleted, for every operation', async () => {
    const { files, change, prepare, upload, register, store, time } = await open();
    await store.transaction((tx) => tx.deleteProject('p2', time.now));
    for (const [project, code] of [
      ['none', 'project_not_found'],
      ['p2', 'project_db_not_found'],
    ] as const) {
      const refusal = { code, details: { project_id: project } };
      await expect(prepare(project)).rejects.toMatchObject(refusal);
      await expect(upload(project, 'key', 'x')).rejects.toMatchObject(refusal);
      await expect(register(project, 'key')).rejects.toMatchObject(refusal);
      await expect(files.list(project, { limit: 1, offset: 0 })).rejects.toMatchObject(refusal);
      await expect(files.get(project, 'id')).rejects.toMatchObject(refusal);
      await expect(files.openDownload(project, 'id')).rejects.toMatchObject(refusal);
      await expect(files.delete(change('file.delete'), project, 'id')).rejects.toMatchObject(refusal);
    }
  });

  it('tells unknown files and lost bytes apart', async () => {
    const { files, change, addFile, filesDirectory } = await open();
    const unknown = { code: 'file_not_found', message: 'File x not found in project p1' };
    await expect(files.get('p1', 'x')).rejects.toMatchObject(unknown);
    await expect(files.delete(change('file.delete'), 'p1', 'x')).rejects.toMatchObject(unknown);
    const file = await addFile('p1', 'content');
    await expect(files.get('p2', file.id)).rejects.toMatchObject({ code: 'file_not_found' });
    await rm(join(filesDirectory, file.path));
    const lost = { code: 'file_content_not_found', details: { file_id: file.id } };
    await expect(files.openDownload('p1', file.id)).rejects.toMatchObject(lost);
    await files.delete(change('file.delete'), 'p1', file.id);
  });

  it('keeps giving out bytes that are deleted meanwhile, and never half of them', async () => {
    const { files, change, addFile } = await open();
    const file = await addFile('p1', 'x'.repeat(900_000));
    const opened = (await files.openDownload('p1', file.id)).read();
    const iterator = opened[Symbol.asyncIterator]();
    const first = (await iterator.next()) as IteratorResult<Buffer>;
    const late = await files.openDownload('p1', file.id);
    await files.delete(change('file.delete'), 'p1', file.id);
    let size = first.value.byteLength;
    for (;;) {
      const next = (await iterator.next()) as IteratorResult<Buffer>;
      if (next.done === true) break;
      size += next.value.byteLength;
    }
    expect(size).toBe(900_000);
    await expect(late.read().toArray()).rejects.toMatchObject({ code: 'file_content_not_found' });
  });

  it('reads ranges', async () => {
    const { files, addFile } = await open();
    const file = await addFile('p1', '0123456789');
    const download = await files.openDownload('p1', file.id);
    const parts = (await download.read({ start: 2, end: 4 }).toArray()) as Buffer[];
    expect(Buffer.concat(parts).toString()).toBe('234');
  });
});
