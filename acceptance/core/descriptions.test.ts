import { describe, expect, it } from 'vitest';
import { errorCode, errorDetails, mustSucceed } from '../helpers/api.js';
import { createProject, createProjectWithBucket, createTable, getTable, importContent } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

interface Described {
  readonly description: string | null;
  readonly updated_at: string;
}

describe('the description of a project', () => {
  it('is kept from the start, changed and removed', async () => {
    const created = mustSucceed(
      await server.admin.post<{ id: string }>('/projects', { id: 'described', description: 'What for' }),
    );
    expect(created).toMatchObject({ description: 'What for' });
    const put = async (json: unknown) => (await server.admin.put<Described>('/projects/described', json)).body;
    expect(await put({ name: 'N' })).toMatchObject({ name: 'N', description: 'What for' });
    expect(await put({ description: 'Größer' })).toMatchObject({ name: 'N', description: 'Größer' });
    expect((await server.admin.get('/projects/described')).body).toMatchObject({ description: 'Größer' });
    expect(await put({ description: null })).toMatchObject({ name: 'N', description: null });
    const project = await createProject(server.admin);
    expect((await project.api.get(project.path)).body).toMatchObject({ description: null });
  });
});

describe('PUT …/buckets/{bucket}', () => {
  it('changes the description, and only that', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const path = `${project.bucketsPath}/${bucket}`;
    const before = mustSucceed(await project.api.get<Described>(path));
    const changed = await project.api.put<Described>(path, { description: 'All orders' });
    expect(changed.status).toBe(200);
    expect(changed.body).toEqual({
      ...before,
      description: 'All orders',
      updated_at: changed.body.updated_at,
    });
    expect(Date.parse(changed.body.updated_at)).toBeGreaterThanOrEqual(Date.parse(before.updated_at));
    expect((await project.api.put(path, {})).body).toMatchObject({ description: 'All orders' });
    expect((await project.api.put(path, { description: '' })).body).toMatchObject({ description: null });
  });

  it('checks the field, the key and the bucket', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const path = `${project.bucketsPath}/${bucket}`;
    const tooLong = await project.api.put(path, { description: 'x'.repeat(10_001) });
    expect(tooLong.status).toBe(422);
    expect(tooLong.body).toMatchObject({ detail: [{ type: 'string_too_long', loc: ['body', 'description'] }] });
    expect((await project.api.put(path, { description: 5 })).status).toBe(422);
    expect((await server.anonymous.put(path, { description: 'x' })).status).toBe(401);
    const missing = await project.api.put(`${project.bucketsPath}/missing`, { description: 'x' });
    expect([missing.status, errorCode(missing)]).toEqual([404, 'bucket_not_found']);
    const nowhere = await server.admin.put('/projects/nowhere/branches/default/buckets/b', { description: 'x' });
    expect([nowhere.status, errorCode(nowhere)]).toEqual([404, 'project_not_found']);
  });
});

describe('descriptions of tables and columns', () => {
  it('are kept from the start', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const created = mustSucceed(
      await project.api.post(`${project.bucketsPath}/${bucket}/tables`, {
        name: 'orders',
        description: 'One row an order',
        columns: [
          { name: 'id', type: 'INTEGER', description: 'Given by the shop' },
          { name: 'note', type: 'VARCHAR', description: '' },
        ],
      }),
    );
    expect(created).toMatchObject({
      description: 'One row an order',
      columns: [
        { name: 'id', description: 'Given by the shop' },
        { name: 'note', description: null },
      ],
    });
    const list = mustSucceed(await project.api.get<{ tables: unknown[] }>(`${project.bucketsPath}/${bucket}/tables`));
    expect(list.tables).toEqual([created]);
  });

  it('are changed one by one; rows, columns and version stay', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { Id: 'INTEGER', __proto__x: 'VARCHAR', constructor: 'VARCHAR' });
    mustSucceed(await importContent(table, 'Id,__proto__x,constructor\n1,a,b\n'));
    const before = await getTable(table);
    const put = async (json: unknown) =>
      mustSucceed(await project.api.put<typeof before & Described>(table.path, json));

    const described = await put({ description: 'D', column_descriptions: { ID: 'the key', constructor: 'odd' } });
    expect(described.columns.map((column) => (column as unknown as Described).description)).toEqual([
      'the key',
      null,
      'odd',
    ]);
    expect({ ...described, columns: before.columns, description: null, updated_at: '' }).toEqual({
      ...before,
      updated_at: '',
    });
    const less = await put({ column_descriptions: { id: null, __proto__x: 'second' } });
    expect(less.description).toBe('D');
    expect(less.columns.map((column) => (column as unknown as Described).description)).toEqual([null, 'second', 'odd']);
    expect(await put({ description: null })).toMatchObject({ description: null });
    mustSucceed(await importContent(table, 'Id,__proto__x,constructor\n2,a,b\n'));
    expect((await getTable(table)).columns).toEqual(less.columns);
  });

  it('of an unknown column are a 404 that lists the columns, and nothing is changed', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER', note: 'VARCHAR' }, { name: 'orders' });
    const before = await getTable(table);
    const answer = await project.api.put(table.path, {
      description: 'lost',
      column_descriptions: { id: 'lost', prise: 'misspelt' },
    });
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({
      detail: {
        error: 'column_not_found',
        message: 'Column prise not found in table orders. It has: id, note',
        details: {
          project_id: project.id,
          bucket_name: bucket,
          table_name: 'orders',
          column_name: 'prise',
          columns: ['id', 'note'],
        },
      },
    });
    expect(await getTable(table)).toEqual(before);
  });

  it.each([
    [{ column_descriptions: { id: 5 } }, 'string_type'],
    [{ column_descriptions: ['id'] }, 'dict_type'],
    [{ description: 5 }, 'string_type'],
  ])('%j is a 422', async (json, type) => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const answer = await project.api.put<{ detail: { type: string }[] }>(table.path, json);
    expect([answer.status, answer.body.detail[0]?.type]).toEqual([422, type]);
  });

  it('of an unknown table are a 404', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const answer = await project.api.put(`${project.bucketsPath}/${bucket}/tables/missing`, { description: 'x' });
    expect([answer.status, errorCode(answer)]).toEqual([404, 'table_not_found']);
    expect(errorDetails(answer)).toEqual({ project_id: project.id, bucket_name: bucket, table_name: 'missing' });
  });
});
