import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, openFilesScene, type FilesScene, type SceneOptions } from '../../test/helpers/files-scene.js';
import { makeTempDir, type TempDir } from '../../test/helpers/temp-dir.js';
import { DomainError } from '../errors/domain-error.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { PrepareInput } from './file-input.js';

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

describe('prepare', () => {
  it.each<[string, Partial<PrepareInput>, object]>([
    ['a line break in the name', { fileName: 'a\nb' }, { code: 'invalid_name' }],
    ['no name', { fileName: '' }, { code: 'invalid_name' }],
    ['a line break in the type', { contentType: 'text/csv\r\nX: 1' }, { code: 'invalid_request' }],
    ['a short checksum', { sha256: 'abc' }, { code: 'invalid_request' }],
    ['a negative size', { sizeBytes: -1 }, { code: 'invalid_request' }],
    ['half a byte', { sizeBytes: 1.5 }, { code: 'invalid_request' }],
    ['tags without end', { tags: { a: 'x'.repeat(20_000) } }, { code: 'invalid_request' }],
    [
      'a size above the limit',
      { sizeBytes: 1_000_001 },
      {
        code: 'file_too_large',
        httpStatus: 400,
        details: { max_size_bytes: 1_000_000, requested_size_bytes: 1_000_001 },
      },
    ],
  ])('refuses %s', async (_what, declared, refusal) => {
    const { prepare, store } = await open();
    await expect(prepare('p1', declared)).rejects.toMatchObject(refusal);
    expect((await store.listOperations({}, { limit: 1, offset: 0 })).total).toBe(0);
  });

  it('refuses what passes a quota, and what the disk has no room for', async () => {
    const { prepare, addFile } = await open({ limits: { maxFiles: 2, maxBytes: 100 } });
    await addFile('p1', 'x'.repeat(60));
    await expect(prepare('p1', { sizeBytes: 41 })).rejects.toMatchObject({
      code: 'quota_exceeded',
      details: { project_id: 'p1', limit: 'bytes', max: 100, wanted: 101 },
    });
    await prepare('p1', { sizeBytes: 40 });
    await addFile('p1', 'x');
    await expect(prepare('p1')).rejects.toMatchObject({ code: 'quota_exceeded', details: { limit: 'files', max: 2 } });
    await prepare('p2');
    await scene.close();
    await open({ reserveBytes: Number.MAX_SAFE_INTEGER, projects: [] });
    await expect(scene.prepare('p2')).rejects.toMatchObject({ code: 'storage_full' });
  });
});

