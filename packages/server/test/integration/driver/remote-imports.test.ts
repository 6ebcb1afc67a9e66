import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ImportExportShared_ImportOptions_ImportType as ImportType,
  TableImportFromFileCommand_CsvTypeOptions_SourceType as SourceType,
} from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { DriverCommandError } from '../../helpers/driver-client.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const MAX_BYTES = 100_000;

let app: TestApp;
let scene: DriverScene;
let remote: Server;
let host: string;
let answer: Answer;
let asked: string[];
let tables = 0;

beforeAll(async () => {
  remote = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(remote.address() as AddressInfo).port}`;
  app = await startTestApp({
    env: {
      IMPORT_URL_HOSTS: `${host}, files.invalid`,
      IMPORT_URL_TIMEOUT_SECONDS: '2',
      MAX_UPLOAD_BYTES: String(MAX_BYTES),
    },
  });
  scene = await DriverScene.open(app, '7');
});

afterAll(async () => {
  await app.stop();
  remote.closeAllConnections();
  await new Promise((resolve) => remote.close(resolve));
});

/** Whatever happened, nothing of the file stays behind. */
afterEach(async () => {
  const staged = await readdir(join(app.dataDir, 'duckdb', '_staging'));
  expect(staged.filter((name) => name.startsWith('fetched_'))).toEqual([]);
});

const says =
  (status: number, body: string | Buffer, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'text/csv', ...headers }).end(body);

async function load(root: string, file: { path?: string; fileName?: string } = {}, csv = {}, options = {}) {
  const table = `t${(tables += 1)}`;
  await scene.table(table, ['id VARCHAR', 'v VARCHAR']);
  asked = [];
  const report = await scene.importFile(
    table,
    { root, ...file },
    ['id', 'v'],
    { numberOfIgnoredLines: 1, ...options },
    csv,
  );
  return { table, report };
}

async function failureOf(work: Promise<unknown>) {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof DriverCommandError)) throw error;
    const { status, error: details } = error;
    expect(await scene.rows(`t${tables}`, ['id'])).toEqual([]);
    return { status, code: details.code, retryable: details.retryable, message: details.message };
  }
  throw new Error('it worked');
}

describe('a file at an address', () => {
  it('is loaded', async () => {
    answer = says(200, 'id,v\n1,a\n2,"b, c"\n');
    const { table, report } = await load(`http://${host}/data`, { path: '/in/', fileName: 'my file.csv' });
    expect(asked).toEqual(['/data/in/my%20file.csv']);
    expect(report).toMatchObject({ importedRowsCount: 2n, tableRowsCount: 2n });
    expect(await scene.rows(table, ['id', 'v'])).toEqual([
      ['1', 'a'],
      ['2', 'b, c'],
    ]);
  });

  it('with a signature is asked for as it is given', async () => {
    answer = says(200, gzipSync('id,v\n1,a\n'));
    const { report } = await load(`http://${host}/f.csv?X-Sig=a%2Fb&n=1`, { path: 'not', fileName: 'used' });
    expect(asked).toEqual(['/f.csv?X-Sig=a%2Fb&n=1']);
    expect(report.tableRowsCount).toBe(1n);
  });

  it('is loaded once when the command is repeated in its run; it is fetched to see that it is still the same', async () => {
    answer = says(200, 'id,v\n1,a\n');
    await scene.table('once', ['id VARCHAR', 'v VARCHAR']);
    asked = [];
    const send = () =>
      scene.importFile(
        'once',
        { root: `http://${host}/o.csv` },
        ['id', 'v'],
        { importType: ImportType.INCREMENTAL },
        {},
        { runId: '9' },
      );
    const [first, second] = await Promise.all([send(), send()]);
    expect(second).toEqual(first);
    expect(asked).toEqual(['/o.csv', '/o.csv']);
  });

  it('may redirect on its host', async () => {
    answer = (request, response) =>
      request.url === '/from'
        ? void response.writeHead(307, { location: '/to' }).end()
        : says(200, 'id,v\n1,a\n')(request, response);
    expect((await load(`http://${host}/from`)).report.tableRowsCount).toBe(1n);
    expect(asked).toEqual(['/from', '/to']);
  });

  it('does not need a header of its size', async () => {
    answer = (_request, response) => {
      response.writeHead(200);
      response.write('id,v\n');
      response.end('1,a\n');
    };
    expect((await load(`http://${host}/x`)).report.tableRowsCount).toBe(1n);
  });
});

