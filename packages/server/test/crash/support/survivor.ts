import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Api, mustSucceed } from '../../../../../acceptance/helpers/api.js';
import { startTestApp, TEST_ADMIN_KEY, type TestApp } from '../../helpers/test-app.js';
import { observe } from './observe.js';
import * as operations from './operations.js';
import { differences, EMPTY_PROJECT, factsOf, makeRows, sha256, csvOf, type Facts, type FileModel } from './world.js';

export interface Expectation {
  /** What the disk went through, for messages. */
  readonly label: string;
  /** Any one of these, wholly. */
  readonly acceptable: readonly Facts[];
  readonly projectIds: readonly string[];
  /** Acknowledged uploads: they must still lead to a file. */
  readonly sessions?: readonly { readonly session: operations.Session; readonly uploaded: boolean }[];
  readonly expectedLog?: RegExp;
}

/**
 * Few workers: most of what a start costs. A short history, so that there is something to go back to, and so that the
 * removal of old versions is a step that can be cut off, too.
 */
export const SMALL_ENGINE = {
  ENGINE_READ_WORKERS: '1',
  ENGINE_JOB_WORKERS: '1',
  DUCKDB_THREADS: '1',
  VERSION_RETENTION_COUNT: '1',
};

/**
 * Starts a server on what a crash has left, without any help, and checks that it is as good as before: the state is one
 * of the acceptable ones, everything listed can be read, the disk holds what metadata points to and nothing else of
 * tables, acknowledged uploads go on, and new work succeeds. Returns which acceptable state it was.
 */
export async function expectSurvival(dataDir: string, expectation: Expectation): Promise<number> {
  const { label, acceptable, projectIds } = expectation;
  const app = await startTestApp({ dataDir, env: SMALL_ENGINE });
  try {
    await app.swept;
    const admin = new Api(app.address, TEST_ADMIN_KEY);
    const { facts } = await observe(admin, projectIds);
    const wrong = acceptable.map((each) => differences(each, facts));
    const state = wrong.findIndex((lines) => lines.length === 0);
    expect(state, `${label}: ${wrong.map((lines) => lines.join('; ')).join(' OR ')}`).toBeGreaterThanOrEqual(0);
    await expectTidyTables(app, label);
    for (const { session, uploaded } of expectation.sessions ?? []) {
      if (!uploaded) mustSucceed(await operations.sendUpload(`${session.uploadKey} upload`, session).send(admin));
      const registered = await operations.registerUpload(`${session.uploadKey} register`, session).send(admin);
      // Registered before the crash, unless the session is still there.
      expect([201, 404], `${label}: ${registered.text}`).toContain(registered.status);
      if (registered.status === 404) expect(facts[`files ${session.projectId}`]).toContain(contentOf(session));
    }
    await expectNewWork(admin);
    await app.runMaintenance();
    await expectTidyTables(app, label);
    return state;
  } finally {
    await app.stop();
    expect(app.log.unexpected(expectation.expectedLog), label).toEqual([]);
  }
}

function contentOf(session: operations.Session): string {
  return sha256(csvOf(session.rows)).slice(0, 16);
}

/** Version files, rows of versions and live links are one and the same set; nothing is being built. */
async function expectTidyTables(app: TestApp, label: string): Promise<void> {
  const root = join(app.dataDir, 'duckdb');
  const onDisk: string[] = [];
  const links: string[] = [];
  const workspaceFiles: string[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    if (!entry.isFile()) continue;
    if (path.startsWith('_staging/')) expect(path, label).toMatch(/^_staging\/workers\//);
    else if (path.includes('/_versions/')) onDisk.push(path);
    else if (path.includes('/_workspaces/')) workspaceFiles.push(path);
    else links.push(path);
  }
  const versions = await app.metadata.listVersions(undefined, 1000);
  const tables = await app.metadata.listLiveTables(undefined, 1000);
  expect(onDisk.sort(), label).toEqual(
    [...new Set(versions.map(({ projectId, fileId }) => `project_${projectId}/_versions/${fileId}.duckdb`))].sort(),
  );
  const workspaces = await app.metadata.listAllWorkspaces(undefined, 1000);
  expect(workspaceFiles.sort(), label).toEqual(
    workspaces.map(({ projectId, id }) => `project_${projectId}/_workspaces/${id}/${id}.duckdb`).sort(),
  );
  expect(links.sort(), label).toEqual(
    tables.map((table) => `project_${table.projectId}/${table.bucketName}/${table.tableName}.duckdb`).sort(),
  );
}

async function expectNewWork(admin: Api): Promise<void> {
  const rows = makeRows('afterwards', 1, 3);
  const at = { projectId: 'afterwards', bucket: 'b', table: 't' };
  const key = (name: string): string => `afterwards ${name}`;
  mustSucceed(await operations.createProject(key('project'), at.projectId).send(admin));
  mustSucceed(await operations.createBucket(key('bucket'), at.projectId, at.bucket).send(admin));
  mustSucceed(await operations.createTable(key('table'), at, true).send(admin));
  const file = await addFile(admin, at.projectId, rows);
  mustSucceed(await operations.importFile(key('import'), at, file, true).send(admin));
  const { facts } = await observe(admin, [at.projectId]);
  const expected = { afterwards: { ...EMPTY_PROJECT, files: [file], buckets: { b: { t: { keyed: true, rows } } } } };
  expect(differences(factsOf(expected), facts)).toEqual([]);
}

async function addFile(admin: Api, projectId: string, rows: FileModel['rows'] & {}): Promise<FileModel> {
  const prepared = mustSucceed(await operations.prepareUpload(`${projectId} prepare`, projectId).send(admin));
  const session = { projectId, rows, uploadKey: operations.textMember(prepared, 'upload_key') ?? '' };
  mustSucceed(await operations.sendUpload(`${projectId} upload`, session).send(admin));
  const file = mustSucceed(await operations.registerUpload(`${projectId} register`, session).send(admin));
  return { id: operations.textMember(file, 'id'), sha256: sha256(csvOf(rows)), rows };
}
