import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeTempDir, type TempDir } from '../../../test/helpers/temp-dir.js';
import { NodeFileSystem } from '../../lib/node-file-system.js';
import type { MetadataReader } from '../../metadata/metadata-store.js';
import type { WorkspaceRecord } from '../../metadata/workspace-records.js';
import { placesBelow } from '../../storage-places.js';
import { PlacedFiles } from './placed-files.js';
import { WorkspaceCopier } from './workspace-copies.js';

const fileSystem = new NodeFileSystem();
const NOW = new Date('2026-11-25T12:00:00Z');
let directory: TempDir;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeEach(async () => {
  directory = await makeTempDir();
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});
afterEach(async () => {
  connection.closeSync();
  instance.closeSync();
  await directory.remove();
});

const sourceOf = () => placesBelow(join(directory.path, 'server'), fileSystem);
const targetOf = (name: string) => placesBelow(join(directory.path, name), fileSystem);

async function openWorkspace(id: string): Promise<void> {
  const path = sourceOf().workspacePath('p1', id);
  await fileSystem.makeDirectory(join(path, '..'));
  await connection.run(`ATTACH '${path}' AS ${id} (STORAGE_VERSION 'v1.5.0')`);
  await connection.run(`CREATE TABLE ${id}.t (step INTEGER, filler VARCHAR)`);
}

function copy(name: string, ids: readonly string[], more: { expiresAt?: Date; mustGoOn?: () => void } = {}) {
  const workspaces = ids.map((id) => ({ id, projectId: 'p1', expiresAt: more.expiresAt ?? null }) as WorkspaceRecord);
  const metadata = {
    listAllWorkspaces: (after: string | undefined) => Promise.resolve(after === undefined ? workspaces : []),
  } as unknown as MetadataReader;
  return new WorkspaceCopier(fileSystem, 20).copyAll(metadata, {
    from: sourceOf(),
    to: targetOf(name),
    placed: new PlacedFiles(fileSystem, { link: true, mayCopy: () => Promise.resolve() }),
    createdAt: NOW,
    mustGoOn: more.mustGoOn ?? (() => undefined),
  });
}

async function stepsIn(name: string, id: string): Promise<number[]> {
  const alias = `copy_${name}`;
  await connection.run(`ATTACH '${targetOf(name).workspacePath('p1', id)}' AS ${alias}`);
  const rows = await connection.runAndReadAll(`SELECT DISTINCT step FROM ${alias}.t ORDER BY step`);
  await connection.run(`DETACH ${alias}`);
  return rows.getRows().map(([step]) => Number(step));
}

it('has what is only in the log as well as what is in the file', async () => {
  await openWorkspace('ws_1');
  await connection.run(`INSERT INTO ws_1.t VALUES (1, 'a')`);
  await connection.run('CHECKPOINT ws_1');
  await connection.run(`INSERT INTO ws_1.t VALUES (2, 'b')`);
  const { copies, skippedIds } = await copy('first', ['ws_1']);
  expect(skippedIds).toEqual([]);
  expect(copies).toMatchObject([{ workspaceId: 'ws_1', projectId: 'p1', files: [{ suffix: '' }, { suffix: '.wal' }] }]);
  await connection.run(`INSERT INTO ws_1.t VALUES (3, 'c')`);
  expect(await stepsIn('first', 'ws_1')).toEqual([1, 2]);
});

it('is a state that was there, whatever the workspace does meanwhile', async () => {
  await openWorkspace('ws_1');
  let step = 0;
  let done = false;
  const writing = (async () => {
    const writer = await instance.connect();
    while (!done) {
      step += 1;
      await writer.run(`INSERT INTO ws_1.t SELECT ${step}, repeat('x', 100) FROM range(200)`);
      if (step % 25 === 0) await writer.run('CHECKPOINT ws_1');
      if (step % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 60));
    }
    writer.closeSync();
  })();
  let made = 0;
  for (let index = 0; index < 8; index += 1) {
    const { copies } = await copy(`copy${index}`, ['ws_1']);
    if (copies.length === 0) continue;
    made += 1;
    const steps = await stepsIn(`copy${index}`, 'ws_1');
    expect(steps).toEqual(steps.map((_, at) => at + 1));
    expect(steps.length).toBeGreaterThan(0);
  }
  done = true;
  await writing;
  expect(made).toBeGreaterThan(0);
}, 60_000);

it('passes over what has expired, says what it could not have, and gives up when it is told to', async () => {
  await openWorkspace('ws_1');
  expect(await copy('expired', ['ws_1'], { expiresAt: NOW })).toEqual({ copies: [], skippedIds: [] });
  expect(await copy('missing', ['ws_0'])).toEqual({ copies: [], skippedIds: ['ws_0'] });
  const giveUp = (): void => {
    throw new Error('given up');
  };
  await expect(copy('stopped', ['ws_1'], { mustGoOn: giveUp })).rejects.toThrow('given up');
});
