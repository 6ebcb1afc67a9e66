import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { mustSucceed, type Answer, type Api } from './api.js';
import {
  createProjectWithBucket,
  createTable,
  importContent,
  preview,
  type Preview,
  type Project,
  type Table,
} from './storage.js';

/** A table with known rows, to show that hostile requests changed nothing. */
export interface Witness {
  readonly project: Project;
  readonly bucket: string;
  readonly table: Table;
  mustBeUntouched(): Promise<void>;
}

export async function createWitness(admin: Api): Promise<Witness> {
  const { project, bucket } = await createProjectWithBucket(admin);
  const table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' });
  mustSucceed(await importContent(table, 'id,name\n1,a\n2,b\n3,c\n'));
  const before = await stateOf(table);
  return {
    project,
    bucket,
    table,
    mustBeUntouched: async () => {
      expect(await stateOf(table)).toEqual(before);
      const health = await admin.as(undefined).get('/health');
      expect(health.status, health.text).toBe(200);
    },
  };
}

async function stateOf(table: Table): Promise<{ shown: Preview; object: unknown }> {
  const object: unknown = mustSucceed(await table.project.api.get(table.path));
  return { shown: await preview(table), object };
}

/** The caller's mistake, told as such: neither accepted nor the server's fault. */
export function expectRefused(answer: Answer, what: string): void {
  expect(answer.status, `${what}: ${answer.text.slice(0, 500)}`).toBeGreaterThanOrEqual(400);
  expect(answer.status, `${what}: ${answer.text.slice(0, 500)}`).toBeLessThan(500);
}

export function expectNoServerError(answer: Answer, what: string): void {
  expect(answer.status, `${what}: ${answer.text.slice(0, 500)}`).toBeLessThan(500);
}

/** Files that work in progress leaves behind: there must be none when nothing runs. */
export async function unfinishedFiles(dataDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const directory of ['duckdb/_staging', 'files/_unfinished']) {
    const entries = await readdir(join(dataDir, directory), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isFile()) found.push(join(entry.parentPath, entry.name));
  }
  return found;
}
