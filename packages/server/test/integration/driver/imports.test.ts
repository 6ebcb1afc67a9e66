import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as info from '../../../src/protocols/driver/gen/proto/info_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

const {
  ImportExportShared_ImportOptions_ImportType: ImportType,
  ImportExportShared_ImportOptions_ImportStrategy: Strategy,
  ImportExportShared_ImportOptions_DedupType: DedupType,
  ImportExportShared_ImportOptions_TimestampMode: TimestampMode,
  ImportExportShared_ImportOptions_CreateMode: CreateMode,
} = tables;

let app: TestApp;
let scene: DriverScene;
let now = new Date('2026-11-25T12:00:00.500Z');

beforeAll(async () => {
  app = await startTestApp({ overrides: { clock: { now: () => now } } });
  scene = await DriverScene.open(app, '7');
});

afterAll(() => app.stop());

describe('from a file', () => {
  it('full: by position, header skipped, deduplicated by the key, texts without NULL', async () => {
    await scene.table('full', ['id VARCHAR!', 'name VARCHAR!', 'note VARCHAR'], ['id']);
    const answer = await scene.load('full', 'x,y,z\n1,a,\n2,b,n\n1,c,m\n', ['id', 'name', 'note'], {
      numberOfIgnoredLines: 1,
    });
    expect(answer).toMatchObject({
      importedRowsCount: 3n,
      tableRowsCount: 2n,
      importedColumns: ['id', 'name', 'note'],
    });
    expect(answer.timers[0]?.duration).toMatch(/^\d+\.\d+$/);
    expect(await scene.rows('full', ['id', 'name', 'note'])).toEqual([
      ['1', 'c', 'm'],
      ['2', 'b', 'n'],
    ]);
    await scene.load('full', '3,d,\n', ['id', 'name', 'note']);
    expect(await scene.rows('full', ['id', 'name', 'note'])).toEqual([['3', 'd', '']]);
  });

  it('turns empty texts of the named columns, and the named texts, into NULL', async () => {
    await scene.table('nulls', ['id VARCHAR!', 'a VARCHAR', 'n INTEGER', 'c VARCHAR']);
    const options = { convertEmptyValuesToNullOnColumns: ['a', 'n'] };
    await scene.load('nulls', '1,,,\n2,x,5,y\n', ['id', 'a', 'n', 'c'], options);
    expect(await scene.rows('nulls', ['id', 'a', 'n', 'c'])).toEqual([
      ['1', null, null, ''],
      ['2', 'x', '5', 'y'],
    ]);
    const typed = { importStrategy: Strategy.USER_DEFINED_TABLE, importAsNull: ['NA'] };
    await scene.load('nulls', '1,NA,NA,\n2,"",5,y\n', ['id', 'a', 'n', 'c'], typed);
    expect(await scene.rows('nulls', ['id', 'a', 'n', 'c'])).toEqual([
      ['1', null, null, ''],
      ['2', '', '5', 'y'],
    ]);
  });

  it('refuses an empty value in a NOT NULL column of a typed table, and changes nothing', async () => {
    await scene.table('strict', ['id INTEGER!', 'v VARCHAR!']);
    await scene.load('strict', '1,a\n', ['id', 'v'], { importStrategy: Strategy.USER_DEFINED_TABLE });
    const load = scene.load('strict', '2,\n', ['id', 'v'], {
      importStrategy: Strategy.USER_DEFINED_TABLE,
      importAsNull: [''],
    });
    await expect(load).rejects.toMatchObject({ status: 400, error: { code: 3000, retryable: false } });
    const bad = scene.load('strict', 'x,b\n', ['id', 'v'], { importStrategy: Strategy.USER_DEFINED_TABLE });
    await expect(bad).rejects.toMatchObject({
      error: { code: 3000, message: expect.stringContaining("could not convert 'x'") },
    });
    expect(await scene.rows('strict', ['id', 'v'])).toEqual([['1', 'a']]);
  });

  it('incremental: inserts, updates what differs, and only that gets a new time of change', async () => {
    await scene.table('inc', ['id VARCHAR!', 'v VARCHAR', '_timestamp TIMESTAMP'], ['id']);
    const options = { importType: ImportType.INCREMENTAL, timestampColumn: '_timestamp' };
    now = new Date('2026-11-25T12:00:00.500Z');
    await scene.load('inc', '1,a\n2,b\n', ['id', 'v'], options);
    now = new Date('2026-11-25T13:00:00.900Z');
    const answer = await scene.load('inc', '1,a\n2,c\n3,d\n3,e\n', ['id', 'v'], options);
    expect(answer).toMatchObject({ importedRowsCount: 3n, tableRowsCount: 3n, importedColumns: ['id', 'v'] });
    expect(await scene.rows('inc', ['id', 'v', '_timestamp'])).toEqual([
      ['1', 'a', '2026-11-25 12:00:00.000000'],
      ['2', 'c', '2026-11-25 13:00:00.000000'],
      ['3', 'e', '2026-11-25 13:00:00.000000'],
    ]);
    const since = String(Date.parse('2026-11-25T13:00:00Z') / 1000);
    expect(await scene.rows('inc', ['id'], { changeSince: since })).toEqual([['2'], ['3']]);
    expect(await scene.rows('inc', ['id'], { changeUntil: since })).toEqual([['1']]);
  });

  it('incremental without a key appends; a repetition in the same run does not', async () => {
    await scene.table('log', ['v VARCHAR']);
    const file = { root: 'project_7', fileName: await scene.upload('x.csv', 'a\nb\n') };
    const options = { importType: ImportType.INCREMENTAL };
    const first = await scene.importFile('log', file, ['v'], options, {}, { runId: '5.1' });
    expect(await scene.importFile('log', file, ['v'], options, {}, { runId: '5.1' })).toEqual(first);
    expect(await scene.rows('log', ['v'])).toHaveLength(2);
    await scene.importFile('log', file, ['v'], options, {}, { runId: '5.2' });
    expect(await scene.rows('log', ['v'])).toHaveLength(4);
  });

  it('timestampMode: NONE leaves the column alone, FROM_SOURCE takes it, CURRENT_TIME without a column does nothing', async () => {
    await scene.table('stamps', ['id VARCHAR!', '_timestamp TIMESTAMP']);
    await scene.load('stamps', '1\n', ['id'], { timestampMode: TimestampMode.NONE, timestampColumn: '_timestamp' });
    expect(await scene.rows('stamps', ['id', '_timestamp'])).toEqual([['1', null]]);
    await scene.load('stamps', '1\n', ['id'], {});
    expect(await scene.rows('stamps', ['id', '_timestamp'])).toEqual([['1', null]]);
    await scene.load('stamps', '1,2020-01-02 03:04:05\n', ['id', '_timestamp'], {
      timestampMode: TimestampMode.FROM_SOURCE,
    });
    expect(await scene.rows('stamps', ['id', '_timestamp'])).toEqual([['1', '2020-01-02 03:04:05.000000']]);
    const without = scene.load('stamps', '1\n', ['id'], { timestampMode: TimestampMode.FROM_SOURCE });
    await expect(without).rejects.toMatchObject({ error: { code: 3000 } });
    await scene.table('bare', ['id VARCHAR!']);
    const unstamped = scene.load('bare', '1\n', ['id'], { timestampColumn: '_timestamp' });
    await expect(unstamped).rejects.toMatchObject({ error: { code: 3000 } });
  });

  it('dedupType: its default deduplicates by the named columns; FAIL_ON_DUPLICATES refuses', async () => {
    await scene.table('dedup', ['id VARCHAR!', 'v VARCHAR']);
    await scene.load('dedup', '1,a\n1,b\n2,c\n', ['id', 'v'], { dedupColumnsNames: ['id'] });
    expect(await scene.rows('dedup', ['id', 'v'])).toEqual([
      ['1', 'b'],
      ['2', 'c'],
    ]);
    await scene.load('dedup', '1,a\n1,b\n', ['id', 'v'], {
      dedupColumnsNames: ['id'],
      dedupType: DedupType.INSERT_DUPLICATES,
    });
    expect(await scene.rows('dedup', ['id', 'v'])).toHaveLength(2);
    const refused = scene.load('dedup', '1,a\n1,b\n', ['id', 'v'], {
      dedupColumnsNames: ['id'],
      dedupType: DedupType.FAIL_ON_DUPLICATES,
    });
    await expect(refused).rejects.toMatchObject({ error: { code: 3000 } });
  });

  it('takes gzip, another delimiter and enclosure, several ignored lines', async () => {
    await scene.table('odd', ['a VARCHAR', 'b VARCHAR']);
    await scene.load(
      'odd',
      gzipSync("# one\n# two\n'x;y';2\n"),
      ['a', 'b'],
      { numberOfIgnoredLines: 2 },
      { delimiter: ';', enclosure: "'" },
    );
    expect(await scene.rows('odd', ['a', 'b'])).toEqual([['x;y', '2']]);
    await scene.load('odd', '"a\\"b",2\n', ['a', 'b'], {}, { escapedBy: '\\' });
    expect(await scene.rows('odd', ['a', 'b'])).toEqual([['a"b', '2']]);
    await scene.load('odd', 'a"b|2\n', ['a', 'b'], {}, { delimiter: '|', enclosure: '' });
    expect(await scene.rows('odd', ['a', 'b'])).toEqual([['a"b', '2']]);
  });

  it('reads slices by a manifest; none is an empty load; a missing one is refused', async () => {
    await scene.table('slices', ['a VARCHAR', 'b VARCHAR']);
    const one = await scene.upload('one', '1,x\n2,y');
    const two = await scene.upload('two', gzipSync('3,z\n'));
    const manifest = async (...keys: string[]) =>
      await scene.upload(
        'manifest',
        JSON.stringify({ entries: keys.map((key) => ({ url: `s3://project_7/${key}`, mandatory: true })) }),
      );
    const csv = { sourceType: tables.TableImportFromFileCommand_CsvTypeOptions_SourceType.SLICED_FILE };
    const file = { root: 'project_7', fileName: await manifest(one, two) };
    expect(await scene.importFile('slices', file, ['a', 'b'], {}, csv)).toMatchObject({ importedRowsCount: 3n });
    expect(await scene.rows('slices', ['a', 'b'])).toEqual([
      ['1', 'x'],
      ['2', 'y'],
      ['3', 'z'],
    ]);
    await scene.importFile('slices', { root: '7', fileName: await manifest() }, ['a', 'b'], {}, csv);
    expect(await scene.rows('slices', ['a', 'b'])).toEqual([]);
    const missing = scene.importFile('slices', { fileName: await manifest('gone') }, ['a', 'b'], {}, csv);
    await expect(missing).rejects.toMatchObject({ error: { code: 4201, retryable: false } });
    const foreign = scene.importFile('slices', { root: 'project_8', fileName: one }, ['a', 'b']);
    await expect(foreign).rejects.toMatchObject({ error: { code: 3000 } });
  });
});

