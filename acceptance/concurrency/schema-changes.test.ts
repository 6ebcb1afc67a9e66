import { describe, expect, it } from 'vitest';
import { errorCode, mustSucceed, type Answer } from '../helpers/api.js';
import { createProjectWithBucket, createTable, getTable, importContent, preview, rowsOf } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

describe('20 writers that import and change columns of one table', () => {
  it('each change happens once and whole, in some order; readers see whole versions', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER', note: 'VARCHAR' }, { primaryKey: ['id'] });
    mustSucceed(await importContent(table, 'id,note\n0,first\n'));
    const addColumn = (name: string): Promise<Answer> =>
      project.api.post(`${table.path}/columns`, { name, type: 'VARCHAR', default: `'${name}'` });
    const importRows = (writer: number, round: number): Promise<Answer> => {
      const id = writer * 10 + round;
      const options = { import_options: { incremental: true, columns: ['id', 'note'] } };
      return importContent(table, `id,note\n${id},n${id}\n`, options);
    };
    const columnWriter = async (writer: number): Promise<void> => {
      const name = `w${writer}`;
      mustSucceed(await addColumn(name));
      expect(errorCode(await addColumn(name.toUpperCase()))).toBe('column_exists');
      const column = `${table.path}/columns/${name}`;
      mustSucceed(await project.api.put(column, { new_name: `${name}_renamed`, set_not_null: true }));
      const deletion = { json: { where_clause: `id = ${writer * 10 + 1}` } };
      mustSucceed(await project.api.delete(`${table.path}/rows`, deletion));
      if (writer % 4 === 0) mustSucceed(await project.api.delete(`${column}_renamed`));
    };
    const rowWriter = async (writer: number): Promise<void> => {
      for (const round of [2, 3, 4]) mustSucceed(await importRows(writer, round));
    };
    let writing = true;
    const reader = async (): Promise<void> => {
      while (writing) {
        const shown = await preview(table, '?limit=10000');
        const names = (shown.columns as { name: string }[]).map(({ name }) => name);
        for (const row of shown.rows) {
          expect(Object.keys(row)).toEqual(names);
          for (const [name, value] of Object.entries(row)) {
            if (name.startsWith('w')) expect(value).toBe(name.replace('_renamed', ''));
          }
        }
      }
    };
    const readers = [reader(), reader()];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const writer = index + 1;
        return writer % 2 === 0 ? columnWriter(writer) : rowWriter(writer);
      }),
    );
    writing = false;
    await Promise.all(readers);

    const { columns, row_count: count, primary_key: key } = await getTable(table);
    const kept = [2, 6, 10, 14, 18].map((writer) => `w${writer}_renamed`);
    expect(columns.map(({ name }) => name).sort()).toEqual(['id', 'note', ...kept].sort());
    expect(
      columns
        .filter(({ nullable }) => !nullable)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['id', ...kept].sort());
    expect(key).toEqual(['id']);
    expect(count).toBe(1 + 10 * 3);
    const ids = (await rowsOf(table)).map(([id]) => Number(id)).sort((a, b) => a - b);
    const wanted = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19].flatMap((writer) =>
      [2, 3, 4].map((round) => writer * 10 + round),
    );
    expect(ids).toEqual([0, ...wanted]);
  });
});
