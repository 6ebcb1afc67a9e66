import { describe, expect, it } from 'vitest';
import {
  columnDescription,
  dropColumnDescription,
  renameColumnDescription,
  withColumnDescription,
} from './column-descriptions.js';

const described = { Id: 'the number', amount: 'in euro' };

describe('descriptions of columns', () => {
  it('are found without regard to case', () => {
    expect([columnDescription(described, 'ID'), columnDescription(described, 'amount')]).toEqual([
      'the number',
      'in euro',
    ]);
    expect(columnDescription(described, 'other')).toBeNull();
  });

  it('are set, replaced under the new spelling, and removed', () => {
    expect(withColumnDescription(described, 'note', 'free text')).toEqual({ ...described, note: 'free text' });
    expect(withColumnDescription(described, 'id', 'a key')).toEqual({ id: 'a key', amount: 'in euro' });
    expect(withColumnDescription(described, 'ID', null)).toEqual({ amount: 'in euro' });
  });

  it('go with their column when it is renamed or dropped', () => {
    expect(renameColumnDescription(described, 'AMOUNT', 'total')).toEqual({ Id: 'the number', total: 'in euro' });
    expect(renameColumnDescription(described, 'Id', 'id')).toEqual({ id: 'the number', amount: 'in euro' });
    expect(dropColumnDescription(described, 'id')).toEqual({ amount: 'in euro' });
  });

  it('leave nothing behind under the new name when the renamed column had none', () => {
    expect(renameColumnDescription({ total: 'left over' }, 'amount', 'total')).toEqual({});
  });

  it('never find what every object has, and keep a column named __proto__', () => {
    expect(columnDescription({}, 'constructor')).toBeNull();
    expect(columnDescription({}, '__proto__')).toBeNull();
    const odd = withColumnDescription({}, '__proto__', 'odd');
    expect([Object.keys(odd), columnDescription(odd, '__proto__')]).toEqual([['__proto__'], 'odd']);
  });
});
