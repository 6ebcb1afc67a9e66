import { expect, it } from 'vitest';
import { errorCode, mustSucceed, type Answer } from '../helpers/api.js';
import { createBucket, createProject, createTable, importFile, uploadFile, type Preview } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

const ROUNDS = 25;
const READERS = 4;
const ROWS = 50;

/** Each state of the table has one value in all rows, so that a mixture would be seen. */
const stateOf = (value: number): string =>
  `id,value\n${Array.from({ length: ROWS }, (_, id) => `${id},${value}`).join('\n')}\n`;

/** A link that goes and comes while one request looks for bucket and table may be told as either. */
function mustBeGone(answer: Answer): void {
  expect(answer.status).toBe(404);
  expect(['bucket_not_found', 'table_not_found']).toContain(errorCode(answer));
}

it('whoever reads through a link while its share is taken back gets whole data or a 404', async () => {
  const owner = await createProject(server.admin);
  const target = await createProject(server.admin);
  await createBucket(owner, 'sales');
  const orders = await createTable(owner, 'sales', { id: 'INTEGER', value: 'INTEGER' }, { name: 'orders' });
  const states = [await uploadFile(owner, stateOf(1)), await uploadFile(owner, stateOf(2))];
  const sales = `${owner.bucketsPath}/sales`;
  const linked = `${target.bucketsPath}/linked`;
  const source = { source_project_id: owner.id, source_bucket_name: 'sales' };

  const counts = { whole: 0, gone: 0 };
  let stopped = false;
  const read = async (): Promise<void> => {
    while (!stopped) {
      const answer = await target.api.get<Preview>(`${linked}/tables/orders/preview`);
      if (answer.status === 200) {
        const { rows, total_row_count: total } = answer.body;
        expect([rows.length, new Set(rows.map(({ value }) => value)).size]).toEqual([total, total === 0 ? 0 : 1]);
        expect([0, ROWS]).toContain(total);
        counts.whole += 1;
      } else {
        mustBeGone(answer);
        counts.gone += 1;
      }
    }
  };
  const exportAll = async (): Promise<void> => {
    while (!stopped) {
      const answer = await target.api.post<{ rows_exported: number }>(`${linked}/tables/orders/export`, {
        format: 'csv',
      });
      if (answer.status === 200) expect([0, ROWS]).toContain(answer.body.rows_exported);
      else mustBeGone(answer);
    }
  };
  const load = async (): Promise<void> => {
    for (let index = 0; !stopped; index += 1) {
      mustSucceed(await importFile(orders, states[index % 2]?.id ?? '', { format: 'csv' }));
    }
  };
  const shareAndRevoke = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS; round += 1) {
      mustSucceed(await owner.api.post(`${sales}/share`, { target_project_id: target.id }));
      mustSucceed(await target.api.post(`${linked}/link`, source));
      const seen = await target.api.get(`${linked}/tables/orders/preview`);
      expect(seen.status).toBe(200);
      mustSucceed(await owner.api.delete(`${sales}/share?target_project_id=${target.id}`));
      // Once the revocation is answered, nobody gets in any more.
      const after = await target.api.get(`${linked}/tables/orders/preview`);
      expect([after.status, errorCode(after)]).toEqual([404, 'bucket_not_found']);
    }
  };
  await Promise.all([
    shareAndRevoke().finally(() => {
      stopped = true;
    }),
    ...Array.from({ length: READERS }, read),
    exportAll(),
    load(),
  ]);
  expect(counts.whole).toBeGreaterThan(0);
  expect(counts.gone).toBeGreaterThan(0);
});

it('of two that link under one name at once, one gets it', async () => {
  const owner = await createProject(server.admin);
  const target = await createProject(server.admin);
  await createBucket(owner, 'sales');
  mustSucceed(await owner.api.post(`${owner.bucketsPath}/sales/share`, { target_project_id: target.id }));
  const source = { source_project_id: owner.id, source_bucket_name: 'sales' };
  const link = () => target.api.post(`${target.bucketsPath}/linked/link`, source);
  const answers = await Promise.all(Array.from({ length: 8 }, link));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter((answer) => errorCode(answer) === 'bucket_already_linked')).toHaveLength(7);
  expect((await target.api.get(`${target.path}/stats`)).body).toMatchObject({ bucket_count: 1 });
});
