import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import { openSocket } from '../helpers/raw-http.js';
import { prepareUpload, sendUpload, tablesPath, uploadFile } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';
import { createWitness, expectRefused, unfinishedFiles, type Witness } from '../helpers/witness.js';

const server = useServer({ env: { CONNECTION_TIMEOUT: '2' } });
let witness: Witness;

beforeAll(async () => {
  witness = await createWitness(server.admin);
});

const JSON_TYPE = { 'content-type': 'application/json' };

describe('hostile JSON', () => {
  const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);
  const bodies: readonly (readonly [string, string | Buffer])[] = [
    ['deep lists', `{"id":"x","settings":${deep('[', ']', 100_000)}}`],
    ['deep objects', `{"id":"x","settings":${deep('{"a":', '}', 50_000).replace('}', '1}')}}`],
    ['deep and never closed', `{"id":"x","settings":${'['.repeat(100_000)}`],
    ['6 MB of text', `{"id":"${'x'.repeat(6 << 20)}"}`],
    ['20 MB of list', `{"id":"x","settings":{"a":[${'1,'.repeat(10 << 20)}1]}}`],
    ['invalid UTF-8', Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])],
    ['a lone surrogate', '{"id":"\\ud800"}'],
    ['a lone surrogate in free JSON', '{"id":"lone-surrogate","settings":{"a":"\\udfff"}}'],
    ['a BOM', '\uFEFF{"id":""}'],
    ['a number beyond a double', '{"id":"x","settings":{"n":1e400}}'],
    ['a NUL in a name', '{"id":"a\\u0000b"}'],
    ['numbers of many digits', `{"id":"x","settings":{"n":${'9'.repeat(100_000)}}}`],
    ['a member twice', '{"id":"","id":1}'],
    ['an unclosed text', '{"id":"x'],
    ['control characters', '{"id":"\u0001"}'],
    ['comments', '{/* x */"id":"x"}'],
    ['NUL bytes', Buffer.alloc(1000)],
  ];

  it.each(bodies)('%s is refused', async (what, body) => {
    const answer = await server.admin.request('POST', '/projects', { body, headers: JSON_TYPE });
    expectRefused(answer, what);
    expect(answer.text.length).toBeLessThan(10_000);
    await witness.mustBeUntouched();
  });

  it('members with the names of object internals are data', async () => {
    const body =
      '{"id":"proto-test","settings":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}';
    const answer = await server.admin.request('POST', '/projects', { body, headers: JSON_TYPE });
    expect(answer.status).toBeLessThan(500);
    if (answer.status === 201) {
      expect((await server.admin.get('/projects/proto-test')).text).toContain(
        '"constructor":{"prototype":{"polluted":true}}',
      );
    }
    expect((await server.admin.get('/projects')).text).not.toContain('"polluted":true}],"polluted');
  });

  it('100,000 columns are refused or made, never a 5xx', async () => {
    const columns = Array.from({ length: 100_000 }, (_, n) => ({ name: `c${n}`, type: 'INT' }));
    const answer = await witness.project.api.post(tablesPath(witness.project, witness.bucket), {
      name: 'wide',
      columns,
    });
    expect(answer.status, answer.text.slice(0, 300)).toBeLessThan(500);
    await witness.mustBeUntouched();
  });

  it('2,000 columns work', async () => {
    const columns = Array.from({ length: 2000 }, (_, n) => ({ name: `c${n}`, type: 'INT' }));
    const answer = await witness.project.api.post(tablesPath(witness.project, witness.bucket), {
      name: 'wide2',
      columns,
    });
    expect(answer.status, answer.text.slice(0, 300)).toBe(201);
  });
});

describe('wrong content types', () => {
  it.each([
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'x',
    'application/json, text/plain',
  ])('%s is refused', async (contentType) => {
    const body = '{"name":"wrong-type"}';
    const answer = await witness.project.api.request('POST', witness.project.bucketsPath, {
      body,
      headers: { 'content-type': contentType },
    });
    expectRefused(answer, contentType);
  });

  it.each(['gzip', 'br', 'x-unknown'])('a body with content-encoding %s is refused', async (encoding) => {
    const answer = await witness.project.api.request('POST', witness.project.bucketsPath, {
      body: '{"name":"encoded"}',
      headers: { ...JSON_TYPE, 'content-encoding': encoding },
    });
    expect(answer.status).toBeLessThan(500);
  });
});

