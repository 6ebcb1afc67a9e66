import { beforeAll, describe, expect, it } from 'vitest';
import { loadPgParser } from './pg-parser.js';
import { CatalogTranslator } from './translate-catalog-statement.js';

beforeAll(loadPgParser);
const translator = new CatalogTranslator();

describe('a statement is the catalogue’s', () => {
  it.each([
    'SELECT current_user',
    'SELECT version()',
    `SELECT pg_catalog.format_type(23, -1)`,
    `SELECT 'a'::regclass`,
    'SHOW server_version',
    'SELECT sum(relpages) / 2 FROM pg_class',
  ])('when it reads nothing else: %s', (sql) => {
    expect(translator.translate(sql)).toBeDefined();
  });

  it.each([
    'SELECT 1',
    'SELECT current_user FROM t',
    `SELECT position('l' IN 'hello'), current_date, extract(year FROM now())`,
    `SELECT current_user, to_date('2024-01-02', 'YYYY-MM-DD')`,
    'SELECT current_user, 1 / 0',
    'SELECT version(), sum(1), 7 % 2',
  ])('and not when it computes what users compute: %s', (sql) => {
    expect(translator.translate(sql)).toBeUndefined();
  });
});
