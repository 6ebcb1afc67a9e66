import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, errorCode, mustSucceed } from '../../../../acceptance/helpers/api.js';
import { NodeFileSystem } from '../../src/lib/node-file-system.js';
import { observe } from '../crash/support/observe.js';
import * as operations from '../crash/support/operations.js';
import type { Operation } from '../crash/support/operations.js';
import { SMALL_ENGINE } from '../crash/support/survivor.js';
import { differences, factsOf, makeRows, type FileModel, type World } from '../crash/support/world.js';
import { FaultyFileSystem, type Fault } from '../helpers/faulty-file-system.js';
import { startTestApp, TEST_ADMIN_KEY, type TestApp } from '../helpers/test-app.js';
import { makeTempDir, type TempDir } from '../helpers/temp-dir.js';

const ALLOWED: Record<Fault['errno'], readonly string[]> = {
  ENOSPC: ['storage_full'],
  EIO: ['storage_error'],
  EMFILE: ['storage_error'],
};

/** Before the call takes effect, and after it, when the disk did it and says that it did not. */
const FAULTS: readonly Required<Pick<Fault, 'errno' | 'when'>>[] = [
  { errno: 'ENOSPC', when: 'before' },
  { errno: 'EIO', when: 'before' },
  { errno: 'EMFILE', when: 'before' },
  { errno: 'EIO', when: 'after' },
];

/** Calls that come after the commit: their failure is logged, and the change stands. */
const AFTER_COMMIT = ['remove', 'removeTree', 'link', 'rename', 'makeDirectory', 'stat', 'list'];
const LOGGED = /live tree could not be updated|remain|could not be removed|could not be collected|storage/;

/** A project with a table of two rows, a registered file with three, and an upload that waits to be registered. */
interface Scene {
  readonly projectId: string;
  readonly world: World;
  readonly at: operations.TablePlace;
  readonly file: FileModel;
  readonly prepared: operations.Session;
  readonly uploaded: operations.Session;
}

const USE_CASES: Record<string, (scene: Scene, key: string) => Operation> = {
  'create project': ({ projectId }, key) => operations.createProject(key, `${projectId}-second`),
  'create bucket': ({ projectId }, key) => operations.createBucket(key, projectId, 'second'),
  'create table': ({ at }, key) => operations.createTable(key, { ...at, table: 'second' }, true),
  'full import': ({ at, file }, key) => operations.importFile(key, at, file, false),
  'incremental import': ({ at, file }, key) => operations.importFile(key, at, file, true),
  'delete table': ({ at }, key) => operations.deleteTable(key, at),
  export: ({ at }, key) => operations.exportTable(key, at),
  upload: ({ prepared }, key) => operations.sendUpload(key, prepared),
  register: ({ uploaded }, key) => operations.registerUpload(key, uploaded),
  'delete file': ({ projectId, file }, key) => operations.deleteFile(key, projectId, file),
  'delete bucket': ({ projectId }, key) => operations.deleteBucket(key, projectId, 'b'),
  'delete project': ({ projectId }, key) => operations.deleteProject(key, projectId),
};

