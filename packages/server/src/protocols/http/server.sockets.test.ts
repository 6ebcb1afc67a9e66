import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { downloadOf, openTestDoor, table, type TestDoor } from '../../../test/helpers/test-door.js';
import type { HttpServices } from './services.js';

const ADMIN = { authorization: 'Bearer admin' };
const UPLOAD = '/projects/p1/files/upload/k1';

let door: TestDoor;

async function listen(overrides: Parameters<typeof openTestDoor>[0] = {}): Promise<string> {
  door = await openTestDoor(overrides);
  return await door.app.listen({ host: '127.0.0.1', port: 0 });
}

afterEach(async () => {
  door.app.server.closeAllConnections();
  await door.app.close();
});

interface Signal<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function signal<T>(): Signal<T> {
  let resolve = (_value: T): void => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

type Upload = HttpServices['files']['upload'];

/** An upload service that tells when bytes arrive and how it ended. */
function watchedUpload(): {
  upload: Upload;
  firstBytes: Promise<void>;
  ended: Promise<unknown>;
  signal: Promise<AbortSignal>;
} {
  const firstBytes = signal<void>();
  const ended = signal<unknown>();
  const given = signal<AbortSignal>();
  const upload: Upload = async (_change, _project, uploadKey, source, options) => {
    given.resolve(options.signal);
    try {
      let sizeBytes = 0;
      for await (const chunk of source as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length;
        firstBytes.resolve();
      }
      ended.resolve('complete');
      return { uploadKey, stagingPath: 's', sizeBytes, checksumSha256: 'c' };
    } catch (error) {
      ended.resolve(error);
      throw error;
    }
  };
  return { upload, firstBytes: firstBytes.promise, ended: ended.promise, signal: given.promise };
}

const PART_HEAD = '--b\r\nContent-Disposition: form-data; name="file"; filename="d.csv"\r\n\r\n';

function startUpload(address: string): ClientRequest {
  const client = request(address + UPLOAD, {
    method: 'POST',
    headers: { ...ADMIN, 'content-type': 'multipart/form-data; boundary=b', 'transfer-encoding': 'chunked' },
  });
  client.on('error', () => undefined);
  return client;
}

async function answerOf(client: ClientRequest): Promise<{ status: number; body: string }> {
  const [response] = (await once(client, 'response')) as [Readable & { statusCode: number }];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString() };
}

describe('upload', () => {
  it('streams the part named file, whatever else the form has', async () => {
    const address = await listen();
    const content = Buffer.alloc(3_000_000, 'abc');
    const form = new FormData();
    form.append('note', 'first');
    form.append('other', new Blob(['ignored']), 'o.txt');
    form.append('file', new Blob([content]), 'd.csv');
    form.append('file', new Blob(['a second one']), 'e.csv');
    const answer = await fetch(address + UPLOAD, { method: 'POST', headers: ADMIN, body: form });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        upload_key: 'k1',
        staging_path: 'staging/k1_d.csv',
        size_bytes: 3_000_000,
        checksum_sha256: createHash('sha256').update(content).digest('hex'),
      },
    ]);
  });

  it('says which part is missing', async () => {
    const address = await listen();
    const form = new FormData();
    form.append('file', 'a field without a file name');
    const answer = await fetch(address + UPLOAD, { method: 'POST', headers: ADMIN, body: form });
    expect([answer.status, await answer.json()]).toMatchObject([
      422,
      { detail: [{ type: 'missing', loc: ['body', 'file'] }] },
    ]);
    expect(door.calls.has('files.upload')).toBe(false);
  });

  it('hands the bytes on while they arrive, and aborts when the client leaves', async () => {
    const watched = watchedUpload();
    const address = await listen({ files: { upload: watched.upload } });
    const client = startUpload(address);
    client.write(PART_HEAD + 'x'.repeat(100_000));
    await watched.firstBytes;
    client.destroy();
    expect(await watched.ended).toBeInstanceOf(Error);
    expect((await watched.signal).aborted).toBe(true);
    expect(door.log.unexpected()).toEqual([]);
  });

  it('answers a form that breaks off with 422', async () => {
    const watched = watchedUpload();
    const address = await listen({ files: { upload: watched.upload } });
    const client = startUpload(address);
    client.end(`${PART_HEAD}some bytes and no closing boundary`);
    const answer = await answerOf(client);
    expect([answer.status, answer.body]).toMatchObject([422, expect.stringContaining('multipart_invalid')]);
    expect(await watched.ended).toBeInstanceOf(Error);
    expect(door.log.unexpected()).toEqual([]);
  });

  it('refuses a stranger before reading the body', async () => {
    const address = await listen();
    const client = request(address + UPLOAD, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b', 'transfer-encoding': 'chunked' },
    });
    client.on('error', () => undefined);
    client.write(PART_HEAD);
    expect((await answerOf(client)).status).toBe(401);
    client.destroy();
  });
});

