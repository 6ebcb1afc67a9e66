import { describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import { createProjectWithBucket, createTable, getTable, importFile, rowsOf, uploadFile } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const TABLES = 50;

describe('50 tables', () => {
  it('import at once, each its own rows, while health answers', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const tables = await Promise.all(
      Array.from({ length: TABLES }, (_, n) =>
        createTable(
          project,
          bucket,
          { id: 'INTEGER', owner: 'VARCHAR' },
          { name: `t${n}`, primaryKey: n % 2 === 0 ? ['id'] : [] },
        ),
      ),
    );
    const jobs = await Promise.all(
      tables.map(async (table, n) => {
        const lines = Array.from({ length: 2000 + n }, (_, row) => `${row},${table.name}`);
        return { table, rows: lines.length, file: await uploadFile(project, `id,owner\n${lines.join('\n')}\n`) };
      }),
    );

    let importing = true;
    const watchHealth = async (): Promise<number[]> => {
      const statuses: number[] = [];
      while (importing) statuses.push((await server.anonymous.get('/health')).status);
      return statuses;
    };
    const health = watchHealth();
    const answers = await Promise.all(jobs.map(({ table, file }) => importFile(table, file.id)));
    importing = false;

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: TABLES }, () => 200));
    expect(new Set(await health)).toEqual(new Set([200]));
    for (const { table, rows } of jobs) {
      expect((await getTable(table)).row_count).toBe(rows);
      expect(new Set((await rowsOf(table)).map((row) => row[1]))).toEqual(new Set([table.name]));
    }
  });

  it('are created with one name at once: one of them wins', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const path = `${project.bucketsPath}/${bucket}/tables`;
    const body = { name: 'one', columns: [{ name: 'id', type: 'INTEGER' }] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => project.api.post(path, body)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    expect((await project.api.get(path)).body).toMatchObject({ total: 1 });
  });

  it('buckets and projects likewise', async () => {
    const ids = await Promise.all(
      Array.from({ length: 10 }, () => server.admin.post('/projects', { id: 'one-project' })),
    );
    expect(ids.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(ids.filter(({ status }) => status === 409)).toHaveLength(9);
    const made = ids.find(({ status }) => status === 201)?.body as { api_key: string };
    const owner = server.admin.as(made.api_key);
    const buckets = await Promise.all(
      Array.from({ length: 10 }, () => owner.post('/projects/one-project/branches/default/buckets', { name: 'b' })),
    );
    expect(buckets.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    mustSucceed(await owner.get('/projects/one-project/stats'));
  });
});
