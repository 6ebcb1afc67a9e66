import { link, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Api, mustSucceed } from '../../../../acceptance/helpers/api.js';
import { layoutOf } from '../../src/storage-places.js';
import { loadConfig } from '../../src/config/load-config.js';
import { LiveTree } from '../../src/engine/live-tree.js';
import { NodeFileSystem } from '../../src/lib/node-file-system.js';
import { CHANGES, makeScene } from '../crash/support/scene.js';
import { SMALL_ENGINE } from '../crash/support/survivor.js';
import { watched } from '../crash/support/watched-file-system.js';
import { startTestApp, TEST_ADMIN_KEY } from '../helpers/test-app.js';
import { makeTempDir, type TempDir } from '../helpers/temp-dir.js';

let directory: TempDir;
beforeEach(async () => {
  directory = await makeTempDir();
});
afterEach(() => directory.remove());

/** Links of the table `t`: the live one and whatever half-made ones there are. */
const linksOf = (projectId: string): Promise<string[]> =>
  readdir(join(directory.path, `duckdb/project_${projectId}/b`));

describe('A half-made live link', () => {
  it('goes when its version is not the current one any more, so that it keeps no retired file on the disk', async () => {
    const app = await startTestApp({ dataDir: directory.path, env: SMALL_ENGINE });
    const admin = new Api(app.address, TEST_ADMIN_KEY);
    const scene = await makeScene(admin, 'p1');
    const [version] = await app.metadata.listLiveTables(undefined, 1);
    const live = join(directory.path, 'duckdb/project_p1/b/t.duckdb');
    const half = join(directory.path, `duckdb/project_p1/b/.${version?.fileId}.t.linking`);
    await link(live, half);
    mustSucceed(await CHANGES['full import'](scene, 'import').send(admin));
    await app.stop();
    expect(await linksOf('p1')).toHaveLength(2);

    const next = await startTestApp({ dataDir: directory.path, env: SMALL_ENGINE });
    await next.swept;
    expect(await linksOf('p1')).toEqual(['t.duckdb']);
    expect((await stat(live)).nlink).toBe(2);
    await next.stop();
  });

  it('is not left behind by linking a version that is linked already', async () => {
    const app = await startTestApp({ dataDir: directory.path, env: SMALL_ENGINE });
    await makeScene(new Api(app.address, TEST_ADMIN_KEY), 'p1');
    const [table] = await app.metadata.listLiveTables(undefined, 1);
    if (table === undefined) throw new Error('no table');
    const layout = layoutOf(loadConfig({ DATA_DIR: directory.path }));
    await new LiveTree(new NodeFileSystem(), layout, app.log.logger).refresh(table);
    expect(await linksOf('p1')).toEqual(['t.duckdb']);
    await app.stop();
  });
});

describe('Directories that a killed process made and never synced', () => {
  it('are synced by whoever builds on them', async () => {
    const duckdbDir = join(directory.path, 'duckdb');
    await mkdir(join(duckdbDir, 'project_p1/_versions'), { recursive: true });
    const synced: string[] = [];
    const fileSystem = watched(new NodeFileSystem(), (moment, { call, path }) => {
      if (moment === 'after' && call === 'syncDirectory') synced.push(path);
      return Promise.resolve();
    });
    const app = await startTestApp({ dataDir: directory.path, env: SMALL_ENGINE, overrides: { fileSystem } });
    expect(synced).toContain(directory.path);
    synced.length = 0;
    mustSucceed(await new Api(app.address, TEST_ADMIN_KEY).post('/projects', { id: 'p1' }));
    expect(synced).toEqual([join(duckdbDir, 'project_p1'), duckdbDir]);
    await app.stop();
  });
});
