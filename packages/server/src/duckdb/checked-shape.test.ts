import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDomainError } from '../errors/domain-error.js';
import type { TableShape } from '../model/columns.js';
import { checkShapeDefinition } from './checked-shape.js';
import { column, JobFixture } from './jobs/jobs.fixture.js';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await JobFixture.open();
});
afterAll(() => fixture.close());

const checkShape = (shape: TableShape): Promise<TableShape> =>
  fixture.database.withConnection(fixture.context.signal, (connection) => checkShapeDefinition(connection, shape));

test('types in the engine’s spelling, defaults rebuilt, key columns NOT NULL and spelled like the columns', async () => {
  const requested: TableShape = {
    columns: [
      column('Id', 'int4'),
      column('name', 'varchar(10)', { default: `  'x'||'y' ` }),
      column('at', 'timestamptz', { default: 'now()', nullable: false }),
    ],
    primaryKey: ['ID'],
  };
  const shape = await checkShape(requested);
  expect(shape).toEqual({
    columns: [
      { name: 'Id', type: 'INTEGER', nullable: false, default: null },
      { name: 'name', type: 'VARCHAR', nullable: true, default: `('x' || 'y')` },
      { name: 'at', type: 'TIMESTAMP WITH TIME ZONE', nullable: false, default: 'now()' },
    ],
    primaryKey: ['Id'],
  });
  expect(await checkShape(shape)).toEqual(shape);
});

describe('refused', () => {
  test.each<[string, TableShape, string]>([
    ['invalid_request', { columns: [], primaryKey: [] }, 'at least one column'],
    ['invalid_name', { columns: [column('a\n', 'INT')], primaryKey: [] }, 'printable'],
    ['duplicate_column', { columns: [column('a', 'INT'), column('A', 'INT')], primaryKey: [] }, 'differ only in case'],
    ['duplicate_column', { columns: [column('a', 'INT'), column('a', 'INT')], primaryKey: [] }, 'is there twice'],
    ['invalid_column_type', { columns: [column('a', 'NUMBER')], primaryKey: [] }, 'unknown type "number"'],
    [
      'invalid_default',
      { columns: [column('a', 'INT', { default: `'x'` })], primaryKey: [] },
      'no value of type INTEGER',
    ],
    [
      'invalid_default',
      { columns: [column('a', 'INT'), column('b', 'INT', { default: 'a' })], primaryKey: [] },
      'cannot refer',
    ],
    [
      'invalid_primary_key',
      { columns: [column('a', 'INT')], primaryKey: ['b'] },
      `Primary key column 'b' not found in columns`,
    ],
    ['invalid_primary_key', { columns: [column('a', 'INT')], primaryKey: ['a', 'A'] }, 'twice'],
  ])('%s: %j', async (code, shape, message) => {
    const failure: unknown = await checkShape(shape).catch((error: unknown) => error);
    expect(isDomainError(failure) && failure.code).toBe(code);
    expect(String(failure)).toContain(message);
  });
});
