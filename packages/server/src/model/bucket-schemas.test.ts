import { expect, it } from 'vitest';
import { schemaKey, schemaSpellings } from './bucket-schemas.js';

it('calls a bucket by its name, and by a plain identifier', () => {
  expect(schemaKey('In.c-Sales')).toBe('in_c_sales');
  const spellings = schemaSpellings(['in.c-sales', 'plain', 'Out.C']);
  expect([...spellings]).toEqual([
    ['in.c-sales', ['in.c-sales', 'in_c_sales']],
    ['plain', ['plain']],
    ['Out.C', ['Out.C', 'Out_C']],
  ]);
});

it('never lets one name mean two buckets', () => {
  expect(schemaSpellings(['in.c-sales', 'in_c_sales']).get('in.c-sales')).toEqual(['in.c-sales']);
  expect(schemaSpellings(['in.c-sales', 'IN_C_SALES']).get('in.c-sales')).toEqual(['in.c-sales']);
  const two = schemaSpellings(['in.c.sales', 'in-c-sales']);
  expect([two.get('in-c-sales'), two.get('in.c.sales')]).toEqual([
    ['in-c-sales', 'in_c_sales', 'in.c-sales'],
    ['in.c.sales'],
  ]);
});

it("knows Keboola's spelling of a bucket of a stage, unless another bucket is called so", () => {
  expect(schemaSpellings(['in_c_sales', 'out_c_x']).get('in_c_sales')).toEqual(['in_c_sales', 'in.c-sales']);
  expect(schemaSpellings(['in_c_sales', 'IN.C-SALES']).get('in_c_sales')).toEqual(['in_c_sales']);
});
