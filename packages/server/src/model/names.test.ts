import { describe, expect, test } from 'vitest';
import { isDomainError } from '../errors/domain-error.js';
import {
  mustBeValidBucketName,
  mustBeValidColumnName,
  mustBeValidFileName,
  mustBeValidProjectId,
  mustBeValidTableName,
} from './names.js';

function ruleBrokenBy(check: (value: string) => void, value: string): string | undefined {
  try {
    check(value);
    return undefined;
  } catch (error) {
    if (!isDomainError(error, 'invalid_name')) throw error;
    expect(error.message).toContain(String(error.details.rule));
    return String(error.details.rule);
  }
}

describe('names that clients of the reference API use', () => {
  const accepted: [string, (value: string) => void, string[]][] = [
    [
      'project',
      mustBeValidProjectId,
      ['123', '456', 'test-project', 'snap_e2e_proj', 'idem_test_1', 'apikey_proj_3', 'test_proj_123'],
    ],
    [
      'bucket',
      mustBeValidBucketName,
      ['bucket', 'bucket1', 'in_c_sales', 'out_c_reports', 'my_special_bucket', 'in.c-main', 'team-a'],
    ],
    ['table', mustBeValidTableName, ['orders', 'order_items', 'data', 'all_types', 'table_a', 'users_restored']],
    [
      'column',
      mustBeValidColumnName,
      [
        'id',
        'name',
        'date',
        'timestamp',
        'value',
        'total',
        'col',
        'quantity',
        'col_varchar',
        'two words',
        '"',
        '1st',
        'Größe',
      ],
    ],
    ['file', mustBeValidFileName, ['test.csv', 'renamed.csv', 'huge.csv', 'Verkäufe 2026 (1).csv', '.hidden']],
  ];
  test.each(accepted)('%s', (_kind, check, names) => {
    for (const name of names) expect(ruleBrokenBy(check, name), name).toBeUndefined();
  });
});

describe('identifiers', () => {
  test.each(['', '_x', '.x', '-x', '..', '../x', 'a/b', 'a\\b', 'a b', 'ä', 'a\0', 'a\n', 'a'.repeat(65), 'x;', '"x"'])(
    '%j is refused',
    (name) => {
      for (const check of [mustBeValidProjectId, mustBeValidBucketName, mustBeValidTableName]) {
        expect(ruleBrokenBy(check, name)).toContain('letters, digits');
      }
    },
  );

  test('64 characters are accepted', () => {
    expect(ruleBrokenBy(mustBeValidTableName, 'a'.repeat(64))).toBeUndefined();
  });

  test('a project id cannot look like the directory of a branch', () => {
    expect(ruleBrokenBy(mustBeValidProjectId, 'p_Branch_1')).toContain('_branch_');
    expect(ruleBrokenBy(mustBeValidBucketName, 'p_branch_1')).toBeUndefined();
  });
});

describe('columns and files', () => {
  test.each([
    ['', 'characters'],
    ['a'.repeat(129), '128'],
    [' a', 'blank'],
    ['a ', 'blank'],
    ['a\u00a0', 'blank'],
    ['a\nb', 'printable'],
    ['a\0', 'printable'],
    ['a\u009f', 'printable'],
    ['\ud800', 'printable'],
    ['a\u2028b', 'printable'],
  ])('%j is refused', (name, rule) => {
    expect(ruleBrokenBy(mustBeValidColumnName, name)).toContain(rule);
  });

  test('a file name has 255 characters at most', () => {
    expect(ruleBrokenBy(mustBeValidFileName, 'a'.repeat(255))).toBeUndefined();
    expect(ruleBrokenBy(mustBeValidFileName, 'a'.repeat(256))).toContain('255');
  });

  test('a message shows no character that cannot be printed', () => {
    expect(() => mustBeValidColumnName('a\0b\ud800')).toThrow('Invalid column name "a\ufffdb\ufffd"');
  });
});
