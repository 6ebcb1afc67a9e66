import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import { loadAdminKey } from './admin-key.js';

let root: string;
let dataDirectory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'admin-key-'));
  dataDirectory = join(root, 'a', 'data');
});
afterEach(() => rmSync(root, { recursive: true }));
const load = (env: Record<string, string> = {}) => loadAdminKey(loadConfig({ DATA_DIR: dataDirectory, ...env }));

describe('loadAdminKey', () => {
  it('makes a key once, readable by its owner only, and finds it again', async () => {
    const first = await load();
    expect(first).toMatchObject({ source: 'file', created: true, path: join(dataDirectory, 'admin-api-key') });
    expect(Buffer.from(first.key, 'base64url')).toHaveLength(32);
    expect(statSync(join(dataDirectory, 'admin-api-key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataDirectory)).toEqual(['admin-api-key']);

    expect(await load()).toEqual({ ...first, created: false });
  });

  it('gives all of several first starts the same key, and tells exactly one that it was made', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => load()));
    expect(new Set(keys.map(({ key }) => key)).size).toBe(1);
    expect(keys.filter(({ created }) => created)).toHaveLength(1);
    expect(readdirSync(dataDirectory)).toEqual(['admin-api-key']);
  });

  it('prefers ADMIN_API_KEY and writes nothing then', async () => {
    expect(await load({ ADMIN_API_KEY: 'from-the-environment' })).toEqual({
      key: 'from-the-environment',
      source: 'environment',
      path: null,
      created: false,
    });
    expect(readdirSync(root)).toEqual([]);
  });

  it('accepts a key that an operator put there and never rewrites it', async () => {
    await load();
    writeFileSync(join(dataDirectory, 'admin-api-key'), 'chosen-by-hand\r\n');
    expect((await load()).key).toBe('chosen-by-hand');
    expect(readFileSync(join(dataDirectory, 'admin-api-key'), 'utf8')).toBe('chosen-by-hand\r\n');
  });

  it.each(['', '\n', 'two\nlines', 'with space'])('refuses a file that holds %j', async (content) => {
    await load();
    writeFileSync(join(dataDirectory, 'admin-api-key'), content);
    await expect(load()).rejects.toThrow('does not hold one key on one line');
  });

  it('names the folder when it cannot be made', async () => {
    writeFileSync(join(root, 'a'), 'a file where a folder should be');
    await expect(load()).rejects.toThrow(/cannot be (written|read) \(ENOTDIR\)/);
  });

  it.skipIf(process.getuid?.() === 0)('names the folder when it is not writable', async () => {
    chmodSync(root, 0o500);
    await expect(load()).rejects.toThrow('cannot be written (EACCES)');
    chmodSync(root, 0o700);
  });
});
