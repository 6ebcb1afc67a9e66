import { expect, it } from 'vitest';
import type { MetadataReader } from '../metadata/metadata-store.js';
import { WorkspaceCatalogs } from './workspace-catalogs.js';

const BRANCH = { projectId: 'p1', branchId: 'default' };

function scene() {
  const calls: string[] = [];
  const state = { token: 'a', fingerprint: 'f1', failure: undefined as Error | undefined };
  const metadata: Partial<MetadataReader> = {
    stateToken: () => Promise.resolve(state.token),
    catalogueFingerprint: () => {
      calls.push('fingerprint');
      return Promise.resolve(state.fingerprint);
    },
    readCatalogue: ({ projectId }) => {
      calls.push(`read ${projectId}`);
      if (state.failure !== undefined) return Promise.reject(state.failure);
      return Promise.resolve({ buckets: [], deletions: [] });
    },
  };
  return { calls, state, catalogs: new WorkspaceCatalogs(metadata as MetadataReader) };
}

it('reads a catalogue once for as long as it is true', async () => {
  const { calls, state, catalogs } = scene();
  const [first, again] = [await catalogs.of(BRANCH), await catalogs.of({ ...BRANCH, projectId: 'P1' })];
  expect(first).toEqual({ generation: 'f1', buckets: [] });
  expect(again).toBe(first);
  expect(await catalogs.of(BRANCH, 'f1')).toBeUndefined();
  expect(calls).toEqual(['fingerprint', 'read p1']);
  state.token = 'b';
  expect(await catalogs.of(BRANCH, 'f1')).toBeUndefined();
  expect(await catalogs.of(BRANCH)).toBe(first);
  expect(calls).toEqual(['fingerprint', 'read p1', 'fingerprint']);
  state.token = 'c';
  state.fingerprint = 'f2';
  expect((await catalogs.of(BRANCH, 'f1'))?.generation).toBe('f2');
});

it('forgets what could not be read', async () => {
  const { calls, state, catalogs } = scene();
  state.failure = new Error('disk');
  await expect(catalogs.of(BRANCH)).rejects.toThrow('disk');
  state.failure = undefined;
  expect((await catalogs.of(BRANCH))?.generation).toBe('f1');
  expect(calls.filter((call) => call.startsWith('read'))).toHaveLength(2);
});

it('keeps few of them, the most recently used', async () => {
  const { calls, catalogs } = scene();
  const of = (index: number) => catalogs.of({ ...BRANCH, projectId: `p${index}` });
  for (const index of [1, 2, 3, 4, 1, 5, 1, 2]) await of(index);
  expect(calls.filter((call) => call.startsWith('read'))).toEqual([1, 2, 3, 4, 5, 2].map((index) => `read p${index}`));
});