describe('refused is', () => {
  it.each([
    ['another host', 'http://localhost:1/x', 'localhost:1: the operator names'],
    ['another port of the host', 'http://127.0.0.1/x', '127.0.0.1: the operator names'],
    ['another port of a host that stands for the usual one', 'http://files.invalid:8080/x', 'files.invalid:8080'],
    ['a host that only ends in an allowed one', 'http://evil.files.invalid/x', 'evil.files.invalid: the operator'],
    ['an address with a password', 'http://u:p@files.invalid/x', 'user name or a password'],
    ['a broken address', 'http://[', 'whole http:// or https:// address'],
  ])('%s', async (_, root, message) => {
    expect(await failureOf(load(root))).toMatchObject({ status: 400, code: 3000, retryable: false });
    await expect(load(root)).rejects.toThrow(message);
    expect(asked).toEqual([]);
  });

  it('a directory', async () => {
    const directory = load(`http://${host}/x/`, {}, { sourceType: SourceType.DIRECTORY });
    expect(await failureOf(directory)).toMatchObject({ status: 400, code: 4203 });
    expect(asked).toEqual([]);
  });

  it('a redirect to another host, to nowhere allowed, and one without an end', async () => {
    const redirect = (location: string) => load(`http://${host}/a`).catch((error: Error) => [location, error.message]);
    answer = (_request, response) => void response.writeHead(302, { location: 'http://files.invalid/x' }).end();
    expect((await failureOf(load(`http://${host}/a`))).message).toContain('redirects to another host');
    answer = (_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/x' }).end();
    expect(await failureOf(load(`http://${host}/a`))).toMatchObject({ code: 3000, retryable: false });
    answer = (_request, response) => void response.writeHead(302, { location: '/a' }).end();
    expect(await redirect('/a')).toEqual(['/a', expect.stringContaining('redirects more than 5 times')]);
    expect(asked).toHaveLength(6);
  });

  it.each([
    [404, 404, 4201, false],
    [403, 404, 4201, false],
    [204, 404, 4201, false],
    [429, 503, 1001, true],
    [500, 503, 1001, true],
  ])('an answer of %i', async (remoteStatus, status, code, retryable) => {
    answer = says(remoteStatus, '');
    const failure = await failureOf(load(`http://${host}/secret-path?sig=s3cret`));
    expect(failure).toMatchObject({ status, code, retryable });
    expect(failure.message).toContain(`${host} answered ${remoteStatus}`);
    expect(failure.message).not.toMatch(/secret|s3cret/);
  });

  it('a web page', async () => {
    answer = says(200, '<html>Log in</html>', { 'content-type': 'text/html; charset=utf-8' });
    const failure = await failureOf(load(`http://${host}/x`));
    expect(failure).toMatchObject({ status: 404, code: 4201, retryable: false });
    expect(failure.message).toContain('a web page');
  });

  it('what is no CSV of these columns', async () => {
    answer = says(200, 'id,v\n1,2,3\n');
    expect(await failureOf(load(`http://${host}/x`))).toMatchObject({ status: 400, retryable: false });
  });

  it('a file that is too large, said beforehand or noticed on the way', async () => {
    const body = 'id,v\n' + 'x'.repeat(MAX_BYTES);
    answer = says(200, body);
    expect(await failureOf(load(`http://${host}/x`))).toMatchObject({ status: 400, code: 3000, retryable: false });
    answer = (_request, response) => {
      response.writeHead(200);
      response.write(body);
      response.end('1');
    };
    expect((await failureOf(load(`http://${host}/x`))).message).toContain(`limit of ${MAX_BYTES} bytes`);
  });

  it('one that breaks off half way', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('id,v\n1,a\n', () => response.socket?.destroy());
    };
    const failure = await failureOf(load(`http://${host}/x`));
    expect(failure).toMatchObject({ status: 503, code: 1001, retryable: true });
    expect(failure.message).toContain('broke off before the file was complete');
  });

  it('one that takes too long, before its answer or in the middle', async () => {
    answer = () => undefined;
    const failure = await failureOf(load(`http://${host}/x`));
    expect(failure).toMatchObject({ status: 503, code: 1001, retryable: true });
    expect(failure.message).toContain('took longer than 2 s');
    answer = (_request, response) => void response.writeHead(200).write('id,v\n');
    expect((await failureOf(load(`http://${host}/x`))).message).toContain('took longer than 2 s');
  });

  it('a host that nobody answers for', async () => {
    const failure = await failureOf(load('https://files.invalid/x'));
    expect(failure).toMatchObject({ status: 503, code: 1001, retryable: true });
    expect(failure.message).toContain('files.invalid cannot be reached');
  });
});

