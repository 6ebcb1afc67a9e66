import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { mustAddUp } from '../conformance/counters.conformance.js';
import { bucket, project, START, startWithBucket, table } from '../conformance/records.conformance.js';
import { describeMetadataStore } from '../metadata-store.conformance.js';
import { MIGRATIONS } from '../migrations/migrate.js';
import { MetadataInUseError } from './process-lock.js';
import { SqliteMetadataStore } from './sqlite-metadata-store.js';

const WRITER = fileURLToPath(new URL('../../../test/fixtures/metadata-writer.mjs', import.meta.url));

async function inDirectory(): Promise<{ databasePath: string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'metadata-'));
  return {
    databasePath: join(directory, 'metadata.sqlite'),
    remove: () => rm(directory, { recursive: true }),
  };
}

describeMetadataStore('SqliteMetadataStore', async () => {
  const { databasePath, remove } = await inDirectory();
  const store = await SqliteMetadataStore.open(databasePath);
  const cleanup = async (): Promise<void> => {
    await store.close();
    await remove();
  };
  return { store, cleanup };
});

describe('SqliteMetadataStore', () => {
  let databasePath: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ databasePath, remove } = await inDirectory());
  });
  afterEach(() => remove());

  /** Changes the closed database behind the store's back. */
  function tamper(sql: string): void {
    const database = new DatabaseSync(databasePath);
    database.exec(sql);
    database.close();
  }

  async function createAndClose(): Promise<void> {
    const store = await SqliteMetadataStore.open(databasePath);
    await store.transaction((tx) => tx.insertProject(project('p1')));
    await store.close();
  }

  it('keeps what was written when it is opened again', async () => {
    await createAndClose();
    const store = await SqliteMetadataStore.open(databasePath);
    expect(await store.getProject('p1')).toMatchObject({ id: 'p1', createdAt: START });
    await store.close();
  });

  it('records each migration once, with its time', async () => {
    const first = await SqliteMetadataStore.open(databasePath, { now: START });
    await first.close();
    await createAndClose();
    const database = new DatabaseSync(databasePath, { readOnly: true });
    const rows: unknown[] = database.prepare('select * from schema_migrations').all();
    database.close();
    expect(rows).toEqual(MIGRATIONS.map(({ number, name }) => ({ number, name, applied_at: START.getTime() })));
  });

  it('refuses a schema newer than this build, and changes nothing', async () => {
    await createAndClose();
    const newer = MIGRATIONS.length + 6;
    tamper(`insert into schema_migrations values (${newer}, 'from the future', 0)`);
    const message = `schema ${newer}, and this build knows schemas up to ${MIGRATIONS.length}`;
    await expect(SqliteMetadataStore.open(databasePath)).rejects.toThrow(message);
    await expect(SqliteMetadataStore.openReadOnly(databasePath)).rejects.toThrow(message);
    tamper(`delete from schema_migrations where number = ${newer}`);
    const store = await SqliteMetadataStore.open(databasePath);
    expect(await store.getProject('p1')).toBeDefined();
    await store.close();
  });

  it('refuses a file that is no database, and frees the lock', async () => {
    await writeFile(databasePath, 'not a database at all, but long enough to have a header'.repeat(50));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(SqliteMetadataStore.open(databasePath)).rejects.toMatchObject({
        code: 'storage_error',
        details: { reason: 'SQLITE_NOTADB' },
      });
    }
  });

  it('refuses a second store on the same database', async () => {
    const store = await SqliteMetadataStore.open(databasePath);
    await expect(SqliteMetadataStore.open(databasePath)).rejects.toThrow(MetadataInUseError);
    await store.transaction((tx) => tx.insertProject(project('p1')));
    await store.close();
    await (await SqliteMetadataStore.open(databasePath)).close();
  });

  it('can be read beside the running service, and without it', async () => {
    const store = await SqliteMetadataStore.open(databasePath);
    const { bucketId } = await startWithBucket(store);
    const beside = await SqliteMetadataStore.openReadOnly(databasePath);
    await store.transaction((tx) => tx.insertTable(table(bucketId, 'orders')));
    expect((await beside.getTable('p1', 'sales', 'orders'))?.id).toBe('table-orders');
    await beside.close();
    await store.close();
    const alone = await SqliteMetadataStore.openReadOnly(databasePath);
    expect(await alone.totals()).toMatchObject({ tables: 1 });
    await alone.close();
  });

  it('reads nothing from a path without a database', async () => {
    await expect(SqliteMetadataStore.openReadOnly(databasePath)).rejects.toMatchObject({ code: 'storage_error' });
    tamper('create table schema_migrations (number integer, name text, applied_at integer)');
    await expect(SqliteMetadataStore.openReadOnly(databasePath)).rejects.toThrow('Start the service once');
  });

  it('hands out pages without waiting for a transaction that is open', async () => {
    const store = await SqliteMetadataStore.open(databasePath);
    await startWithBucket(store);
    await store.transaction(async (tx) => {
      await tx.insertBucket(bucket('p1', 'second'));
      const names = (await store.listBuckets('p1')).items.map((item) => item.name);
      expect(names).toEqual(['sales']);
    });
    await store.close();
  });

  describe('beside a process that is killed', () => {
    const children: ChildProcess[] = [];
    afterEach(() => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
    });

    /** Runs a writer until it has acknowledged `count` transactions, kills it, and returns the last number it told. */
    async function writeUntilKilled(first: number, count: number): Promise<number> {
      const child = fork(WRITER, [databasePath, String(first)], { execArgv: [] });
      children.push(child);
      const exited = once(child, 'exit');
      let acknowledged = first - 1;
      child.on('message', (number) => {
        acknowledged = Number(number);
        if (acknowledged === first + count - 1) child.kill('SIGKILL');
      });
      await exited;
      return acknowledged;
    }

    it('cannot open what the other process has open', async () => {
      const child = fork(WRITER, [databasePath, '1'], { execArgv: [] });
      children.push(child);
      await once(child, 'message');
      await expect(SqliteMetadataStore.open(databasePath)).rejects.toThrow(MetadataInUseError);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await (await SqliteMetadataStore.open(databasePath)).close();
    });

    it('has every acknowledged transaction, and no half of one', async () => {
      let next = 1;
      for (const count of [1, 7, 30]) {
        const acknowledged = await writeUntilKilled(next, count);
        expect(acknowledged).toBeGreaterThanOrEqual(next + count - 1);
        const reader = await SqliteMetadataStore.openReadOnly(databasePath);
        expect((await reader.totals()).tables).toBeGreaterThanOrEqual(acknowledged);
        await reader.close();
        const store = await SqliteMetadataStore.open(databasePath);
        for (let number = 1; number <= acknowledged; number += 1) {
          expect(await store.getTable('p1', `bucket-${number}`, 'only')).toBeDefined();
        }
        const buckets = (await store.listBuckets('p1')).items;
        expect(buckets.every((item) => item.tableCount === 1)).toBe(true);
        expect(buckets.length).toBeGreaterThanOrEqual(acknowledged);
        await mustAddUp(store);
        await store.close();
        next = buckets.length + 1;
      }
    });
  });
});
