import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, type Answer } from '../helpers/api.js';
import { sendRaw } from '../helpers/raw-http.js';
import { startServer, type ServerProcess } from '../helpers/server-process.js';
import { tablesPath } from '../helpers/storage.js';
import { createWitness, type Witness } from '../helpers/witness.js';

/** The data folder is one level below a folder of our own, so that anything that climbs out of it is seen. */
let outer: string;
let server: ServerProcess;
let admin: Api;
let witness: Witness;

beforeAll(async () => {
  outer = await mkdtemp(join(tmpdir(), 'acceptance-outer-'));
  server = await startServer({ dataDir: join(outer, 'data') });
  admin = new Api(server.baseUrl, server.adminKey);
  witness = await createWitness(admin);
});

afterAll(async () => {
  await server.stop();
  await rm(outer, { recursive: true, force: true });
});

async function nothingOutside(): Promise<void> {
  expect(await readdir(outer)).toEqual(['data']);
  const top = await readdir(join(outer, 'data'));
  for (const name of top)
    expect(name).toMatch(/^(metadata\.sqlite.*|duckdb|files|snapshots|pgwire|admin-api-key|.*lock.*)$/);
}

const HOSTILE = [
  '../escape',
  '..%2fescape',
  '....//escape',
  '..\\escape',
  '/tmp/acceptance-escape',
  '/etc/passwd',
  'a/../../b',
  '\u0000',
  'a\u0000.duckdb',
  "'; DROP TABLE projects; --",
  '" OR 1=1 --',
  '`id`',
  '$(id)',
  '${7*7}',
  '{{7*7}}',
  '<script>',
  'x'.repeat(300),
  'x'.repeat(100_000),
  '🦆',
  '🦆'.repeat(300),
  '\u202Egnp.exe',
  '\uFEFF',
  'a\u0301',
  ' ',
  '\t',
  '\n',
  '\r\nX-Injected: 1',
  '.',
  '..',
  '...',
  '-',
  '_',
  '-rf',
  '--',
  '~',
  '*',
  '?',
  '%00',
  '%',
  '%zz',
  'con/../x',
  'COM1:',
  '\\\\server\\share',
  'undefined/x',
  'true ',
  '[object Object]',
  '__proto__/x',
  '#',
  'a#b',
  'a&b=c',
  'a;b',
  'a,b',
  '(',
  ')',
  '|',
  '>',
  '<',
  '!',
  '\u007f',
];

describe('hostile names in bodies', () => {
  it('are refused for projects, buckets and tables', async () => {
    for (const name of HOSTILE) {
      const answers: Answer[] = [
        await admin.post('/projects', { id: name }),
        await witness.project.api.post(witness.project.bucketsPath, { name }),
        await witness.project.api.post(tablesPath(witness.project, witness.bucket), {
          name,
          columns: [{ name: 'id', type: 'INTEGER' }],
        }),
      ];
      for (const answer of answers) {
        expect(answer.status, `${JSON.stringify(name.slice(0, 50))}: ${answer.text.slice(0, 300)}`).toBe(422);
        expect(answer.text.length).toBeLessThan(10_000);
      }
    }
    await nothingOutside();
    await witness.mustBeUntouched();
  });

  it('are refused or harmless for files and columns', async () => {
    for (const name of HOSTILE) {
      const what = JSON.stringify(name.slice(0, 50));
      const prepared = await witness.project.api.post<{ upload_key: string }>(`${witness.project.filesPath}/prepare`, {
        filename: name,
        tags: { [name]: name },
        content_type: name.slice(0, 200),
      });
      expect(prepared.status, `${what}: ${prepared.text.slice(0, 300)}`).toBeLessThan(500);
      const created = await witness.project.api.post(tablesPath(witness.project, witness.bucket), {
        name: 'odd_column',
        columns: [{ name, type: 'INTEGER' }],
      });
      expect(created.status, `${what}: ${created.text.slice(0, 300)}`).toBeLessThan(500);
      if (created.status === 201) {
        expect((created.body as { columns: { name: string }[] }).columns[0]?.name).toBe(name);
        await witness.project.api.delete(`${tablesPath(witness.project, witness.bucket)}/odd_column`);
      }
    }
    await nothingOutside();
    await witness.mustBeUntouched();
  });
});

describe('hostile paths', () => {
  const segments = [
    '..',
    '%2e%2e',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '..%5c..',
    '%00',
    'a%00b',
    '%',
    '%zz',
    '%c0%af',
    '%ff',
    '%ed%a0%80',
    '*',
    `${'x'.repeat(5000)}`,
    '%F0%9F%A6%86',
    '%0d%0aX-Injected:%201',
    "'%20OR%201=1",
    '%22',
    '%3Cscript%3E',
    ';',
    '_versions',
    '_staging',
    '.',
  ];

  it('are 4xx wherever a name stands, and never a 5xx', async () => {
    const headers = { authorization: `Bearer ${server.adminKey}` };
    const { id } = witness.project;
    for (const segment of segments) {
      const paths = [
        `/projects/${segment}`,
        `/projects/${id}/branches/${segment}/buckets`,
        `/projects/${id}/branches/default/buckets/${segment}`,
        `/projects/${id}/branches/default/buckets/${segment}/tables`,
        `/projects/${id}/branches/default/buckets/${witness.bucket}/tables/${segment}`,
        `/projects/${id}/branches/default/buckets/${witness.bucket}/tables/${segment}/preview`,
        `/projects/${id}/files/${segment}`,
        `/projects/${id}/files/${segment}/download`,
        `/docs/${segment}/${segment}`,
        `/${segment}`,
      ];
      for (const path of paths) {
        for (const method of ['GET', 'DELETE']) {
          const answer = await sendRaw(server.baseUrl, { method, path, headers });
          expect(answer.status, `${method} ${path.slice(0, 200)}: ${answer.text.slice(0, 300)}`).toBeLessThan(500);
          expect(answer.headers['x-injected']).toBeUndefined();
          expect(answer.text).not.toContain('root:x:');
        }
      }
    }
    await nothingOutside();
  });

  it('without a key they tell nothing', async () => {
    for (const segment of segments) {
      const answer = await sendRaw(server.baseUrl, { path: `/projects/${segment}/files` });
      expect([400, 401, 404, 414, 431], `${segment.slice(0, 50)}: ${answer.status}`).toContain(answer.status);
    }
  });
});
