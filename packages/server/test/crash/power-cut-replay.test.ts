import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { Api } from '../../../../acceptance/helpers/api.js';
import { NodeFileSystem } from '../../src/lib/node-file-system.js';
import { POWER_CUT_VARIANTS } from '../helpers/power-cut-disk.js';
import { RecordingFileSystem } from '../helpers/recording-file-system.js';
import { makeTempDir, tempDir } from '../helpers/temp-dir.js';
import { startTestApp, TEST_ADMIN_KEY } from '../helpers/test-app.js';
import { expectPromisedBytes, ledgerOf } from './support/disk-check.js';
import { publishEverything, type Milestone } from './support/publications.js';
import { expectSurvival, SMALL_ENGINE } from './support/survivor.js';
import { watched } from './support/watched-file-system.js';
import { factsOf } from './support/world.js';

const run = promisify(execFile);
const METADATA_FILES = ['metadata.sqlite', 'metadata.sqlite-wal'];
/** Of SQLite's format: magic, version, page size, checkpoint number, two salts, two checksums. */
const WAL_HEADER_BYTES = 32;
/** A whole server on every disk instead of one for each state of the metadata: ten minutes instead of two. */
const START_ALL = process.env['CRASH_START_ALL'] !== undefined;
/** Starts at the same time; more would only wait for the processor. */
const PARALLEL = 2;

/** What a power cut finds: the first `events` file operations, some of them not synced, and the metadata of that moment. */
interface Moment {
  readonly events: number;
  readonly metadata: string;
  /** Index of the last milestone that was acknowledged before. */
  readonly milestone: number;
}

/**
 * Every publication is recorded once, file operation by file operation, and then the power is cut at every point of it:
 * what was not synced is gone, whatever of the unsynced directory entries made it to the disk (three variants).
 *
 * Metadata is SQLite's own affair: a commit (`synchronous=FULL`) is on the disk when it returns, and its file and log
 * are copied before and after each operation, so that each point is met with the metadata of that point. The copy is made by
 * other processes, since closing a descriptor of the database in this one would drop SQLite's locks; a copy in the
 * middle of a commit is no worse than a power cut then. (Real cuts, SQLite included: `power-cut-loop.test.ts`.)
 */
it('holds every acknowledged publication, and goes on, at whichever point the power goes', async () => {
  const root = await tempDir();
  const dataDir = join(root, 'data');
  await mkdir(dataDir);
  const recording = await RecordingFileSystem.start(new NodeFileSystem(), dataDir);
  const moments: Moment[] = [];
  const milestones: (Milestone & { readonly ledger: string })[] = [
    { label: 'start', world: {}, sessions: [], ledger: '' },
  ];
  const capture = async () => {
    const metadata = await copyMetadata(dataDir, join(root, 'metadata'));
    moments.push({ events: recording.events.length, metadata, milestone: milestones.length - 1 });
  };
  const app = await startTestApp({
    dataDir,
    env: SMALL_ENGINE,
    overrides: { fileSystem: watched(recording, capture) },
  });
  await app.swept;
  await publishEverything(new Api(app.address, TEST_ADMIN_KEY), async (milestone) => {
    milestones.push({ ...milestone, ledger: await ledgerOf(app.metadata) });
    await capture();
  });
  await app.runMaintenance();
  await capture();
  await app.stop();
  await capture();
  expect(app.log.unexpected()).toEqual([]);

  const projectIds = [...new Set(milestones.flatMap(({ world }) => Object.keys(world)))];
  const seen = new Set<string>();
  const started = new Set<string>();
  const figures = { points: 0, disks: 0, starts: 0 };
  const cuts = cutsOf(moments);
  const work = async () => {
    for (const { events, metadata, milestone } of cuts) {
      for (const variant of POWER_CUT_VARIANTS) {
        figures.points += 1;
        await using restored = await makeTempDir();
        await recording.materialise(events, variant, restored.path);
        const disk = `${metadata} ${milestone} ${await fingerprint(restored.path)}`;
        if (seen.has(disk)) continue;
        seen.add(disk);
        await run('cp', ['-r', `${metadata}/.`, restored.path]);
        const last = milestones[milestone];
        if (last === undefined) throw new Error('a moment without a milestone');
        const next = milestones[milestone + 1] ?? last;
        const label = `cut after ${events} operations, ${variant}, after: ${last.label}`;
        await expectPromisedBytes(restored.path, [last.ledger, next.ledger], label);
        figures.disks += 1;
        if (!START_ALL && started.has(metadata)) continue;
        started.add(metadata);
        const { world, sessions } = last;
        const acceptable = [factsOf(world), factsOf(next.world)];
        await expectSurvival(restored.path, { label, acceptable, projectIds, sessions });
        figures.starts += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  process.stdout.write(
    `power cut, replayed: ${recording.events.length} file operations of ${milestones.length - 1} changes; ` +
      `${figures.points} points, ${figures.disks} different disks checked, ${figures.starts} of them by a whole server; ` +
      '0 lost, 0 torn\n',
  );
  expect(figures.disks).toBeGreaterThan(100);
});

/** Operations without a watched one between them (writes to a file) are points too, with the metadata before them. */
function* cutsOf(moments: readonly Moment[]): Generator<Moment> {
  for (const [index, moment] of moments.entries()) {
    const until = moments[index + 1]?.events ?? moment.events;
    for (let events = moment.events; events <= Math.max(moment.events, until - 1); events += 1) {
      yield { ...moment, events };
    }
  }
}

/**
 * The copy is kept under its content, so that a state is kept once; returns its directory. A log that was begun anew between
 * the two files does not belong to the older one of them: together they are a state that never was on the disk, so the copy
 * is made again. (The header of a
 * log holds a salt that changes whenever it is begun anew.)
 */
async function copyMetadata(from: string, to: string): Promise<string> {
  await mkdir(to, { recursive: true });
  const draft = await run('mktemp', ['-d', '-p', to]);
  const directory = draft.stdout.trim();
  for (;;) {
    const before = await headerOfLog(from);
    const present = METADATA_FILES.map((name) => join(from, name)).filter((path) => existsSync(path));
    if (present.length > 0) await run('cp', [...present, directory]);
    if (before === (await headerOfLog(directory))) break;
  }
  const kept = join(to, await fingerprint(directory));
  if (existsSync(kept)) await run('rm', ['-r', directory]);
  else await run('mv', [directory, kept]);
  return kept;
}

async function headerOfLog(directory: string): Promise<string> {
  const path = join(directory, 'metadata.sqlite-wal');
  return existsSync(path) ? (await run('od', ['-An', '-tx1', `-N${WAL_HEADER_BYTES}`, path])).stdout : '';
}

async function fingerprint(directory: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.sort((a, b) => (join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1))) {
    const path = join(entry.parentPath, entry.name);
    hash.update(path.slice(directory.length));
    if (entry.isFile()) hash.update(await readFile(path));
  }
  return hash.digest('hex');
}
