import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { TableShape } from '../../model/columns.js';
import type { ShapedVersion } from '../../workers/messages.js';
import { compareVersions } from './compare-versions.js';
import { column, JobFixture } from './jobs.fixture.js';

let fixture: JobFixture;
let count = 0;
beforeAll(async () => {
  fixture = await JobFixture.open();
});
afterAll(() => fixture.close());

const keyed: TableShape = {
  columns: [column('change', 'INTEGER', { nullable: false }), column('hit', 'VARCHAR'), column('place', 'INTEGER[]')],
  primaryKey: ['change'],
};

async function shaped(shape: TableShape, rowsSql: string): Promise<ShapedVersion> {
  return { version: await fixture.makeVersion(`compared${(count += 1)}`, shape, rowsSql), shape };
}

async function compare(before: ShapedVersion, after: ShapedVersion, maxRows = 10) {
  const { rowsJson, ...rest } = await compareVersions({ before, after, maxRows }, fixture.context);
  return { ...rest, rows: JSON.parse(rowsJson) as unknown[] };
}

describe('compareVersions', () => {
  it('tells by key what was added, removed and changed, NULL being a value like others', async () => {
    const before = await shaped(keyed, `VALUES (1, 'a', [1]), (2, NULL, NULL), (3, 'c', []), (4, 'same', [4])`);
    const after = await shaped(keyed, `VALUES (4, 'same', [4]), (1, NULL, [1]), (2, NULL, [2]), (9, 'new', NULL)`);
    expect(await compare(before, after)).toEqual({
      by: 'key',
      comparedColumns: ['change', 'hit', 'place'],
      added: 1,
      removed: 1,
      changed: 2,
      rows: [
        {
          change: 'changed',
          before: { change: 1, hit: 'a', place: [1] },
          after: { change: 1, hit: null, place: [1] },
        },
        {
          change: 'changed',
          before: { change: 2, hit: null, place: null },
          after: { change: 2, hit: null, place: [2] },
        },
        { change: 'removed', before: { change: 3, hit: 'c', place: [] }, after: null },
        { change: 'added', before: null, after: { change: 9, hit: 'new', place: null } },
      ],
    });
    expect((await compare(before, after, 1)).rows).toHaveLength(1);
    expect(await compare(before, before)).toMatchObject({ added: 0, removed: 0, changed: 0, rows: [] });
  });

  it('compares rows as a whole without a key, each as often as it occurs', async () => {
    const shape = { ...keyed, primaryKey: [] };
    const before = await shaped(shape, `VALUES (1, 'a', NULL), (1, 'a', NULL), (2, 'b', [2])`);
    const after = await shaped(shape, `VALUES (1, 'a', NULL), (2, 'B', [2])`);
    const found = await compare(before, after);
    expect(found).toMatchObject({ by: 'row', added: 1, removed: 2, changed: 0 });
    expect(found.rows).toContainEqual({ change: 'added', before: null, after: { change: 2, hit: 'B', place: [2] } });
  });

  it('compares what both have when columns differ', async () => {
    const before = await shaped(keyed, `VALUES (1, 'a', [1])`);
    const columns = [...keyed.columns.slice(0, 2), column('place', 'VARCHAR'), column('more', 'DATE')];
    const after = await shaped({ columns, primaryKey: ['change'] }, `VALUES (1, 'b', 'x', NULL)`);
    expect(await compare(before, after)).toMatchObject({
      by: 'key',
      comparedColumns: ['change', 'hit'],
      changed: 1,
      rows: [{ before: { change: 1, hit: 'a' }, after: { change: 1, hit: 'b' } }],
    });
    const [first, ...others] = columns;
    if (first === undefined) throw new Error('no column');
    const retyped = { columns: [{ ...first, type: 'VARCHAR' }, ...others], primaryKey: ['change'] };
    expect(await compare(before, await shaped(retyped, `VALUES ('1', 'a', 'x', NULL)`))).toMatchObject({
      by: 'row',
      comparedColumns: ['hit'],
      added: 0,
      removed: 0,
    });
    const nothing = { columns: [column('other', 'DATE')], primaryKey: [] };
    expect(await compare(before, await shaped(nothing, 'VALUES (NULL)'))).toMatchObject({ comparedColumns: [] });
  });
});