describe('the slices that a manifest lists', () => {
  const entry = (path: string, more: object = {}) => ({ url: `http://${host}${path}`, mandatory: true, ...more });

  /** `/manifest` with these entries, and these files. */
  function serve(entries: unknown, files: Readonly<Record<string, Answer>> = {}): void {
    answer = (request, response) => {
      const path = request.url ?? '';
      const file = path.startsWith('/manifest') ? says(200, JSON.stringify({ entries })) : files[path];
      (file ?? says(404, ''))(request, response);
    };
  }

  const slices = (options = {}) =>
    load(`http://${host}/manifest?sig=s3cret`, {}, { sourceType: SourceType.SLICED_FILE }, options);

  it('are loaded as one file, compressed ones too; one that need not be there may be missing', async () => {
    serve([entry('/2?s=1'), entry('/gone', { mandatory: false }), entry('/1')], {
      '/1': says(200, '1,a\n'),
      '/2?s=1': says(200, gzipSync('2,b\n3,c\n')),
    });
    const { table, report } = await slices({ numberOfIgnoredLines: 0 });
    expect(report).toMatchObject({ importedRowsCount: 3n, tableRowsCount: 3n });
    expect(await scene.rows(table, ['id', 'v'])).toEqual([
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ]);
    expect(asked).toEqual(['/manifest?sig=s3cret', '/2?s=1', '/gone', '/1']);
  });

  it('may be none', async () => {
    serve([]);
    expect((await slices()).report).toMatchObject({ importedRowsCount: 0n, tableRowsCount: 0n });
  });

  it.each([
    ['on another host', 'http://localhost:1/x', 'localhost:1: the operator names'],
    ['on another port', 'http://127.0.0.1/x', '127.0.0.1: the operator names'],
    ['of a cloud', 's3://bucket/key', 'whole http:// or https:// address'],
    ['on the disk', 'file:///etc/passwd', 'whole http:// or https:// address'],
    ['without a host', '/1', 'whole http:// or https:// address'],
    ['with a password', 'http://u:p@files.invalid/x', 'user name or a password'],
  ])('are refused %s, and nothing is loaded', async (_, url, message) => {
    serve([entry('/1'), { url, mandatory: false }, entry('/2')], {
      '/1': says(200, '1,a\n'),
      '/2': says(200, '2,b\n'),
    });
    const failure = await failureOf(slices());
    expect(failure).toMatchObject({ status: 400, code: 3000, retryable: false });
    expect(failure.message).toContain(message);
    expect(asked).toEqual(['/manifest?sig=s3cret', '/1']);
    expect(await scene.rows(`t${tables}`, ['id'])).toEqual([]);
  });

  it('may not redirect to another host, also when they need not be there', async () => {
    serve([entry('/1', { mandatory: false })], { '/1': says(302, '', { location: 'http://files.invalid/x' }) });
    const failure = await failureOf(slices());
    expect(failure).toMatchObject({ code: 4201, retryable: false });
    expect(failure.message).toContain('redirects to another host');
  });

  it.each([
    ['is missing', [{ path: '/gone' }], 4201, 'answered 404'],
    ['fails for the moment', [{ path: '/busy', mandatory: false }], 1001, 'answered 503'],
    ['never answers', [{ path: '/1' }, { path: '/silent' }], 1001, 'took longer than 2 s'],
    ['is the one too many', [{ path: '/large' }, { path: '/large' }], 3000, 'together larger than the limit'],
  ])('fail when one %s', async (_, entries, code, message) => {
    serve(
      entries.map(({ path, ...more }) => entry(path, more)),
      {
        '/1': says(200, '1,a\n'),
        '/busy': says(503, ''),
        '/silent': () => undefined,
        '/large': says(200, `1,${'x'.repeat(MAX_BYTES / 2)}\n`),
      },
    );
    const failure = await failureOf(slices());
    expect(failure).toMatchObject({ code });
    expect(failure.message).toContain(message);
    expect(failure.message).not.toContain('s3cret');
  });

  it.each([
    ['no JSON', 'id,v\n1,a\n', 'it is not JSON'],
    ['without entries', '{"files": []}', 'no list of entries'],
    ['with an entry without url', '{"entries": [{"mandatory": true}]}', 'an entry has no url'],
    ['of too many', JSON.stringify({ entries: Array(10_001).fill({ url: 'u' }) }), '10001 slices, more than 10000'],
  ])('are not in a manifest that is %s', async (_, text, message) => {
    answer = says(200, text);
    const failure = await failureOf(slices());
    expect(failure).toMatchObject({ status: 404, code: 4201, retryable: false });
    expect(failure.message).toContain(message);
    expect(asked).toHaveLength(1);
  });
});

it('is off unless hosts are named', async () => {
  const plain = await startTestApp();
  try {
    const other = await DriverScene.open(plain, '7');
    await other.table('t', ['id VARCHAR']);
    asked = [];
    await expect(other.importFile('t', { root: `http://${host}/x` }, ['id'])).rejects.toThrow('IMPORT_URL_HOSTS');
    expect(asked).toEqual([]);
  } finally {
    await plain.stop();
  }
});