describe('clients that leave', () => {
  it('cancel their preview', async () => {
    const given = signal<AbortSignal>();
    const address = await listen({
      tables: {
        preview: async (_table, _selection, abort) => {
          given.resolve(abort);
          await once(abort, 'abort');
          throw abort.reason;
        },
      },
    });
    const client = request(`${address}/projects/p1/branches/default/buckets/b/tables/t/preview`, { headers: ADMIN });
    client.on('error', () => undefined);
    client.end();
    const abort = await given.promise;
    client.destroy();
    if (!abort.aborted) await once(abort, 'abort');
    expect(abort.reason).toMatchObject({ code: 'request_cancelled' });
    expect(door.log.unexpected()).toEqual([]);
  });

  it('are not taken for leaving when the answer is complete', async () => {
    let given: AbortSignal | undefined;
    const address = await listen({
      tables: {
        preview: (_table, _selection, abort) => {
          given = abort;
          return Promise.resolve({ table, rowsJson: '[]', rowCount: 0 });
        },
      },
    });
    const url = `${address}/projects/p1/branches/default/buckets/b/tables/t/preview`;
    expect((await fetch(url, { headers: ADMIN })).status).toBe(200);
    expect(given?.aborted).toBe(false);
  });

  it('stop the download they asked for', async () => {
    const closed = signal<void>();
    const endless = (): Readable =>
      Readable.from(
        (async function* () {
          try {
            for (;;) yield await Promise.resolve(Buffer.alloc(65_536));
          } finally {
            closed.resolve();
          }
        })(),
        { objectMode: false },
      );
    const sizeBytes = 1_000_000_000;
    const address = await listen({
      files: { openDownload: () => Promise.resolve({ ...downloadOf(Buffer.alloc(0), { sizeBytes }), read: endless }) },
    });
    const client = request(`${address}/projects/p1/files/f1/download`, { headers: ADMIN });
    client.on('error', () => undefined);
    client.end();
    const [response] = (await once(client, 'response')) as [Readable];
    await once(response, 'data');
    client.destroy();
    await closed.promise;
    expect(door.log.unexpected()).toEqual([]);
  });
});

describe('downloads that fail', () => {
  const failing = (chunks: Buffer[]): Readable =>
    Readable.from(
      (async function* () {
        yield* chunks;
        throw await Promise.resolve(new Error('disk on fire'));
      })(),
      { objectMode: false },
    );

  it('break the connection in the middle, so that nobody takes a part for the whole', async () => {
    const address = await listen({
      files: {
        openDownload: () =>
          Promise.resolve({
            ...downloadOf(Buffer.alloc(0), { sizeBytes: 1_000_000 }),
            read: () => failing([Buffer.alloc(100_000)]),
          }),
      },
    });
    const response = await fetch(`${address}/projects/p1/files/f1/download`, { headers: ADMIN });
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(door.log.unexpected()).toHaveLength(1);
  });

  it('break the connection when the file is shorter than it should be', async () => {
    const address = await listen({
      files: {
        openDownload: () =>
          Promise.resolve({
            ...downloadOf(Buffer.alloc(0), { sizeBytes: 11 }),
            read: () => Readable.from([Buffer.alloc(10)]),
          }),
      },
    });
    const response = await fetch(`${address}/projects/p1/files/f1/download`, { headers: ADMIN });
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  it('are a plain error when nothing was sent yet', async () => {
    const address = await listen({
      files: {
        openDownload: () =>
          Promise.resolve({ ...downloadOf(Buffer.alloc(0), { sizeBytes: 1_000_000 }), read: () => failing([]) }),
      },
    });
    const response = await fetch(`${address}/projects/p1/files/f1/download`, { headers: ADMIN });
    expect([response.status, await response.json()]).toMatchObject([500, { error: 'internal_server_error' }]);
    expect(response.headers.get('content-disposition')).toBeNull();
  });
});

describe('connections', () => {
  it('answers what is not HTTP', async () => {
    const address = new URL(await listen());
    const socket = connect(Number(address.port), address.hostname);
    socket.write('GARBAGE\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400 Bad Request[^]*\{"detail":"Bad Request"\}$/);
  });

  it('finishes what is running before it closes', async () => {
    const started = signal<void>();
    const proceed = signal<void>();
    const address = await listen({
      projects: {
        stats: async () => {
          started.resolve();
          await proceed.promise;
          return Promise.reject(new Error('unused'));
        },
      },
    });
    const running = fetch(`${address}/projects/p1/stats`, { headers: ADMIN });
    await started.promise;
    const closed = door.app.close();
    proceed.resolve();
    expect((await running).status).toBe(500);
    await closed;
    await expect(fetch(`${address}/`)).rejects.toThrow();
  });
});
