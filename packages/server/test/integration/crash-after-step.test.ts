import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, mustSucceed } from '../../../../acceptance/helpers/api.js';
import { NodeFileSystem } from '../../src/lib/node-file-system.js';
import * as operations from '../crash/support/operations.js';
import { CHANGES, makeScene, type ChangeName, type Scene } from '../crash/support/scene.js';
import { expectSurvival, SMALL_ENGINE } from '../crash/support/survivor.js';
import { collectOrphanFiles } from '../crash/support/tidy-disk.js';
import { watched, type ChangingCall, type Step } from '../crash/support/watched-file-system.js';
import { factsOf } from '../crash/support/world.js';
import { startTestApp, TEST_ADMIN_KEY, type TestApp } from '../helpers/test-app.js';
import { makeTempDir, type TempDir } from '../helpers/temp-dir.js';

const run = promisify(execFile);

/** One row of the table in `docs/storage-format.md`. */
interface CrashRow {
  /** Where the process ends, as the documentation says it. */
  readonly crash: string;
  /** The operation at which it ends, and whether that has happened. The first one that fits counts. */
  readonly stop: readonly ['before' | 'after', ChangingCall, RegExp];
  /** What the next start shows: the state before the change, or after it. */
  readonly state: 'before' | 'after';
  /** Garbage that the crash leaves on the disk; the next server removes every one of these files. */
  readonly leaves?: RegExp;
}

const STAGED = /^duckdb\/_staging\/[0-9a-f]{32}\.duckdb$/;
const VERSION = /_versions\/[0-9a-f]{32}\.duckdb$/;
const VERSIONS = /_versions$/;
const WORKSPACE_DIRECTORY = /_workspaces\/ws_[0-9a-f]+$/;
const WORKSPACE_FILE = /_workspaces\/ws_[^/]+\//;
const HALF_LINK = /\.[0-9a-f]{32}\.[^/]+\.linking$/;
const UNFINISHED = /^files\/_unfinished\/./;
const FILE_STAGED = /^files\/project_[^/]+\/(?!\d{4}\/)/;
const FILE_FINAL = /^files\/project_[^/]+\/\d{4}\//;

const PUBLISH: readonly CrashRow[] = [
  { crash: 'built, not synced', stop: ['before', 'syncFile', STAGED], state: 'before', leaves: STAGED },
  { crash: 'synced and read-only', stop: ['before', 'rename', STAGED], state: 'before', leaves: STAGED },
  {
    crash: 'renamed, directory not synced',
    stop: ['before', 'syncDirectory', VERSIONS],
    state: 'before',
    leaves: VERSION,
  },
  {
    crash: 'directory synced, not committed',
    stop: ['after', 'syncDirectory', VERSIONS],
    state: 'before',
    leaves: VERSION,
  },
  { crash: 'committed, not linked', stop: ['before', 'link', VERSION], state: 'after' },
  { crash: 'half linked', stop: ['before', 'rename', HALF_LINK], state: 'after', leaves: HALF_LINK },
];

/** No file is built: the new version stands on one that is there. */
const REPUBLISH = PUBLISH.filter(({ state }) => state === 'after');

