import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { spreadOf, type Spread } from './statistics.js';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly fileSystem: string;
  readonly node: string;
  readonly duckdb: string;
  readonly commit: string;
}

const EXT4 = 0xef53;
const FILE_SYSTEMS = new Map([
  [EXT4, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x2fc12fc1, 'zfs'],
  [0x794c7630, 'overlay'],
]);

export function describeMachine(folder: string): Machine {
  const { type } = statfsSync(folder);
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    fileSystem: FILE_SYSTEMS.get(type) ?? `0x${type.toString(16)}`,
    node: process.versions.node,
    duckdb: duckdbVersion(),
    commit: commitOf(),
  };
}

function duckdbVersion(): string {
  const path = createRequire(import.meta.url).resolve('@duckdb/node-api/package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Unknown outside of a clone; a tree with changes of its own is marked. */
function commitOf(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

const SYNC_BYTES = 4096;

/** One small write and its fsync, the least that a durable answer costs on this disk. */
export async function measureSync(folder: string, count: number): Promise<Spread> {
  const own = await mkdtemp(join(folder, 'sync-'));
  try {
    const file = await open(join(own, 'file'), 'w');
    const times: number[] = [];
    try {
      for (let index = 0; index < count; index += 1) {
        await file.write(Buffer.alloc(SYNC_BYTES, index), 0, SYNC_BYTES, index * SYNC_BYTES);
        const startedAt = performance.now();
        await file.sync();
        times.push(performance.now() - startedAt);
      }
    } finally {
      await file.close();
    }
    return spreadOf(times);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}