describe('upload', () => {
  it('refuses keys that are unknown, of another project, or too old', async () => {
    const { prepare, upload, register, time } = await open();
    const { key } = await prepare('p1');
    const unknown = {
      code: 'upload_session_not_found',
      message: 'Upload session not found or expired',
      details: { upload_key: 'none' },
    };
    await expect(upload('p1', 'none', 'x')).rejects.toMatchObject(unknown);
    await expect(register('p1', 'none')).rejects.toMatchObject(unknown);
    const foreign = { code: 'upload_session_mismatch', details: { upload_key: key, project_id: 'p2' } };
    await expect(upload('p2', key, 'x')).rejects.toMatchObject(foreign);
    await expect(register('p2', key)).rejects.toMatchObject(foreign);
    time.now = new Date(time.now.getTime() + 24 * HOUR_MS);
    const expired = { code: 'upload_session_expired', details: { upload_key: key } };
    await expect(upload('p1', key, 'x')).rejects.toMatchObject(expired);
    await expect(register('p1', key)).rejects.toMatchObject(expired);
  });

  it('compares what arrived with what was declared, keeps nothing of it and lets the client try again', async () => {
    const { prepare, upload, register, contentOf, onDisk, store } = await open();
    const { key } = await prepare('p1', { sizeBytes: 4, sha256: sha256('good') });
    await expect(upload('p1', key, 'too long')).rejects.toMatchObject({
      code: 'size_mismatch',
      details: { declared_size_bytes: 4, actual_size_bytes: 8 },
    });
    await expect(upload('p1', key, 'evil')).rejects.toMatchObject({
      code: 'checksum_mismatch',
      details: { declared_sha256: sha256('good'), actual_sha256: sha256('evil') },
    });
    expect(await onDisk()).toEqual([]);
    expect((await store.getUpload(key))?.uploaded).toBeNull();
    await upload('p1', key, 'good');
    expect(await contentOf('p1', (await register('p1', key)).id)).toBe('good');
  });

  it('replaces an earlier upload, and keeps it when the later one fails', async () => {
    const { prepare, upload, register, contentOf, onDisk } = await open();
    const { key } = await prepare('p1');
    await upload('p1', key, 'first');
    await upload('p1', key, 'second');
    expect(await onDisk()).toHaveLength(1);
    const broken = new PassThrough();
    broken.write('third');
    broken.destroy(new Error('reset'));
    await expect(upload('p1', key, broken)).rejects.toMatchObject({ code: 'request_cancelled' });
    expect(await onDisk()).toHaveLength(1);
    expect(await contentOf('p1', (await register('p1', key)).id)).toBe('second');
  });

  it('leaves nothing of a client that leaves, whenever it does', async () => {
    const { files, prepare, change, upload, onDisk, store } = await open();
    const { key } = await prepare('p1');
    const gone = new PassThrough();
    gone.destroy(new Error('gone before anybody read'));
    await expect(upload('p1', key, gone)).rejects.toMatchObject({ code: 'request_cancelled' });
    const controller = new AbortController();
    const waiting = new PassThrough();
    waiting.write('half');
    const uploading = files.upload(change('file.upload'), 'p1', key, waiting, { signal: controller.signal });
    await setImmediate();
    controller.abort();
    await expect(uploading).rejects.toMatchObject({ code: 'request_cancelled' });
    expect(waiting.destroyed).toBe(true);
    const refused = new PassThrough();
    await expect(upload('p1', 'none', refused)).rejects.toMatchObject({ code: 'upload_session_not_found' });
    expect(refused.destroyed).toBe(true);
    expect(await onDisk()).toEqual([]);
    expect((await store.getUpload(key))?.uploaded).toBeNull();
  });

  it('stops at the size limit and at the quota, also when two uploads arrive at once', async () => {
    const { prepare, upload, onDisk } = await open({ limits: { maxUploadBytes: 80, maxBytes: 100 } });
    const keys = [(await prepare('p1')).key, (await prepare('p1')).key, (await prepare('p1')).key] as const;
    await expect(upload('p1', keys[0], 'x'.repeat(81))).rejects.toMatchObject({
      code: 'file_too_large',
      httpStatus: undefined,
      details: { max_size_bytes: 80 },
    });
    const both = await Promise.allSettled([
      upload('p1', keys[0], 'x'.repeat(60)),
      upload('p1', keys[1], 'y'.repeat(60)),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const quota = { code: 'quota_exceeded', details: { limit: 'bytes', max: 100 } };
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: quota });
    await expect(upload('p1', keys[2], 'z'.repeat(41))).rejects.toMatchObject(quota);
    await upload('p1', keys[2], 'z'.repeat(40));
    await upload('p1', keys[2], 'z'.repeat(35));
    await upload('p1', keys[2], 'z'.repeat(40));
    expect(await onDisk()).toHaveLength(2);
  });

  it('keeps nothing for a project or a session that ended while the bytes came in', async () => {
    const { prepare, upload, register, onDisk, store, time } = await open();
    const late = async (end: () => Promise<unknown>, key: string, project: string) => {
      const source = new PassThrough();
      const uploading = upload(project, key, source);
      source.write('half');
      await setImmediate();
      await end();
      source.end('whole');
      return uploading;
    };
    const registered = await prepare('p1');
    await upload('p1', registered.key, 'first');
    await expect(late(() => register('p1', registered.key), registered.key, 'p1')).rejects.toMatchObject({
      code: 'upload_session_not_found',
    });
    expect(await onDisk()).toHaveLength(1);
    const doomed = await prepare('p2');
    const deleteProject = () => store.transaction((tx) => tx.deleteProject('p2', time.now));
    await expect(late(deleteProject, doomed.key, 'p2')).rejects.toMatchObject({ code: 'project_db_not_found' });
    expect(await onDisk()).toHaveLength(1);
    const aging = await prepare('p1');
    const expire = async () => {
      time.now = new Date(time.now.getTime() + 24 * HOUR_MS);
    };
    await expect(late(expire, aging.key, 'p1')).rejects.toMatchObject({ code: 'upload_session_expired' });
    expect(await onDisk()).toHaveLength(1);
  });

  it('streams an upload that is larger than any buffer', async () => {
    const { prepare, upload } = await open({ limits: { maxUploadBytes: 1e9, maxBytes: 1e9 } });
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const source = Readable.from(
      (function* () {
        for (let index = 0; index < 1600; index += 1) yield chunk;
      })(),
    );
    const { key } = await prepare('p1');
    expect((await upload('p1', key, source)).sizeBytes).toBe(1600 * chunk.byteLength);
  });
});