const ROWS: Record<ChangeName, readonly CrashRow[]> = {
  'create project': [
    { crash: 'directory made, not committed', stop: ['after', 'syncDirectory', /^duckdb$/], state: 'before' },
  ],
  'create bucket': [
    { crash: 'committed, directory not made', stop: ['before', 'makeDirectory', /\/second$/], state: 'after' },
  ],
  'create table': PUBLISH,
  'full import': [
    ...PUBLISH,
    { crash: 'old version forgotten, file there', stop: ['before', 'remove', VERSION], state: 'after' },
  ],
  // The same recipe as a full import; only the file is built differently.
  'incremental import': PUBLISH.filter(({ crash }) => /not committed|not linked/.test(crash)),
  // And the same recipe for every change that makes a file from the one before.
  'add column': PUBLISH.filter(({ crash }) => /not committed|not linked/.test(crash)),
  'alter column': [
    ...PUBLISH,
    { crash: 'old version forgotten, file there', stop: ['before', 'remove', VERSION], state: 'after' },
  ],
  'drop column': PUBLISH.filter(({ crash }) => /not committed|not linked/.test(crash)),
  'delete rows': PUBLISH.filter(({ crash }) => /not committed|not linked/.test(crash)),
  // A version over the same file: nothing is built, and the link stays.
  'drop primary key': [],
  'delete table': [
    {
      crash: 'committed, link there',
      stop: ['before', 'remove', /\/b\/t\.duckdb$/],
      state: 'after',
      leaves: /\/b\/t\.duckdb$/,
    },
    { crash: 'version forgotten, file there', stop: ['before', 'remove', VERSION], state: 'after', leaves: VERSION },
  ],
  snapshot: [],
  'delete snapshot': [],
  settings: [],
  // Of the file that is current: there is nothing to link.
  restore: [],
  'restore elsewhere': REPUBLISH,
  'version restore': REPUBLISH,
  'create workspace': [
    { crash: 'built, not renamed', stop: ['before', 'rename', STAGED], state: 'before', leaves: STAGED },
    {
      crash: 'renamed, not committed',
      stop: ['after', 'syncDirectory', WORKSPACE_DIRECTORY],
      state: 'before',
      leaves: WORKSPACE_FILE,
    },
  ],
  'delete or expire workspace': [
    {
      crash: 'committed, directory there',
      stop: ['before', 'removeTree', WORKSPACE_DIRECTORY],
      state: 'after',
      leaves: WORKSPACE_FILE,
    },
  ],
  'delete bucket': [
    { crash: 'committed, directory there', stop: ['before', 'removeTree', /\/b$/], state: 'after', leaves: /\/b\// },
  ],
  'delete project': [
    {
      crash: 'committed, files there',
      stop: ['before', 'remove', /^files\//],
      state: 'after',
      leaves: /project_[^/]+\//,
    },
    {
      crash: 'files removed, directory there',
      stop: ['before', 'removeTree', /project_/],
      state: 'after',
      leaves: /\/b\//,
    },
  ],
  upload: [
    { crash: 'arriving', stop: ['after', 'createFile', UNFINISHED], state: 'before', leaves: UNFINISHED },
    { crash: 'synced, not renamed', stop: ['before', 'rename', UNFINISHED], state: 'before', leaves: UNFINISHED },
    {
      crash: 'renamed, not committed',
      stop: ['after', 'rename', UNFINISHED],
      state: 'before',
      leaves: /^files\/project_/,
    },
  ],
  'repeated upload': [
    { crash: 'committed, replaced bytes there', stop: ['before', 'remove', FILE_STAGED], state: 'after' },
  ],
  register: [
    { crash: 'linked, not committed', stop: ['after', 'link', FILE_STAGED], state: 'before', leaves: FILE_FINAL },
    { crash: 'committed, staged bytes there', stop: ['before', 'remove', FILE_STAGED], state: 'after' },
  ],
  export: [
    { crash: 'written, not synced', stop: ['before', 'syncFile', UNFINISHED], state: 'before', leaves: UNFINISHED },
    { crash: 'synced, not renamed', stop: ['before', 'rename', UNFINISHED], state: 'before', leaves: UNFINISHED },
    {
      crash: 'renamed, not committed',
      stop: ['after', 'rename', UNFINISHED],
      state: 'before',
      leaves: /^files\/project_/,
    },
  ],
  'delete file': [{ crash: 'committed, bytes there', stop: ['before', 'remove', FILE_FINAL], state: 'after' }],
};

/**
 * A process that ends leaves the disk as it was at that moment. So the change runs once, stands still at every step that
 * has a row, and the data folder is copied there, hard links included; each test starts a server on one of the copies.
 */
describe.each((Object.keys(ROWS) as ChangeName[]).filter((name) => ROWS[name].length > 0))(
  'A process that ends during: %s',
  (name) => {
    const rows = ROWS[name];
    const copies = new Map<CrashRow, TempDir>();
    let directory: TempDir;
    let app: TestApp;
    let scene: Scene;
    /** The files that were there before the change. */
    let baseline: ReadonlySet<string>;
    /** Version files that the change leaves in use. */
    let needed: ReadonlySet<string>;

    const onStep = async (moment: 'before' | 'after', step: Step): Promise<void> => {
      const path = step.path.slice(directory.path.length + 1);
      for (const row of rows) {
        const [when, call, pattern] = row.stop;
        if (copies.has(row) || !armed || moment !== when || step.call !== call || !pattern.test(path)) continue;
        const copy = await makeTempDir();
        copies.set(row, copy);
        await run('cp', ['-a', `${directory.path}/.`, copy.path]);
      }
    };
    let armed = false;

    beforeAll(async () => {
      directory = await makeTempDir();
      const fileSystem = watched(new NodeFileSystem(), onStep);
      app = await startTestApp({ dataDir: directory.path, env: SMALL_ENGINE, overrides: { fileSystem } });
      const admin = new Api(app.address, TEST_ADMIN_KEY);
      scene = await makeScene(admin, 'p1');
      // Without a snapshot before it, a deletion goes on to the removal of files.
      const quiet = operations.putSettings('quiet', 'p1', { auto_snapshot_triggers: { drop_table: false } });
      scene = { ...scene, world: quiet.after(scene.world, mustSucceed(await quiet.send(admin))) };
      await app.runMaintenance();
      baseline = new Set(await filesOf(directory.path));
      armed = true;
      mustSucceed(await CHANGES[name](scene, 'the-change').send(admin));
      await app.runMaintenance();
      const versions = await app.metadata.listVersions(undefined, 1000);
      needed = new Set(
        versions.map(({ projectId, fileId }) => `duckdb/project_${projectId}/_versions/${fileId}.duckdb`),
      );
    });
    afterAll(async () => {
      await app.stop();
      await directory.remove();
      for (const copy of copies.values()) await copy.remove();
    });

    it.each(rows)('$crash', async (row) => {
      const copy = copies.get(row);
      if (copy === undefined) throw new Error(`the change has no such step: ${row.stop.join(' ')}`);
      const garbage = (await filesOf(copy.path)).filter(
        (path) => row.leaves?.test(path) === true && !(row.state === 'after' ? needed : baseline).has(path),
      );
      if (row.leaves !== undefined) expect(garbage).not.toEqual([]);
      const after = CHANGES[name](scene, '').after(scene.world, null);
      await expectSurvival(copy.path, {
        label: `${name}, ${row.crash}`,
        acceptable: [factsOf(row.state === 'before' ? scene.world : after)],
        projectIds: [...new Set([...Object.keys(scene.world), ...Object.keys(after)])],
        sessions: sessionsOf(name, row, scene),
      });
      await collectOrphanFiles(copy.path);
      const left = new Set(await filesOf(copy.path));
      expect(garbage.filter((path) => left.has(path))).toEqual([]);
    });
  },
);

it('has a test for each row of docs/storage-format.md, and a row for each test', async () => {
  const text = await readFile(new URL('../../../../docs/storage-format.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('## What a crash leaves'), text.indexOf('## How this is proven'));
  const documented = table
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, , , state]) => state === 'before' || state === 'after')
    .flatMap(([, changes = '', crash = '', state = '']) =>
      changes
        .replace('imports', 'full import, incremental import')
        .replace('alterations', 'add column, alter column, drop column, delete rows')
        .split(', ')
        .map((change) => `${change}: ${crash}: ${state}`),
    );
  const tested = Object.entries(ROWS).flatMap(([change, rows]) =>
    rows.map(({ crash, state }) => `${change}: ${crash}: ${state}`),
  );
  expect(documented.sort()).toEqual(tested.sort());
});

/** What was acknowledged before the change, and must go on after it. */
function sessionsOf(name: ChangeName, row: CrashRow, { prepared, uploaded }: Scene) {
  if (name === 'delete project') return [];
  if (name === 'repeated upload') return [{ session: prepared, uploaded: false }];
  return [
    { session: prepared, uploaded: name === 'upload' && row.state === 'after' },
    { session: uploaded, uploaded: true },
  ];
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((path) => !path.startsWith('metadata.sqlite'));
}
