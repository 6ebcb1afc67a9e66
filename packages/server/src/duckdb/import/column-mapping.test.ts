import { describe, expect, test } from 'vitest';
import { isDomainError } from '../../errors/domain-error.js';
import { mapColumns } from './column-mapping.js';

const columns = ['id', 'Name', 'state'].map((name) => ({ name, type: 'VARCHAR', nullable: true, default: null }));
const shape = { columns, primaryKey: ['id'] };

function mapping(names: string[] | null, selected: string[] | null = null, count = names?.length ?? 3): unknown {
  const { loaded, warnings } = mapColumns(shape, names, count, selected);
  return [loaded.map(({ column, fileIndex }) => `${column.name}:${fileIndex}`).join(' '), warnings.length];
}

function code(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return isDomainError(error) ? error.code : error;
  }
}

describe('mapColumns', () => {
  test.each<[string, string[] | null, string[] | null, unknown]>([
    ['same names', ['id', 'Name', 'state'], null, ['id:0 Name:1 state:2', 0]],
    ['another order', ['state', 'id', 'Name'], null, ['id:1 Name:2 state:0', 0]],
    ['another case', ['ID', 'NAME', 'State'], null, ['id:0 Name:1 state:2', 0]],
    ['foreign names', ['a', 'b', 'c'], null, ['id:0 Name:1 state:2', 1]],
    ['no header', null, null, ['id:0 Name:1 state:2', 0]],
    ['no header, some columns', null, ['state', 'ID', 'Name'], ['id:1 Name:2 state:0', 0]],
    ['exact before other case', ['ID', 'id', 'Name', 'state'], ['id'], ['id:1', 0]],
    ['selection ignores the rest', ['x', 'state', 'id', 'y'], ['state', 'id'], ['id:2 state:1', 0]],
    ['foreign names are no selection', ['a', 'b', 'c'], ['id', 'Name', 'state'], 'column_mismatch'],
    ['one name fits', ['id', 'b', 'c'], null, 'column_mismatch'],
    ['one too many', ['id', 'Name', 'state', 'x'], null, 'column_mismatch'],
    ['case twins', ['id', 'Name', 'state', 'NAME'], null, 'column_mismatch'],
    ['repeated name', ['id', 'id', 'state'], null, 'duplicate_column'],
    ['selection without the key', ['id', 'Name', 'state'], ['Name'], 'column_mismatch'],
    ['unknown selection', ['id', 'Name', 'state'], ['id', 'nope'], 'unknown_column'],
    ['repeated selection', ['id', 'Name', 'state'], ['id', 'ID'], 'duplicate_column'],
    ['empty selection', ['id', 'Name', 'state'], [], 'invalid_request'],
  ])('%s', (_, names, selected, expected) => expect(code(() => mapping(names, selected))).toEqual(expected));
});
