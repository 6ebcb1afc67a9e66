import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { Api, errorCode, mustSucceed } from '../helpers/api.js';
import { unfinishedFiles } from '../helpers/witness.js';
import { startServer, type ServerOptions, type ServerProcess } from '../helpers/server-process.js';
import {
  createProjectWithBucket,
  createTable,
  download,
  getTable,
  importContent,
  importFile,
  prepareUpload,
  projectOf,
  rowsOf,
  sendUpload,
  tableOf,
  uploadFile,
} from '../helpers/storage.js';

const started: ServerProcess[] = [];

async function start(options: ServerOptions = {}): Promise<{ server: ServerProcess; admin: Api }> {
  const server = await startServer(options);
  started.push(server);
  return { server, admin: new Api(server.baseUrl, server.adminKey) };
}

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

/** Process ids of all descendants, so that a test can show that none is left. */
async function descendants(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (let at = 0; at < found.length; at++) {
    found.push(...pairs.filter(([, parent]) => parent === found[at]).map(([child]) => child ?? 0));
  }
  return found.slice(1);
}

const isAlive = (pid: number): Promise<boolean> =>
  access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );

const MANY_ROWS = 1_500_000;
const manyRows = async function* (): AsyncIterable<Uint8Array> {
  yield Buffer.from('id,v\n');
  for (let start = 0; start < MANY_ROWS; start += 10_000) {
    yield Buffer.from(Array.from({ length: 10_000 }, (_, n) => `${start + n},value ${start + n}\n`).join(''));
  }
};

describe('a restart', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'after %s keeps projects, tables, rows, files, uploads and keys',
    async (signal) => {
      const { server, admin } = await start();
      const { project, bucket } = await createProjectWithBucket(admin);
      const table = await createTable(project, bucket, { id: 'INTEGER', v: 'VARCHAR' }, { primaryKey: ['id'] });
      mustSucceed(await importContent(table, 'id,v\n1,a\n2,b\n'));
      const file = await uploadFile(project, 'kept');
      const upload = await prepareUpload(project);
      mustSucceed(await sendUpload(project, upload, 'staged'));
      const before = await getTable(table);

      await server.restart(signal);
      const again = projectOf(new Api(server.baseUrl, undefined), project.id, project.apiKey);
      const sameTable = tableOf(again, bucket, table.name);
      expect(await getTable(sameTable)).toEqual(before);
      expect(await rowsOf(sameTable)).toEqual([
        [1, 'a'],
        [2, 'b'],
      ]);
      expect((await download(again, file.id)).toString()).toBe('kept');
      const registered = mustSucceed(
        await again.api.post<{ id: string }>(again.filesPath, { upload_key: upload.upload_key }),
      );
      expect((await download(again, registered.id)).toString()).toBe('staged');
      mustSucceed(await importContent(sameTable, 'id,v\n2,B\n3,c\n', { import_options: { incremental: true } }));
      expect(await rowsOf(sameTable)).toEqual([
        [1, 'a'],
        [2, 'B'],
        [3, 'c'],
      ]);
    },
  );
});

describe('SIGTERM', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '(%s) on an idle server ends it and its workers with code 0',
    async (signal) => {
      const { server } = await start();
      const workers = await descendants(server.pid);
      expect(workers.length).toBeGreaterThan(0);
      expect(await server.kill(signal)).toEqual({ code: 0, signal: null });
      for (const pid of workers) await expect.poll(() => isAlive(pid)).toBe(false);
      server.mustHaveCleanLog();
    },
  );

  it('during an import: the import is answered, new requests are refused, the exit code is 0', async () => {
    const { server, admin } = await start();
    const { project, bucket } = await createProjectWithBucket(admin);
    const table = await createTable(project, bucket, { id: 'INTEGER', v: 'VARCHAR' });
    const file = await uploadFile(project, manyRows());

    const importing = importFile(table, file.id);
    await expect.poll(async () => (await admin.get('/health')).text, { interval: 5 }).toMatch(/"job":\{[^}]*"busy":1/);
    const exited = server.kill('SIGTERM');
    const answer = await importing;
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.table_rows_after).toBe(MANY_ROWS);
    const answeredAt = performance.now();
    expect(await exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - answeredAt, 'kept-alive connections hold nothing up').toBeLessThan(10_000);

    await server.restart();
    const again = projectOf(new Api(server.baseUrl, undefined), project.id, project.apiKey);
    expect((await getTable(tableOf(again, bucket, table.name))).row_count).toBe(MANY_ROWS);
  });

  it('does not wait for a client that keeps its connection open', async () => {
    const { server, admin } = await start();
    expect((await admin.get('/health')).status).toBe(200);
    const startedAt = performance.now();
    expect((await server.kill('SIGTERM')).code).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('SIGKILL of the server', () => {
  it('takes its workers along', async () => {
    const { server } = await start();
    const workers = await descendants(server.pid);
    expect(workers.length).toBeGreaterThan(0);
    await server.kill('SIGKILL');
    for (const pid of workers) await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});

describe('SIGKILL of workers', () => {
  it('costs nobody more than the running job; the next requests work', async () => {
    const { server, admin } = await start({ expectedErrors: [/worker/i] });
    const { project, bucket } = await createProjectWithBucket(admin);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, 'id\n1\n'));
    for (let round = 0; round < 3; round++) {
      for (const pid of await descendants(server.pid)) process.kill(pid, 'SIGKILL');
      expect(await rowsOf(table)).toHaveLength(round + 1);
      mustSucceed(await importContent(table, `id\n${round + 2}\n`, { import_options: { incremental: true } }));
    }
    expect((await admin.get('/health')).status).toBe(200);
  });

  it.each([
    [
      'a change of type',
      (path: string, admin: Api) => admin.put(`${path}/columns/v`, { new_type: 'BLOB', new_name: 'b' }),
    ],
    [
      'a new column',
      (path: string, admin: Api) => admin.post(`${path}/columns`, { name: 'u', type: 'UUID', default: 'uuid()' }),
    ],
    [
      'a deletion',
      (path: string, admin: Api) => admin.delete(`${path}/rows`, { json: { where_clause: "v LIKE '%7%'" } }),
    ],
  ] as const)('in the middle of %s changes nothing, and a repetition works', async (_, change) => {
    const { server, admin } = await start({ expectedErrors: [/worker/i] });
    const { project, bucket } = await createProjectWithBucket(admin);
    const table = await createTable(project, bucket, { id: 'INTEGER', v: 'VARCHAR' });
    mustSucceed(await importFile(table, (await uploadFile(project, manyRows())).id));
    const before = await getTable(table);
    const versions = `${table.path}/versions`;
    const history = (await admin.get(versions)).body;

    const changing = change(table.path, admin);
    await expect.poll(async () => (await admin.get('/health')).text, { interval: 2 }).toMatch(/"job":\{[^}]*"busy":1/);
    for (const pid of await descendants(server.pid)) process.kill(pid, 'SIGKILL');
    const answer = await changing;
    expect([answer.status, errorCode(answer)]).toEqual([500, 'worker_crashed']);
    expect(await getTable(table)).toEqual(before);
    expect((await admin.get(versions)).body).toEqual(history);
    expect(await unfinishedFiles(server.dataDir)).toEqual([]);
    mustSucceed(await change(table.path, admin));
    expect(await getTable(table)).not.toEqual(before);
  });
});
