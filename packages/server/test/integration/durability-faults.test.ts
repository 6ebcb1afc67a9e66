import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, errorCode } from '../../../../acceptance/helpers/api.js';
import { NodeFileSystem } from '../../src/lib/node-file-system.js';
import { observe } from '../crash/support/observe.js';
import { CHANGES, makeScene, type Scene } from '../crash/support/scene.js';
import { SMALL_ENGINE } from '../crash/support/survivor.js';
import { differences, factsOf, type World } from '../crash/support/world.js';
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
    const scene = await makeScene(admin, `p${(count += 1)}`);
    // Nothing of this may be left to do in the background when the counting begins.
    await app.runMaintenance();
    return scene;
  }

  async function expectState(world: World, projectIds: readonly string[], label: string): Promise<void> {
    const { facts } = await observe(admin, projectIds);
    expect(differences(factsOf(world), facts), label).toEqual([]);
  }

  for (const [name, change] of Object.entries(CHANGES)) {
    it.each(FAULTS)(`${name}: $errno $when the call`, async (kind) => {
      let scene = await newScene();
      for (let call = 1; ; call += 1) {
        const operation = change(scene, key());
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
    expect(onDisk.map(({ name }) => name).sort()).toEqual(
      [...new Set(known.map(({ fileId }) => `${fileId}.duckdb`))].sort(),
    );
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
