import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { CompiledQuery, Kysely, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SqliteDialect } from './sqlite-dialect.js';
import { WriteThreadDriver } from './write-thread-driver.js';
import { DomainError } from '../../errors/domain-error.js';
import { WriteThread } from './write-thread.js';

interface Notes {
  notes: { id: number; text: string };
}

describe('the write thread', () => {
  let directory: string;
  let databasePath: string;
  let driver: WriteThreadDriver;
  let db: Kysely<Notes>;
  const threads: WriteThread[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'metadata-thread-'));
    databasePath = join(directory, 'test.sqlite');
    driver = new WriteThreadDriver(databasePath, {
      startThread: async (path) => {
        const thread = await WriteThread.start(path);
        threads.push(thread);
        return thread;
      },
    });
    db = new Kysely<Notes>({ dialect: new SqliteDialect(driver) });
    await db.transaction().execute((tx) => sql`create table notes (id integer primary key, text text)`.execute(tx));
  });
  afterEach(async () => {
    await driver.destroy();
    threads.length = 0;
    await rm(directory, { recursive: true });
  });

  const insert = (id: number, text = 'x'): Promise<unknown> =>
    db.transaction().execute((tx) => tx.insertInto('notes').values({ id, text }).execute());
  const ids = async (): Promise<number[]> => {
    const rows = await db.transaction().execute((tx) => tx.selectFrom('notes').select('id').orderBy('id').execute());
    return rows.map((row) => row.id);
  };
  /** A thread that opens as the real one and then behaves as `script` says. */
  async function startBroken(script: string): Promise<WriteThread> {
    const entry = join(directory, 'broken.mjs');
    await writeFile(entry, `import { parentPort } from 'node:worker_threads';\n${script}`);
    return WriteThread.start(databasePath, pathToFileURL(entry));
  }

  it('keeps integers beyond 32 bits', async () => {
    await insert(2 ** 52 + 1);
    expect(await ids()).toEqual([2 ** 52 + 1]);
  });

  it('tells a full disk from other failures, and goes on when there is space again', async () => {
    const setLimit = (pages: number): Promise<unknown> =>
      db.transaction().execute((tx) => sql.raw(`PRAGMA max_page_count = ${pages}`).execute(tx));
    await setLimit(3);
    const tooMuch = db.transaction().execute(async (tx) => {
      await tx.insertInto('notes').values({ id: 1, text: 'small' }).execute();
      await tx
        .insertInto('notes')
        .values({ id: 2, text: 'x'.repeat(100_000) })
        .execute();
    });
    await expect(tooMuch).rejects.toMatchObject({ code: 'storage_full' });
    await setLimit(1_000_000);
    expect(await ids()).toEqual([]);
    await insert(3);
    expect(await ids()).toEqual([3]);
  });

  it('never commits the rest of a transaction that SQLite has rolled back', async () => {
    const work = db.transaction().execute(async (tx) => {
      await tx.insertInto('notes').values({ id: 1, text: 'first' }).execute();
      await sql`ROLLBACK`.execute(tx);
      await tx.insertInto('notes').values({ id: 2, text: 'second' }).execute();
    });
    await expect(work).rejects.toMatchObject({ code: 'storage_error' });
    expect(await ids()).toEqual([]);
  });

  it('rolls back when the commit fails', async () => {
    const work = db.transaction().execute(async (tx) => {
      await sql`create table child (parent integer references notes (id) deferrable initially deferred)`.execute(tx);
      await sql`insert into child values (99)`.execute(tx);
    });
    await expect(work).rejects.toMatchObject({ code: 'internal_server_error' });
    await insert(1);
    expect(await ids()).toEqual([1]);
  });

  it('writes nothing outside a transaction', async () => {
    await expect(db.insertInto('notes').values({ id: 1, text: 'x' }).execute()).rejects.toThrow('inside a transaction');
  });

  it('fails a transaction whose thread dies, and starts a new thread for the next', async () => {
    await insert(1);
    const work = db.transaction().execute(async (tx) => {
      await tx.insertInto('notes').values({ id: 2, text: 'lost' }).execute();
      const [thread] = threads;
      // In the middle of a transaction the database cannot be closed, which ends the thread the hard way: its answer or its end comes first.
      await expect(thread?.close()).rejects.toBeInstanceOf(DomainError);
      await tx.insertInto('notes').values({ id: 3, text: 'never' }).execute();
    });
    await expect(work).rejects.toMatchObject({ code: 'storage_error' });
    await insert(4);
    expect(await ids()).toEqual([1, 4]);
    expect(threads).toHaveLength(2);
  });

  it('rejects every pending command when the thread crashes', async () => {
    const thread = await startBroken(`
      parentPort.on('message', () => { throw new Error('crash'); });
      parentPort.postMessage({ id: 0, rows: [], changes: 0 });`);
    const outcomes = await Promise.allSettled([thread.run({ kind: 'commit' }), thread.run({ kind: 'rollback' })]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'storage_error' } });
    }
    expect(thread.ended).toBe(true);
    await expect(thread.run({ kind: 'commit' })).rejects.toMatchObject({ code: 'storage_error' });
    await thread.close();
  });

  it('rejects the start when the thread ends before the database is open', async () => {
    await expect(startBroken('process.exit(3)')).rejects.toMatchObject({ code: 'storage_error' });
  });

  it('frees a turn when no thread can be started', async () => {
    const broken = new WriteThreadDriver(databasePath, {
      startThread: () => Promise.reject(new Error('no thread')),
    });
    await expect(broken.acquireConnection()).rejects.toThrow('no thread');
    await expect(broken.acquireConnection()).rejects.toThrow('no thread');
    await broken.destroy();
  });

  it('says when the disk has stopped answering', async () => {
    const silent = new WriteThreadDriver(databasePath, {
      startThread: () =>
        startBroken(`
          parentPort.on('message', (request) => { if (request.kind === 'rollback') process.exit(1); });
          parentPort.postMessage({ id: 0, rows: [], changes: 0 });`),
      stuckAfterMs: 0,
    });
    const connection = await silent.acquireConnection();
    await silent.beginTransaction(connection);
    silent.mustBeResponsive();
    const query = connection.executeQuery(CompiledQuery.raw('select 1'));
    expect(() => silent.mustBeResponsive()).toThrow('has not answered');
    await expect(silent.rollbackTransaction(connection)).rejects.toMatchObject({ code: 'storage_error' });
    await expect(query).rejects.toMatchObject({ code: 'storage_error' });
    silent.mustBeResponsive();
    await silent.releaseConnection(connection);
    await silent.destroy();
  });
});
