import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { DriverScene } from '../../helpers/driver-scene.js';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

const {
  ImportExportShared_TableWhereFilter_Operator: Operator,
  ImportExportShared_DataType: DataType,
  ImportExportShared_ExportOrderBy_Order: Order,
} = tables;

let app: TestApp;
let scene: DriverScene;

beforeAll(async () => {
  app = await startTestApp();
  scene = await DriverScene.open(app, '7');
  await scene.table('t', [
    'id VARCHAR!',
    's VARCHAR',
    'i INTEGER',
    'd DOUBLE',
    'ts TIMESTAMP',
    'list INTEGER[]',
    'b BOOLEAN',
  ]);
  const rows = [
    '1,100.20,5,1.5,2026-01-01 00:00:00,"[1, 2]",true',
    '2,9,7,2.5,2026-01-02 00:00:00,[],false',
    "3,it's 100%_,,,,,",
  ];
  const options = { importStrategy: 1, importAsNull: [''] };
  await scene.load('t', `${rows.join('\n')}\n`, ['id', 's', 'i', 'd', 'ts', 'list', 'b'], options);
});

afterAll(() => app.stop());

const ids = async (whereFilters: object[], more: object = {}) =>
  (await scene.rows('t', ['id'], { whereFilters, ...more })).flat();

describe('filters', () => {
  it.each([
    [{ columnsName: 'ID', values: ['1'] }, ['1']],
    [{ columnsName: 's', operator: Operator.eq, values: ['100.2'], dataType: DataType.REAL }, ['1']],
    [{ columnsName: 's', operator: Operator.gt, values: ['8'], dataType: DataType.INTEGER }, ['2']],
    [{ columnsName: 's', operator: Operator.gt, values: ['8'] }, ['2', '3']],
    [{ columnsName: 'i', operator: Operator.ne, values: ['5'] }, ['2']],
    [{ columnsName: 'i', operator: Operator.eq, values: ['5.2'] }, []],
    [{ columnsName: 'i', operator: Operator.eq, values: ['5', '7'] }, ['1', '2']],
    [{ columnsName: 'i', operator: Operator.ne, values: ['5', '6'] }, ['2']],
    [{ columnsName: 'i', operator: Operator.eq, values: [] }, []],
    [{ columnsName: 'd', operator: Operator.le, values: ['2'] }, ['1']],
    [{ columnsName: 'ts', operator: Operator.ge, values: ['1767312000'], dataType: DataType.TIMESTAMP }, ['2']],
    [{ columnsName: 's', operator: Operator.eq, values: ["it's 100%_"] }, ['3']],
    [{ columnsName: 's', operator: Operator.eq, values: ["' OR 1=1 --"] }, []],
  ])('%j', async (filter, expected) => {
    expect(await ids([filter])).toEqual(expected);
  });

  it('hold all at once', async () => {
    expect(
      await ids([
        { columnsName: 'i', operator: Operator.gt, values: ['1'] },
        { columnsName: 'b', values: ['true'] },
      ]),
    ).toEqual(['1']);
  });

  it('find a text in any text column, its signs as they are', async () => {
    expect(await ids([], { fulltextSearch: '100' })).toEqual(['1', '3']);
    expect(await ids([], { fulltextSearch: '%_' })).toEqual(['3']);
    expect(await ids([], { fulltextSearch: 'IT' })).toEqual([]);
  });

  it.each([
    [[{ columnsName: 'none', values: ['1'] }], {}, 2005],
    [[{ columnsName: 'list', values: ['1'] }], {}, 3000],
    [[{ columnsName: 'i', operator: Operator.lt, values: ['1', '2'] }], {}, 0],
    [[{ columnsName: 'i', values: ['1'] }], { fulltextSearch: 'x' }, 0],
    [[{ columnsName: 'ts', values: ['soon'], dataType: DataType.TIMESTAMP }], {}, 3000],
    [[], { limit: 1001 }, 3000],
    [[], { changeUntil: '5' }, 3000],
  ])('refuses %j %j', async (filters, more, code) => {
    await expect(ids(filters, more)).rejects.toMatchObject({ status: 400, error: { code } });
  });
});

it('orders by several items, empty values first, texts as the numbers they hold', async () => {
  expect((await scene.rows('t', ['id'], {}, [{ columnName: 'i' }])).flat()).toEqual(['3', '1', '2']);
  const asNumber = [{ columnName: 's', order: Order.DESC, dataType: DataType.DOUBLE }, { columnName: 'id' }];
  expect((await scene.rows('t', ['id'], {}, asNumber)).flat()).toEqual(['1', '2', '3']);
});

it('writes every value as text, an empty list as none, and cuts long texts', async () => {
  expect(await scene.rows('t', ['id', 'd', 'ts', 'list', 'b'])).toEqual([
    ['1', '1.5', '2026-01-01 00:00:00.000000', '[1,2]', 'true'],
    ['2', '2.5', '2026-01-02 00:00:00.000000', null, 'false'],
    ['3', null, null, null, null],
  ]);
  await scene.table('long', ['v VARCHAR']);
  await scene.load('long', `${'ř'.repeat(16_385)}\n${'x'.repeat(16_384)}\n`, ['v']);
  const { response } = await scene.client.run(
    tables.PreviewTableCommandSchema,
    { path: [scene.bucket], tableName: 'long' },
    tables.PreviewTableResponseSchema,
  );
  const cells = response.rows.flatMap(({ columns }) => columns);
  expect(cells.map(({ isTruncated }) => isTruncated)).toEqual([true, false]);
  expect(cells.map(({ value }) => (value?.kind.case === 'stringValue' ? value.kind.value.length : 0))).toEqual([
    16_384, 16_384,
  ]);
});
