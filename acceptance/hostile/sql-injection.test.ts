import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, mustSucceed, type Answer } from '../helpers/api.js';
import { startServer, type ServerProcess } from '../helpers/server-process.js';
import { createTable, importContent, tablesPath, type TableObject } from '../helpers/storage.js';
import { createWitness, expectNoServerError, expectRefused, type Witness } from '../helpers/witness.js';

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

describe('hostile SQL', () => {
  const texts = [
    "1=1; ATTACH '/tmp/acceptance-escape.duckdb' AS x",
    "1=1); COPY (SELECT 1) TO '/tmp/acceptance-escape.csv'; --",
    "read_csv('/etc/passwd') IS NOT NULL",
    "(SELECT content FROM read_text('/etc/passwd')) = ''",
    'id = (SELECT max(id) FROM data)',
    "glob('/*') IS NULL",
    "sniff_csv('/etc/passwd') IS NULL",
    "getvariable('x') IS NULL",
    "nextval('s') = 1",
    'setseed(0.5) IS NULL',
    "write_log('x') IS NULL",
    "repeat('x', 1000000000) = ''",
    "lpad('x', 2000000000, 'y') = ''",
    'range(1000000000000) IS NULL',
    'list_sum(generate_series(1, 10000000000)) > 0',
    "json_structure('[[[[[[]]]]]]') IS NULL",
    "regexp_matches(name, '(a+)+$')",
    `${'('.repeat(5000)}1=1${')'.repeat(5000)}`,
    `${'NOT '.repeat(20_000)}true`,
    Array.from({ length: 5000 }, () => 'id = 1').join(' OR '),
    `id IN (${Array.from({ length: 20_000 }, (_, n) => n).join(',')})`,
    'x'.repeat(100_000),
    `name = '${'x'.repeat(60_000)}'`,
    "name = '\u0000'",
    '\u0000',
    "E'\\x00' = name",
    'name = $$ ; DROP TABLE data $$',
    'id = 1 OR 1=1 UNION SELECT table_name FROM information_schema.tables',
    'data IS NOT NULL',
    'rowid >= 0',
    'main.data.id = 1',
    'temp.information_schema.tables.x = 1',
    'id BETWEEN SYMMETRIC 1 AND 2',
    "id::VARCHAR COLLATE de = '1'",
    '{"id": 1}',
    "current_setting('secret_directory') = ''",
    "error('boom') IS NULL",
    'id = 1e999',
    "CAST('x' AS INTEGER) = 1",
    '1/0 = 1',
    'id = 170141183460469231731687303715884105728999999',
    "'a' = 1",
    'id',
    'name',
    'NULL',
    '*',
    'COLUMNS(*)',
    'id = ALL (SELECT 1)',
    '#1 = 1',
    ':name = 1',
    'PRAGMA version',
    'SELECT 1',
    'VALUES (1)',
    'FROM data',
  ];

  it.each(texts.map((text) => [text.slice(0, 60), text] as const))('as a filter: %j', async (_, text) => {
    const { project, table } = witness;
    const exported = await project.api.post(`${table.path}/export`, { where_filter: text });
    expect(exported.status, exported.text.slice(0, 500)).toBeLessThan(500);
    expect(exported.text).not.toContain('root:x:');
    if (encodeURIComponent(text).length < 8000) {
      const shown = await project.api.get(`${table.path}/preview?filter=${encodeURIComponent(text)}`);
      expect(shown.status, shown.text.slice(0, 500)).toBeLessThan(500);
      expect(shown.text).not.toContain('root:x:');
    }
    await witness.mustBeUntouched();
  });

  it('as a default, type, order or column is refused', async () => {
    const { project, bucket, table } = witness;
    for (const text of texts) {
      const create = (column: object) =>
        project.api.post(tablesPath(project, bucket), {
          name: 'never_made',
          columns: [{ name: 'a', type: 'VARCHAR', ...column }],
        });
      const what = text.slice(0, 60);
      const byType = await create({ type: text });
      expectRefused(byType, `type ${what}`);
      const byOrder = await project.api.post(`${table.path}/export`, { order_by: text });
      expect(byOrder.status, `order ${what}: ${byOrder.text.slice(0, 300)}`).toBeLessThan(500);
      const byColumn = await project.api.post(`${table.path}/export`, { columns: [`${text} x`] });
      expectRefused(byColumn, `column ${what}`);
      const byDefault = await create({ default: text });
      expect(byDefault.status, `default ${what}: ${byDefault.text.slice(0, 300)}`).toBeLessThan(500);
      if (byDefault.status === 201) await project.api.delete(`${tablesPath(project, bucket)}/never_made`);
    }
    await nothingOutside();
    await witness.mustBeUntouched();
  });

  it('as a condition for deletion, and as parts of a column: refused, or what it says about the own table', async () => {
    const { project, bucket } = witness;
    const table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' });
    for (const text of texts) {
      const what = text.slice(0, 60);
      mustSucceed(await importContent(table, 'id,name\n1,a\n2,\n'));
      const requests: [string, Answer][] = [
        ['rows', await project.api.delete(`${table.path}/rows`, { json: { where_clause: text } })],
        ['new type', await project.api.put(`${table.path}/columns/name`, { new_type: text })],
        ['default', await project.api.put(`${table.path}/columns/name`, { set_default: text })],
        ['type', await project.api.post(`${table.path}/columns`, { name: 'x', type: text })],
        [
          'column',
          await project.api.put(`${table.path}/columns/${encodeURIComponent(text).slice(0, 4000)}`, {
            new_type: 'TEXT',
          }),
        ],
        ['key', await project.api.post(`${table.path}/primary-key`, { columns: [text] })],
        ['new name', await project.api.put(`${table.path}/columns/name`, { new_name: text })],
      ];
      for (const [part, answer] of requests) {
        expectNoServerError(answer, `${part}: ${what}`);
        expect(answer.text).not.toContain('root:x:');
        if (part === 'new type' || part === 'type') expectRefused(answer, `${part}: ${what}`);
      }
      const renamed = mustSucceed(await project.api.get<TableObject>(table.path)).columns[1]?.name ?? '';
      const path = `${table.path}/columns/${encodeURIComponent(renamed)}`;
      if (renamed !== 'name') mustSucceed(await project.api.put(path, { new_name: 'name' }));
      mustSucceed(await project.api.put(`${table.path}/columns/name`, { set_default: '' }));
      await project.api.delete(`${table.path}/primary-key`);
    }
    await nothingOutside();
    await witness.mustBeUntouched();
  });

  it('as a key column is refused', async () => {
    for (const text of texts) {
      const answer = await witness.project.api.post(tablesPath(witness.project, witness.bucket), {
        name: 'never_made',
        columns: [{ name: 'a', type: 'VARCHAR' }],
        primary_key: [text],
      });
      expectRefused(answer, text.slice(0, 60));
    }
    await witness.mustBeUntouched();
  });

  it('types that are deep, long or many are refused or work, never a 5xx', async () => {
    const types = [
      `${'STRUCT(a '.repeat(1000)}INT${')'.repeat(1000)}`,
      `INT${'[]'.repeat(1000)}`,
      `INT[${'9'.repeat(100)}]`,
      'INT[100001]',
      'INT[0]',
      'INT[-1]',
      `ENUM(${Array.from({ length: 50_000 }, (_, n) => `'v${n}'`).join(',')})`,
      "ENUM('a','a')",
      'ENUM()',
      'STRUCT()',
      'STRUCT(a INT, a INT)',
      'MAP(INT)',
      'DECIMAL(0,0)',
      'DECIMAL(5,6)',
      'DECIMAL(-1)',
      'DECIMAL(1e3)',
      'VARCHAR(',
      'INTEGER; DROP TABLE data',
      'INTEGER PRIMARY KEY',
      'INTEGER DEFAULT 5',
      'INTEGER)',
      'VARCHAR COLLATE NOCASE',
      'NULL',
      'ANY',
      '"NULL"',
      'GEOMETRY',
      'INTEGER/* x */',
      'INTEGER -- x',
      `${' '.repeat(10_000)}INTEGER`,
    ];
    for (const type of types) {
      const answer = await witness.project.api.post(tablesPath(witness.project, witness.bucket), {
        name: 'odd_type',
        columns: [{ name: 'a', type }],
      });
      expect(answer.status, `${type.slice(0, 60)}: ${answer.text.slice(0, 300)}`).toBeLessThan(500);
      if (answer.status === 201) {
        await witness.project.api.delete(`${tablesPath(witness.project, witness.bucket)}/odd_type`);
      }
    }
    await witness.mustBeUntouched();
  });
});