describe('hostile multipart', () => {
  const form = (body: string | Buffer, boundary = 'b') => ({
    body,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  });
  const part = (headers: string, content = 'x') => `--b\r\n${headers}\r\n\r\n${content}\r\n`;
  const FILE = 'Content-Disposition: form-data; name="file"; filename="a.csv"';

  it.each([
    ['no end', form(part(FILE))],
    ['cut inside the headers', form('--b\r\nContent-Dispo')],
    ['another boundary', form('--c\r\n\r\nx\r\n--c--\r\n')],
    ['empty', form('')],
    ['only the end', form('--b--\r\n')],
    ['no name', form(`${part('Content-Disposition: form-data')}--b--\r\n`)],
    ['another name', form(`${part('Content-Disposition: form-data; name="other"; filename="a"')}--b--\r\n`)],
    [
      '10,000 fields',
      form(
        `${Array.from({ length: 10_000 }, (_, n) => part(`Content-Disposition: form-data; name="f${n}"`)).join('')}--b--\r\n`,
      ),
    ],
    ['a boundary of 1,000 characters', form('x', 'b'.repeat(1000))],
  ])('%s is refused and leaves nothing', async (what, request) => {
    const upload = await prepareUpload(witness.project);
    const answer = await witness.project.api.request('POST', upload.upload_url, request);
    expectRefused(answer, what);
    await expect.poll(() => unfinishedFiles(server.process.dataDir)).toEqual([]);
    mustSucceed(await sendUpload(witness.project, upload, 'the upload key still works'));
  });

  it('two files, long headers, a hostile file name and a field before the file do no harm', async () => {
    const bodies = [
      `${part(FILE, 'one')}${part(FILE, 'two')}--b--\r\n`,
      `${part(`${FILE}\r\nX-Long: ${'y'.repeat(1 << 20)}`)}--b--\r\n`,
      `${part('Content-Disposition: form-data; name="file"; filename="../../../../tmp/acceptance-escape"', 'one')}--b--\r\n`,
      `${part('Content-Disposition: form-data; name="note"', 'n')}${part(FILE, 'one')}--b--\r\n`,
    ];
    for (const body of bodies) {
      const upload = await prepareUpload(witness.project);
      const answer = await witness.project.api.request('POST', upload.upload_url, form(body));
      expect(answer.status, answer.text).toBeLessThan(500);
    }
    await expect.poll(() => unfinishedFiles(server.process.dataDir)).toEqual([]);
  });
});

describe('clients that leave or dawdle', () => {
  it('in the middle of an upload leave nothing, and the key still works', async () => {
    const upload = await prepareUpload(witness.project);
    for (let attempt = 0; attempt < 5; attempt++) {
      const controller = new AbortController();
      async function* content(): AsyncIterable<Uint8Array> {
        yield Buffer.alloc(1 << 20);
        yield Buffer.alloc(1 << 20);
        controller.abort();
        yield Buffer.alloc(1 << 20);
      }
      await expect(sendAborted(upload.upload_url, content(), controller.signal)).rejects.toThrow();
    }
    await expect.poll(() => unfinishedFiles(server.process.dataDir), { timeout: 10_000 }).toEqual([]);
    mustSucceed(await sendUpload(witness.project, upload, 'whole'));
    await witness.mustBeUntouched();
  });

  async function sendAborted(path: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    const { multipart } = await import('../helpers/storage.js');
    const { headers, body } = multipart(content);
    await witness.project.api.request('POST', path, { headers, body, signal });
  }

  it('in the middle of a download, an export and a preview do no harm', async () => {
    const file = await uploadFile(witness.project, Buffer.alloc(8 << 20, 'x'));
    const requests = [
      ['GET', `${witness.project.filesPath}/${file.id}/download`],
      ['GET', `${witness.table.path}/preview`],
      ['POST', `${witness.table.path}/export`],
    ] as const;
    for (let attempt = 0; attempt < 10; attempt++) {
      for (const [method, path] of requests) {
        const socket = openSocket(server.process.baseUrl);
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        const body = method === 'POST' ? 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}' : '\r\n';
        socket.write(
          `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${witness.project.apiKey}\r\n${body}`,
        );
        if (attempt % 2 === 0) await once(socket, 'data');
        socket.destroy();
      }
    }
    await witness.mustBeUntouched();
    await expect.poll(() => unfinishedFiles(server.process.dataDir), { timeout: 10_000 }).toEqual([]);
  });

  it('that never finish their headers are cut off, and others are served meanwhile', async () => {
    const slow = Array.from({ length: 50 }, () => openSocket(server.process.baseUrl));
    const closed = slow.map(async (socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      await once(socket, 'close');
    });
    for (const socket of slow) socket.write('GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    await witness.mustBeUntouched();
    await Promise.all(closed);
    await witness.mustBeUntouched();
  }, 45_000);

  it('that read a download slowly do not hold up others', async () => {
    const file = await uploadFile(witness.project, Buffer.alloc(64 << 20, 'x'));
    const slow = Array.from({ length: 20 }, () => openSocket(server.process.baseUrl));
    for (const socket of slow) {
      socket.on('error', () => undefined);
      socket.pause();
      socket.write(
        `GET ${witness.project.filesPath}/${file.id}/download HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${witness.project.apiKey}\r\n\r\n`,
      );
    }
    for (let count = 0; count < 20; count++) await witness.mustBeUntouched();
    for (const socket of slow) socket.destroy();
  });
});
