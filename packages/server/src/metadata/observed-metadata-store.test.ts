import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeTempDir, type TempDir } from '../../test/helpers/temp-dir.js';
import type { MetadataStore } from './metadata-store.js';
import { observeMetadata } from './observed-metadata-store.js';
import { SqliteMetadataStore } from './sqlite/sqlite-metadata-store.js';

let directory: TempDir;
let store: MetadataStore;
let active = 0;
const ended: string[] = [];

beforeAll(async () => {
  directory = await makeTempDir();
  store = observeMetadata(await SqliteMetadataStore.open(join(directory.path, 'metadata.sqlite')), {
    started: (operation) => {
      active += 1;
      return () => {
        active -= 1;
        ended.push(operation);
      };
    },
  });
});
afterAll(async () => {
  await store.close();
  await directory.remove();
});

it('counts reads, transactions and what is called inside of them', async () => {
  expect(await store.getProject('p')).toBeUndefined();
  await store.transaction(async (tx) => {
    expect(active).toBe(1);
    const reading = tx.getProject('p');
    expect(active).toBe(2);
    await reading;
  });
  expect(ended.splice(0)).toEqual(['getProject', 'getProject', 'transaction']);
  expect(active).toBe(0);
});

it('counts calls that fail, and passes the failure on', async () => {
  await expect(store.transaction(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(ended.splice(0)).toEqual(['transaction']);
  expect(active).toBe(0);
});
