import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Logger } from '../lib/logger.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import { KeyUses } from './key-uses.js';

type Written = { keyId: string; at: Date }[];

let written: Written[];
let failure: Error | undefined;
let errors: number;
let beforeCommit: () => void;

const metadata = {
  transaction: async (work: (tx: unknown) => Promise<unknown>) => {
    if (failure !== undefined) throw failure;
    await work({ touchApiKeys: async (used: Written) => void written.push([...used]) });
    beforeCommit();
  },
} as unknown as MetadataStore;
const logger = { error: () => void (errors += 1) } as unknown as Logger;
const noon = new Date('2026-11-23T12:00:00Z');
const later = new Date('2026-11-23T12:00:01Z');

beforeEach(() => {
  written = [];
  failure = undefined;
  errors = 0;
  beforeCommit = () => undefined;
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

it('writes the uses of a moment together, by itself, and tells them meanwhile', async () => {
  const uses = new KeyUses(metadata, logger);
  uses.note('k1', noon);
  uses.note('k2', noon);
  uses.note('k1', later);
  expect([uses.lastNoted('k1'), uses.lastNoted('k3')]).toEqual([later, undefined]);
  expect(written).toEqual([]);
  await vi.runAllTimersAsync();
  expect(written).toEqual([
    [
      { keyId: 'k1', at: later },
      { keyId: 'k2', at: noon },
    ],
  ]);
  expect(uses.lastNoted('k1')).toBeUndefined();
  await uses.flush();
  expect(written).toHaveLength(1);
});

it('keeps a use that comes while the batch is written', async () => {
  const uses = new KeyUses(metadata, logger);
  uses.note('k1', noon);
  beforeCommit = () => uses.note('k1', later);
  await uses.flush();
  expect(uses.lastNoted('k1')).toEqual(later);
  beforeCommit = () => undefined;
  await vi.runAllTimersAsync();
  expect(written.flat().map(({ at }) => at)).toEqual([noon, later]);
});

it('loses nothing when a batch cannot be written', async () => {
  const uses = new KeyUses(metadata, logger);
  uses.note('k1', noon);
  failure = new Error('disk');
  await uses.flush();
  expect([errors, uses.lastNoted('k1')]).toEqual([1, noon]);
  failure = undefined;
  uses.note('k2', later);
  await vi.runAllTimersAsync();
  expect(written.flat().map(({ keyId }) => keyId)).toEqual(['k1', 'k2']);
});
