import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { expect } from 'vitest';
import * as info from '../../../src/protocols/driver/gen/proto/info_pb.js';
import * as tables from '../../../src/protocols/driver/gen/proto/table_pb.js';
import { PATH as path, send, type Case, type CaseState } from './command-case.js';

const csv = tables.TableImportFromFileCommand_CsvTypeOptionsSchema;
const csvOf = (columnsNames: string[]) => anyPack(csv, create(csv, { columnsNames, delimiter: ',', enclosure: '"' }));

export const tableCases = (state: CaseState): readonly Case[] => [
  {
    command: 'CreateTableCommand',
    level: 'project',
    send: send(tables.CreateTableCommandSchema, () => ({
      path,
      tableName: 't',
      columns: [
        { name: 'a', type: 'DECIMAL', length: '10,2' },
        { name: 'b', type: 'VARCHAR', nullable: true },
      ],
    })),
    missing: [
      send(tables.CreateTableCommandSchema, () => ({
        path: ['none'],
        tableName: 't',
        columns: [{ name: 'a', type: 'INTEGER' }],
      })),
      [404, 2000],
    ],
    bad: [
      send(tables.CreateTableCommandSchema, () => ({
        path,
        tableName: 'u',
        columns: [{ name: 'a', type: 'NOTHING' }],
      })),
      [400, 3000],
    ],
  },
  {
    command: 'AddColumnCommand',
    level: 'project',
    send: send(tables.AddColumnCommandSchema, () => ({
      path,
      tableName: 't',
      columnDefinition: { name: 'c', type: 'BIGINT', nullable: true },
    })),
    missing: [
      send(tables.AddColumnCommandSchema, () => ({
        path,
        tableName: 'none',
        columnDefinition: { name: 'c', type: 'BIGINT' },
      })),
      [404, 2000],
    ],
    bad: [send(tables.AddColumnCommandSchema, () => ({ path, tableName: 't' })), [400, 3000]],
  },
  {
    command: 'AlterColumnCommand',
    level: 'project',
    send: async (client) => {
      const fields = {
        path,
        tableName: 't',
        desiredDefiniton: { name: 'A', nullable: true, length: '1,2', default: '1.5', type: 'DECIMAL' },
        attributesToUpdate: ['KBC.datatype.nullable', 'KBC.datatype.length', 'default'],
      };
      const { messages, response } = await client.run(
        tables.AlterColumnCommandSchema,
        fields,
        info.ObjectInfoResponseSchema,
      );
      expect(messages).toMatchObject([
        { level: 'Informational', message: 'KBC.datatype.nullable' },
        { level: 'Error', message: expect.stringMatching(/^"KBC\.datatype\.length": /) },
        { level: 'Informational', message: 'default' },
      ]);
      expect(response.objectInfo.value).toMatchObject({
        columns: expect.arrayContaining([expect.objectContaining({ name: 'a', nullable: true, default: '1.5' })]),
      });
    },
    missing: [
      send(tables.AlterColumnCommandSchema, () => ({ path, tableName: 't', desiredDefiniton: { name: 'none' } })),
      [404, 2005],
    ],
    bad: [
      send(tables.AlterColumnCommandSchema, () => ({
        path,
        tableName: 't',
        desiredDefiniton: { name: 'a' },
        attributesToUpdate: ['KBC.datatype.type'],
      })),
      [400, 3000],
    ],
  },
  {
    command: 'DropColumnCommand',
    level: 'project',
    send: send(tables.DropColumnCommandSchema, () => ({ path, tableName: 't', columnName: 'c' })),
    missing: [send(tables.DropColumnCommandSchema, () => ({ path, tableName: 't', columnName: 'c' })), [404, 2005]],
    bad: [send(tables.DropColumnCommandSchema, () => ({ path, tableName: 't' })), [400, 3000]],
  },
  {
    command: 'AddPrimaryKeyCommand',
    level: 'project',
    send: send(tables.AddPrimaryKeyCommandSchema, () => ({ path, tableName: 'orders', primaryKeysNames: ['id'] })),
    missing: [
      send(tables.AddPrimaryKeyCommandSchema, () => ({ path, tableName: 'none', primaryKeysNames: ['id'] })),
      [404, 2000],
    ],
    bad: [
      send(tables.AddPrimaryKeyCommandSchema, () => ({
        path,
        tableName: 't',
        primaryKeysNames: ['b'],
        skipDuplicatesCheck: true,
      })),
      [400, 3000],
    ],
  },
  {
    command: 'DropPrimaryKeyCommand',
    level: 'project',
    send: send(tables.DropPrimaryKeyCommandSchema, () => ({ path, tableName: 'orders' })),
    missing: [send(tables.DropPrimaryKeyCommandSchema, () => ({ path, tableName: 'none' })), [404, 2000]],
    bad: [send(tables.DropPrimaryKeyCommandSchema, () => ({ path })), [400, 3000]],
  },
  {
    command: 'TableImportFromFileCommand',
    level: 'project',
    send: send(tables.TableImportFromFileCommandSchema, () => ({
      formatTypeOptions: csvOf(['id', 'v']),
      filePath: { fileName: state.fileId },
      destination: { path, tableName: 'orders' },
      importOptions: {},
    })),
    missing: [
      send(tables.TableImportFromFileCommandSchema, () => ({
        formatTypeOptions: csvOf(['id', 'v']),
        filePath: { fileName: 'none' },
        destination: { path, tableName: 'orders' },
        importOptions: {},
      })),
      [404, 4201],
    ],
    bad: [
      send(tables.TableImportFromFileCommandSchema, () => ({
        formatTypeOptions: csvOf([]),
        filePath: { fileName: state.fileId },
        destination: { path, tableName: 'orders' },
        importOptions: {},
      })),
      [400, 4103],
    ],
  },
  {
    command: 'PreviewTableCommand',
    level: 'project',
    send: send(tables.PreviewTableCommandSchema, () => ({ path: ['7', ...path], tableName: 'orders', columns: ['v'] })),
    missing: [
      send(tables.PreviewTableCommandSchema, () => ({ path, tableName: 'orders', columns: ['none'] })),
      [400, 2005],
    ],
    bad: [
      send(tables.PreviewTableCommandSchema, () => ({
        path,
        tableName: 'orders',
        filters: { changeSince: 'yesterday' },
      })),
      [400, 3000],
    ],
  },
  {
    command: 'TableImportFromTableCommand',
    level: 'project',
    send: send(tables.TableImportFromTableCommandSchema, () => ({
      source: { path, tableName: 'orders', columnMappings: [{ sourceColumnName: 'id', destinationColumnName: 'a' }] },
      destination: { path, tableName: 't' },
      importOptions: {},
    })),
    missing: [
      send(tables.TableImportFromTableCommandSchema, () => ({
        source: { path, tableName: 'none' },
        destination: { path, tableName: 't' },
        importOptions: {},
      })),
      [404, 2000],
    ],
    bad: [
      send(tables.TableImportFromTableCommandSchema, () => ({
        source: { path, tableName: 'orders' },
        destination: { path, tableName: 'view' },
        importOptions: { importType: tables.ImportExportShared_ImportOptions_ImportType.VIEW },
      })),
      [400, 3000],
    ],
  },
  {
    command: 'TableExportToFileCommand',
    level: 'project',
    send: send(tables.TableExportToFileCommandSchema, () => ({
      source: { path, tableName: 'orders' },
      filePath: { path: 'x', fileName: 'y' },
    })),
    missing: [
      send(tables.TableExportToFileCommandSchema, () => ({
        source: { path, tableName: 'none' },
        filePath: { fileName: 'y' },
      })),
      [404, 2000],
    ],
    bad: [
      send(tables.TableExportToFileCommandSchema, () => ({
        source: { path, tableName: 'orders' },
        filePath: { root: 'elsewhere', fileName: 'y' },
      })),
      [400, 3000],
    ],
  },
  {
    command: 'CreateProfileTableCommand',
    level: 'project',
    send: async (client) => {
      const { response } = await client.run(
        tables.CreateProfileTableCommandSchema,
        { path, tableName: 'orders' },
        tables.CreateProfileTableResponseSchema,
      );
      expect(JSON.parse(response.profile)).toMatchObject({ rowCount: 2, columnCount: 4 });
      expect(JSON.parse(response.columns[1]?.profile ?? '')).toEqual({
        distinctCount: 2,
        duplicateCount: 0,
        nullCount: 0,
        length: { avg: 1, min: 1, max: 1 },
      });
    },
    missing: [send(tables.CreateProfileTableCommandSchema, () => ({ path, tableName: 'none' })), [404, 2000]],
    bad: [send(tables.CreateProfileTableCommandSchema, () => ({ path: [], tableName: 'orders' })), [400, 3000]],
  },
  {
    command: 'CreateTableFromTimeTravelCommand',
    level: 'project',
    send: send(tables.CreateTableFromTimeTravelCommandSchema, () => ({
      source: { path, tableName: 'orders' },
      destination: { path, tableName: 'past' },
      timestamp: BigInt(Math.floor(Date.now() / 1000)),
    })),
    missing: [
      send(tables.CreateTableFromTimeTravelCommandSchema, () => ({
        source: { path, tableName: 'none' },
        destination: { path, tableName: 'p' },
        timestamp: 1n,
      })),
      [404, 2000],
    ],
    bad: [
      send(tables.CreateTableFromTimeTravelCommandSchema, () => ({
        source: { path, tableName: 'orders' },
        destination: { path, tableName: 'p' },
      })),
      [400, 3000],
    ],
  },
  {
    command: 'ObjectInfoCommand',
    level: 'project',
    send: async (client) => {
      const fields = { path: [...path, 'orders'], expectedObjectType: info.ObjectType.TABLE };
      const { response } = await client.run(info.ObjectInfoCommandSchema, fields, info.ObjectInfoResponseSchema);
      expect(response).toMatchObject({
        path: ['in_c_main', 'orders'],
        objectInfo: { case: 'tableInfo', value: { path, rowsCount: 2n } },
      });
      const schema = await client.run(
        info.ObjectInfoCommandSchema,
        { path, expectedObjectType: info.ObjectType.SCHEMA },
        info.ObjectInfoResponseSchema,
      );
      expect(schema.response.objectInfo.case).toBe('schemaInfo');
      // Left out, the type is DATABASE.
      const database = await client.run(info.ObjectInfoCommandSchema, { path: ['x'] }, info.ObjectInfoResponseSchema);
      expect(database.response.objectInfo.case).toBe('databaseInfo');
    },
    missing: [
      send(info.ObjectInfoCommandSchema, () => ({
        path: ['none', 'orders'],
        expectedObjectType: info.ObjectType.TABLE,
      })),
      [404, 2000],
    ],
    bad: [send(info.ObjectInfoCommandSchema, () => ({ path, expectedObjectType: 9 as info.ObjectType })), [400, 2001]],
  },
  { command: 'ListSchemasCommand', level: 'project', send: send(info.ListSchemasCommandSchema, () => ({})) },
  {
    command: 'DeleteTableRowsCommand',
    level: 'project',
    send: async (client) => {
      const filters = [
        {
          column: 'v',
          operator: tables.DeleteTableRowsCommand_WhereRefTableFilter_Operator.NOT_IN,
          refPath: path,
          refTable: 'past',
          refColumn: 'id',
        },
      ];
      const fields = {
        path,
        tableName: 'orders',
        whereRefTableFilters: filters,
        whereFilters: [{ columnsName: 'ID', values: ['1'] }],
      };
      const { response } = await client.run(
        tables.DeleteTableRowsCommandSchema,
        fields,
        tables.DeleteTableRowsResponseSchema,
      );
      expect(response).toMatchObject({ deletedRowsCount: 1n, tableRowsCount: 1n });
    },
    missing: [send(tables.DeleteTableRowsCommandSchema, () => ({ path, tableName: 'none' })), [404, 2000]],
    bad: [
      send(tables.DeleteTableRowsCommandSchema, () => ({
        path,
        tableName: 'orders',
        whereFilters: [
          { columnsName: 'id', operator: tables.ImportExportShared_TableWhereFilter_Operator.gt, values: ['1', '2'] },
        ],
      })),
      [400, 0],
    ],
  },
  {
    command: 'DropTableCommand',
    level: 'project',
    send: send(tables.DropTableCommandSchema, () => ({ path, tableName: 't' })),
    missing: [send(tables.DropTableCommandSchema, () => ({ path, tableName: 'none' })), 'ok'],
    bad: [send(tables.DropTableCommandSchema, () => ({ path: ['8', 'in_c_main'], tableName: 'orders' })), [400, 3000]],
  },
];