describe('from a table', () => {
  it('maps, filters and limits; text goes into typed columns through its text', async () => {
    await scene.table('source', ['id VARCHAR!', 'n VARCHAR', 'd DOUBLE']);
    await scene.load('source', '1,10,1.5\n2,20,2.5\n3,30,3.5\n', ['id', 'n', 'd']);
    await scene.table('target', ['key VARCHAR!', 'number INTEGER', '_timestamp TIMESTAMP'], ['key']);
    now = new Date('2026-11-25T14:00:00Z');
    const source = {
      path: [scene.bucket],
      tableName: 'source',
      columnMappings: [
        { sourceColumnName: 'ID', destinationColumnName: 'key' },
        { sourceColumnName: 'n', destinationColumnName: 'number' },
      ],
      whereFilters: [
        { columnsName: 'd', operator: tables.ImportExportShared_TableWhereFilter_Operator.gt, values: ['2'] },
      ],
    };
    const destination = { path: [scene.bucket], tableName: 'target' };
    const run = async (importOptions: object) =>
      (
        await scene.client.run(
          tables.TableImportFromTableCommandSchema,
          { source, destination, importOptions },
          tables.TableImportResponseSchema,
        )
      ).response;
    const answer = await run({ timestampColumn: '_timestamp' });
    expect(answer).toMatchObject({ importedRowsCount: 2n, tableRowsCount: 2n, importedColumns: ['key', 'number'] });
    expect(await scene.rows('target', ['key', 'number', '_timestamp'])).toEqual([
      ['2', '20', '2026-11-25 14:00:00.000000'],
      ['3', '30', '2026-11-25 14:00:00.000000'],
    ]);
    await expect(run({ importStrategy: Strategy.USER_DEFINED_TABLE })).rejects.toMatchObject({ error: { code: 4100 } });
  });

  it('clones, and createMode decides about what is there', async () => {
    const run = async (createMode: tables.ImportExportShared_ImportOptions_CreateMode) =>
      (
        await scene.client.run(
          tables.TableImportFromTableCommandSchema,
          {
            source: { path: [scene.bucket], tableName: 'source' },
            destination: { path: [scene.bucket], tableName: 'clone' },
            importOptions: { importType: ImportType.CLONE, createMode },
          },
          tables.TableImportResponseSchema,
        )
      ).response;
    expect(await run(CreateMode.CREATE)).toMatchObject({
      importedRowsCount: 0n,
      tableRowsCount: 3n,
      importedColumns: [],
    });
    await expect(run(CreateMode.CREATE)).rejects.toMatchObject({
      status: 409,
      error: { code: 2006, retryable: false },
    });
    await scene.load('source', '9,90,9.5\n', ['id', 'n', 'd']);
    expect(await run(CreateMode.REPLACE)).toMatchObject({ tableRowsCount: 1n });
    expect(await scene.rows('clone', ['id'])).toEqual([['9']]);
  });
});

