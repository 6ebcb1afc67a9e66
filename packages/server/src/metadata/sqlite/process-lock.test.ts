import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { MetadataInUseError, ProcessLock } from './process-lock.js';

describe('ProcessLock', () => {
  let directory: string;
  let databasePath: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'metadata-lock-'));
    databasePath = join(directory, 'metadata.sqlite');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is held by one at a time', () => {
    const lock = ProcessLock.acquire(databasePath);
    expect(() => ProcessLock.acquire(databasePath)).toThrow(MetadataInUseError);
    expect(() => ProcessLock.acquire(databasePath)).toThrow(`${databasePath} is in use by another running service`);
    lock.release();
    ProcessLock.acquire(databasePath).release();
  });

  it('can be released twice', () => {
    const lock = ProcessLock.acquire(databasePath);
    lock.release();
    lock.release();
  });

  it('does not blame another service for a missing directory', () => {
    expect(() => ProcessLock.acquire(join(directory, 'absent', 'metadata.sqlite'))).toThrow('SQLITE_CANTOPEN');
  });
});
