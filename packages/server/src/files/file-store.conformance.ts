import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DomainError } from '../errors/domain-error.js';
import type { FileStore } from './file-store.js';

const KEY = 'project_p/2026/11/23/id_d.csv';
const OTHER_KEY = 'project_p/staging/key_d.csv';
const UNLIMITED = { maxBytes: Number.MAX_SAFE_INTEGER };

/** What every file store promises. */
export function describeFileStore(
  name: string,
  open: () => Promise<{ readonly store: FileStore; readonly cleanup: () => Promise<void> }>,
): void {
  describe(`${name} as a file store`, () => {
    let store: FileStore;
    let cleanup: () => Promise<void>;

    beforeEach(async () => {
      ({ store, cleanup } = await open());
    });
    afterEach(() => cleanup());

    const contentOf = async (key: string) => Buffer.concat((await store.read(key).toArray()) as Buffer[]);
    const allKeys = async (prefix = '') => {
      const keys: string[] = [];
      for await (const key of store.keys(prefix)) keys.push(key);
      return keys.sort();
    };
    const expectNothingKept = async () => {
      expect(await allKeys()).toEqual([]);
      expect(await store.removeUnfinished()).toBe(0);
    };

    it.each([0, 1, 65_536, 3_000_001])('keeps %i bytes, counted and hashed', async (size) => {
      const content = randomBytes(size);
      const chunks: Buffer[] = [];
      for (let at = 0; at < size; at += 65_536) chunks.push(content.subarray(at, at + 65_536));
      expect(await store.write(KEY, Readable.from(chunks), UNLIMITED)).toEqual({
        sizeBytes: size,
        checksumSha256: createHash('sha256').update(content).digest('hex'),
      });
      expect((await contentOf(KEY)).equals(content)).toBe(true);
      expect((await store.stat(KEY))?.sizeBytes).toBe(size);
      expect(await allKeys()).toEqual([KEY]);
    });

    it('reads ranges with both ends', async () => {
      await store.write(KEY, Readable.from([Buffer.from('0123456789')]), UNLIMITED);
      const parts = await store.read(KEY, { start: 3, end: 5 }).toArray();
      expect(Buffer.concat(parts as Buffer[]).toString()).toBe('345');
    });

    it('keeps a file of exactly the limit, and nothing of one that passes it', async () => {
      await store.write(KEY, Readable.from([Buffer.alloc(10)]), { maxBytes: 10 });
      await store.remove(KEY);
      const source = Readable.from([Buffer.alloc(10), Buffer.alloc(1), Buffer.alloc(5)]);
      await expect(store.write(KEY, source, { maxBytes: 10 })).rejects.toMatchObject({
        code: 'file_too_large',
        details: { max_size_bytes: 10 },
      });
      expect(source.destroyed).toBe(true);
      await expectNothingKept();
    });

    it('keeps nothing of a source that breaks off, and says so unless the source knows better', async () => {
      const broken = (error: Error) => {
        const source = new PassThrough();
        source.write('half');
        source.destroy(error);
        return source;
      };
      const write = (source: Readable) => store.write(KEY, source, UNLIMITED);
      await expect(write(broken(new Error('socket hang up')))).rejects.toMatchObject({ code: 'request_cancelled' });
      const known = new DomainError('invalid_request', 'The multipart body ends in the middle.');
      await expect(write(broken(known))).rejects.toBe(known);
      const closed = new PassThrough();
      closed.destroy();
      await expect(write(closed)).rejects.toMatchObject({ code: 'request_cancelled' });
      await expectNothingKept();
    });

    it('stops for its signal, also while it waits for bytes', async () => {
      const controller = new AbortController();
      const source = new PassThrough();
      source.write('half');
      const writing = store.write(KEY, source, { ...UNLIMITED, signal: controller.signal });
      await setImmediate();
      controller.abort();
      await expect(writing).rejects.toMatchObject({ code: 'request_cancelled' });
      expect(source.destroyed).toBe(true);
      const late = store.write(KEY, new PassThrough(), { ...UNLIMITED, signal: controller.signal });
      await expect(late).rejects.toMatchObject({ code: 'request_cancelled' });
      await expectNothingKept();
    });

    it('asks whether it may go on, and stops when not', async () => {
      const refusal = new DomainError('storage_full', 'below the reserve');
      let asked = 0;
      const chunk = Buffer.alloc(1024 * 1024);
      const endless = Readable.from(
        (function* () {
          for (;;) yield chunk;
        })(),
      );
      const mayGoOn = () => (++asked < 3 ? Promise.resolve() : Promise.reject(refusal));
      await expect(store.write(KEY, endless, { ...UNLIMITED, mayGoOn })).rejects.toBe(refusal);
      await expectNothingKept();
    });

    it('shows a key only when its content is complete', async () => {
      const source = new PassThrough();
      const writing = store.write(KEY, source, UNLIMITED);
      source.write('begin');
      await setImmediate();
      expect(await store.stat(KEY)).toBeUndefined();
      expect(await allKeys()).toEqual([]);
      expect(await store.removeUnfinished()).toBe(0);
      source.end(' end');
      await writing;
      expect((await contentOf(KEY)).toString()).toBe('begin end');
    });

    it('never changes what is under a key', async () => {
      const write = (text: string) => store.write(KEY, Readable.from([Buffer.from(text)]), UNLIMITED);
      const outcomes = await Promise.allSettled([write('first'), write('second')]);
      expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
      const content = await contentOf(KEY);
      await expect(write('third')).rejects.toThrow('key is taken');
      await store.write(OTHER_KEY, Readable.from([Buffer.from('other')]), UNLIMITED);
      await expect(store.link(OTHER_KEY, KEY)).rejects.toThrow('key is taken');
      expect(await contentOf(KEY)).toEqual(content);
    });

    it('takes over what another process wrote', async () => {
      const staged = await store.stagePath(KEY);
      await writeFile(staged, 'exported');
      expect(await allKeys()).toEqual([]);
      expect(await store.removeUnfinished()).toBe(0);
      await store.adopt(staged, KEY);
      expect((await contentOf(KEY)).toString()).toBe('exported');
      await store.discard(staged);
      expect(await allKeys()).toEqual([KEY]);
    });

    it('gives up what was staged', async () => {
      const staged = await store.stagePath(KEY);
      await writeFile(staged, 'half an export');
      await store.discard(staged);
      await store.discard(staged);
      await expectNothingKept();
    });

    it('links: each key lives without the other', async () => {
      await store.write(OTHER_KEY, Readable.from([Buffer.from('content')]), UNLIMITED);
      expect(await store.link(OTHER_KEY, KEY)).toBe(true);
      expect(await allKeys()).toEqual([KEY, OTHER_KEY]);
      await store.remove(OTHER_KEY);
      expect((await contentOf(KEY)).toString()).toBe('content');
      expect(await store.link(OTHER_KEY, 'project_p/x')).toBe(false);
    });

    it('lists keys by prefix, and takes absence for done', async () => {
      for (const key of ['a/1', 'a/b/2', 'ab/3']) await store.write(key, Readable.from([]), UNLIMITED);
      expect(await allKeys()).toEqual(['a/1', 'a/b/2', 'ab/3']);
      expect(await allKeys('a')).toEqual(['a/1', 'a/b/2']);
      expect(await allKeys('a/')).toEqual(['a/1', 'a/b/2']);
      expect(await allKeys('none')).toEqual([]);
      await store.remove('a/1');
      await store.remove('a/1');
      expect(await store.stat('a/1')).toBeUndefined();
      await expect(store.read('a/1').toArray()).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it.each(['', '/etc/passwd', '../x', 'a/../../x', 'a//b', 'a/.', 'a\0b', 'a\\b', 'a/', '_unfinished/x'])(
      'refuses %j as a key',
      async (key) => {
        const refusal = /not a key/;
        await expect(store.write(key, Readable.from([]), UNLIMITED)).rejects.toThrow(refusal);
        await expect(store.stagePath(key)).rejects.toThrow(refusal);
        await expect(store.link(OTHER_KEY, key)).rejects.toThrow(refusal);
        await expect(store.remove(key)).rejects.toThrow(refusal);
        expect(() => store.read(key)).toThrow(refusal);
        expect(() => store.localPath(key)).toThrow(refusal);
      },
    );
  });
}