describe('register', () => {
  it('refuses before the upload, twice, and when the bytes are gone', async () => {
    const { prepare, upload, register, filesDirectory, onDisk } = await open();
    const { key } = await prepare('p1');
    await expect(register('p1', key)).rejects.toMatchObject({
      code: 'file_not_uploaded',
      details: { upload_key: key },
    });
    await upload('p1', key, 'x');
    await register('p1', key);
    await expect(register('p1', key)).rejects.toMatchObject({ code: 'upload_session_not_found' });
    const lost = await prepare('p1');
    await upload('p1', lost.key, 'y');
    await rm(join(filesDirectory, 'project_p1/staging'), { recursive: true });
    await expect(register('p1', lost.key)).rejects.toMatchObject({ code: 'staged_file_not_found' });
    expect(await onDisk()).toHaveLength(1);
    await upload('p1', lost.key, 'y again');
    await register('p1', lost.key);
  });

  it('refuses a bad name', async () => {
    const { files, change, prepare, upload } = await open();
    const { key } = await prepare('p1');
    await upload('p1', key, 'x');
    const input = { uploadKey: key, name: 'a\0b' };
    await expect(files.register(change('file.register'), 'p1', input)).rejects.toMatchObject({ code: 'invalid_name' });
    const slashes = await files.register(change('file.register'), 'p1', { uploadKey: key, name: '../../etc/x' });
    expect(slashes).toMatchObject({ name: '../../etc/x', path: `project_p1/2026/11/23/${slashes.id}_.._.._etc_x` });
  });

  it('has one winner among several at once', async () => {
    const { files, prepare, upload, register, onDisk } = await open();
    const { key } = await prepare('p1');
    await upload('p1', key, 'x');
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => register('p1', key)));
    const won = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'upload_session_not_found' });
    }
    const { items } = await files.list('p1', { limit: 10, offset: 0 });
    expect(await onDisk()).toEqual(items.map((file) => file.path));
  });

  it('registers complete bytes of one upload when another one replaces them meanwhile', async () => {
    const { prepare, upload, register, contentOf, onDisk } = await open();
    for (let round = 0; round < 20; round += 1) {
      const { key } = await prepare('p1');
      await upload('p1', key, 'first');
      const [file] = await Promise.all([
        register('p1', key),
        upload('p1', key, 'second').catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'upload_session_not_found' });
        }),
      ]);
      const content = await contentOf('p1', file.id);
      expect(file.checksumSha256).toBe(sha256(content));
      expect(await onDisk()).toHaveLength(round + 1);
    }
  });
});

describe('a transaction that fails', () => {
  const failure = new DomainError('storage_error', 'the metadata database reported an error');

  /** Fails transactions while `failing` says so: `before` nothing is committed, `after` all of it is. */
  const failing = { when: undefined as 'before' | 'after' | undefined };
  const wrapStore = (store: MetadataStore) =>
    new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name !== 'transaction' || failing.when === undefined) return member.bind(target) as unknown;
        return async (work: Parameters<MetadataStore['transaction']>[0]) => {
          if (failing.when === 'after') await target.transaction(work);
          throw failure;
        };
      },
    });

  it('leaves nothing on disk, and everything for the next attempt', async () => {
    const { prepare, upload, register, onDisk, contentOf } = await open({ wrapStore });
    const { key } = await prepare('p1');
    failing.when = 'before';
    await expect(upload('p1', key, 'content')).rejects.toBe(failure);
    expect(await onDisk()).toEqual([]);
    failing.when = undefined;
    await upload('p1', key, 'content');
    const staged = await onDisk();
    failing.when = 'before';
    await expect(register('p1', key)).rejects.toBe(failure);
    expect(await onDisk()).toEqual(staged);
    failing.when = undefined;
    expect(await contentOf('p1', (await register('p1', key)).id)).toBe('content');
  });

  it('keeps the bytes when it committed all the same', async () => {
    const { files, prepare, upload, register, contentOf } = await open({ wrapStore });
    const { key } = await prepare('p1');
    failing.when = 'after';
    await expect(upload('p1', key, 'content')).rejects.toBe(failure);
    await expect(register('p1', key)).rejects.toBe(failure);
    failing.when = undefined;
    const { items } = await files.list('p1', { limit: 10, offset: 0 });
    expect(items).toHaveLength(1);
    for (const { id } of items) expect(await contentOf('p1', id)).toBe('content');
  });
});