describe('A disk that fails at the N-th call, for every N', () => {
  const faulty = new FaultyFileSystem(new NodeFileSystem());
  let directory: TempDir;
  let app: TestApp;
  let admin: Api;
  let count = 0;
  const key = (): string => `fault-${(count += 1)}`;

  beforeAll(async () => {
    directory = await makeTempDir();
    app = await startTestApp({ dataDir: directory.path, env: SMALL_ENGINE, overrides: { fileSystem: faulty } });
    await app.swept;
    admin = new Api(app.address, TEST_ADMIN_KEY);
  });
  afterAll(async () => {
    await app.stop();
    expect(app.log.unexpected(LOGGED)).toEqual([]);
    await directory.remove();
  });

  async function newScene(): Promise<Scene> {
    const projectId = `p${(count += 1)}`;
    const at = { projectId, bucket: 'b', table: 't' };
    let world: World = {};
    const perform = async (operation: Operation): Promise<unknown> => {
      const answer = mustSucceed(await operation.send(admin));
      world = operation.after(world, answer);
      return answer;
    };
    const prepare = async (rowCount: number): Promise<operations.Session> => {
      const answer = await perform(operations.prepareUpload(key(), projectId));
      const uploadKey = operations.textMember(answer, 'upload_key') ?? '';
      return { projectId, uploadKey, rows: makeRows(`m${rowCount}`, 1, rowCount) };
    };
    const addFile = async (rowCount: number): Promise<FileModel> => {
      const session = await prepare(rowCount);
      await perform(operations.sendUpload(key(), session));
      await perform(operations.registerUpload(key(), session));
      const file = world[projectId]?.files.at(-1);
      if (file === undefined) throw new Error('the file is not in the world');
      return file;
    };
    await perform(operations.createProject(key(), projectId));
    await perform(operations.createBucket(key(), projectId, 'b'));
    await perform(operations.createTable(key(), at, true));
    await perform(operations.importFile(key(), at, await addFile(2), false));
    const file = await addFile(3);
    const prepared = await prepare(4);
    const uploaded = await prepare(5);
    await perform(operations.sendUpload(key(), uploaded));
    // Nothing of this may be left to do in the background when the counting begins.
    await app.runMaintenance();
    return { projectId, world, at, file, prepared, uploaded };
  }

  async function expectState(world: World, projectIds: readonly string[], label: string): Promise<void> {
    const { facts } = await observe(admin, projectIds);
    expect(differences(factsOf(world), facts), label).toEqual([]);
  }

  for (const [name, useCase] of Object.entries(USE_CASES)) {
    it.each(FAULTS)(`${name}: $errno $when the call`, async (kind) => {
      let scene = await newScene();
      for (let call = 1; ; call += 1) {
        const operation = useCase(scene, key());
        faulty.arm({ ...kind, call });
        const answer = await operation.send(admin);
        const failed = faulty.failed;
        const at = faulty.calls[call - 1] ?? 'none';
        faulty.disarm();
        const label = `${name}, ${kind.errno} ${kind.when} call ${call} (${at}): ${answer.status} ${answer.text}`;
        const after = operation.after(scene.world, answer.body);
        const projectIds = [...new Set([...Object.keys(scene.world), ...Object.keys(after)])];
        if (answer.status < 300) {
          if (failed) expect(AFTER_COMMIT, label).toContain(at);
          await expectState(after, projectIds, label);
          if (!failed) return;
          scene = await newScene();
        } else {
          const expected = at === 'space' ? ['storage_unavailable'] : ALLOWED[kind.errno];
          expect(expected, label).toContain(errorCode(answer));
          expect(answer.status, label).toBeGreaterThanOrEqual(500);
          // Nothing has changed, so the next round asks the same again, and in the end it works.
          await expectState(scene.world, projectIds, label);
        }
      }
    });
  }

  it('leaves nothing behind that the next start does not clean up', async () => {
    await app.stop();
    app = await startTestApp({ dataDir: directory.path, env: SMALL_ENGINE, overrides: { fileSystem: faulty } });
    await app.swept;
    await app.runMaintenance();
    const root = join(directory.path, 'duckdb');
    expect(await readdir(join(root, '_staging'))).toEqual(['workers']);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const onDisk = entries.filter((entry) => entry.isFile() && entry.parentPath.endsWith('/_versions'));
    const known = await app.metadata.listVersions(undefined, 10_000);
    expect(onDisk.map(({ name }) => name).sort()).toEqual(known.map(({ id }) => `${id}.duckdb`).sort());
    expect(await readdir(join(directory.path, 'files/_unfinished'))).toEqual([]);
  });

  it.each(FAULTS)(
    'start, $errno $when the call: refused, or started; the next start is as good as any',
    async (kind) => {
      await app.stop();
      let restarts = 0;
      for (let call = 1; ; call += 1) {
        faulty.arm({ ...kind, call });
        const started = await startTestApp({
          dataDir: directory.path,
          env: SMALL_ENGINE,
          overrides: { fileSystem: faulty },
        }).catch((error: unknown) => error);
        if (isApp(started)) {
          await started.stop();
          faulty.disarm();
          break;
        }
        expect(faulty.failed, String(started)).toBe(true);
        restarts += 1;
      }
      expect(restarts).toBeGreaterThan(0);
      app = await startTestApp({ dataDir: directory.path, env: SMALL_ENGINE, overrides: { fileSystem: faulty } });
      admin = new Api(app.address, TEST_ADMIN_KEY);
      await newScene();
    },
  );
});

function isApp(value: unknown): value is TestApp {
  return typeof value === 'object' && value !== null && 'runMaintenance' in value;
}