it('travels in time', async () => {
  now = new Date('2026-11-25T15:00:00Z');
  await scene.table('past', ['id VARCHAR!'], ['id']);
  await scene.load('past', '1\n', ['id']);
  const moment = BigInt(Date.parse('2026-11-25T15:00:00Z') / 1000);
  now = new Date('2026-11-25T16:00:00Z');
  await scene.load('past', '2\n', ['id']);
  const travel = async (timestamp: bigint, tableName: string) =>
    (
      await scene.client.run(
        tables.CreateTableFromTimeTravelCommandSchema,
        {
          source: { path: [scene.bucket], tableName: 'past' },
          destination: { path: [scene.bucket], tableName },
          timestamp,
        },
        info.ObjectInfoResponseSchema,
      )
    ).response;
  const made = await travel(moment, 'as_it_was');
  expect(made.objectInfo.value).toMatchObject({ rowsCount: 1n, primaryKeysNames: [] });
  expect(await scene.rows('as_it_was', ['id'])).toEqual([['1']]);
  await expect(travel(moment - 7200n, 'never')).rejects.toMatchObject({ error: { code: 3000 } });
});

it('exports slices without a header and a manifest, which import reads back', async () => {
  await scene.table('out', ['id VARCHAR!', 'v VARCHAR']);
  await scene.load('out', '1,"a,b"\n2,\n3,c\n', ['id', 'v']);
  const run = async (filePath: object, exportOptions: object) =>
    (
      await scene.client.run(
        tables.TableExportToFileCommandSchema,
        { source: { path: [scene.bucket], tableName: 'out' }, filePath, exportOptions },
        tables.TableExportToFileResponseSchema,
      )
    ).response;
  const filePath = { root: 'project_7', path: '/exports/', fileName: 'out-' };
  const order = tables.ImportExportShared_ExportOrderBy_Order.DESC;
  const options = {
    isCompressed: true,
    columnsToExport: ['v', 'id'],
    orderBy: [{ columnName: 'id', order }],
    filters: { limit: 2 },
  };
  expect((await run(filePath, options)).tableInfo).toMatchObject({ tableName: 'out', rowsCount: 3n });
  await run(filePath, options);
  const files = await app.call('GET', '/projects/7/files');
  const names = (files.body.files as { name: string }[])
    .map(({ name }) => name)
    .filter((name) => name.startsWith('exports/'));
  expect(names.sort()).toEqual(['exports/out-000000000000.csv.gz', 'exports/out-manifest']);
  await scene.table('back', ['v VARCHAR', 'id VARCHAR']);
  const csv = { sourceType: tables.TableImportFromFileCommand_CsvTypeOptions_SourceType.SLICED_FILE };
  await scene.importFile(
    'back',
    { root: 'project_7', path: 'exports', fileName: 'out-manifest' },
    ['v', 'id'],
    {},
    csv,
  );
  expect(await scene.rows('back', ['id', 'v'])).toEqual([
    ['2', ''],
    ['3', 'c'],
  ]);
  await expect(run(filePath, { columnsToExport: ['none'] })).rejects.toMatchObject({ error: { code: 3000 } });
});
