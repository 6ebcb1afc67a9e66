import type { Table } from '../../acceptance/helpers/storage.js';
import type { BenchContext } from '../bench-context.js';
import { NUMBERED_FLIGHTS } from '../flights.js';
import { spreadOf, type Spread } from '../measure/statistics.js';
import { latencyText, roundsText, verdict } from '../report.js';
import { ServerUnderTest } from '../server-under-test.js';

const TABLES = 1000;
const MERGED_TABLES = 100;
const CREATED_AT_ONCE = 8;
const FLOOR_MS = 10;
const WARM_UP = 5;

/** What a branch costs in a project with a thousand tables, and its first write to a large one. */
export async function branches(context: BenchContext): Promise<void> {
  const server = await ServerUnderTest.start(context.options);
  try {
    await createTables(server, TABLES);
    await measureBranches(context, server);
    await measureMerge(context, server);
    await measureFirstWrite(context, server);
  } finally {
    await server.stop();
  }
}

async function createTables(server: ServerUnderTest, count: number): Promise<void> {
  for (let first = 0; first < count; first += CREATED_AT_ONCE) {
    const names = Array.from({ length: CREATED_AT_ONCE }, (_, index) => `t${first + index}`);
    await Promise.all(names.map((name) => server.createTable(name, { columns: { id: 'INTEGER' }, key: ['id'] })));
  }
}

const branchesPath = (server: ServerUnderTest): string => `${server.project.path}/branches`;

async function createBranch(server: ServerUnderTest, name: string): Promise<{ id: string; ms: number }> {
  const { text, ms } = await server.client.mustPost(branchesPath(server), { name });
  return { id: (JSON.parse(text) as { id: string }).id, ms };
}

async function measureBranches({ options, report }: BenchContext, server: ServerUnderTest): Promise<void> {
  const times = { create: [] as number[], pull: [] as number[], remove: [] as number[] };
  const count = WARM_UP + (options.quick ? 30 : 100);
  for (let round = 0; round < count; round += 1) {
    const { id, ms } = await createBranch(server, `measured ${round}`);
    const path = `${branchesPath(server)}/${id}`;
    const table = `${path}/buckets/${server.bucket}/tables/t${round}`;
    await server.client.send('PUT', table, JSON.stringify({ description: 'a write of the branch' }));
    const pull = await server.client.mustPost(`${path}/tables/${server.bucket}/t${round}/pull?discard=true`, {});
    const remove = await server.client.send('DELETE', path);
    if (round < WARM_UP) continue;
    times.create.push(ms);
    times.pull.push(pull.ms);
    times.remove.push(remove.ms);
  }
  const add = (work: string, ours: Spread): void =>
    report.add({
      work,
      ours: latencyText(ours),
      reference: '',
      ratio: null,
      floor: `p50 ≤ ${FLOOR_MS} ms`,
      verdict: verdict(ours.median <= FLOOR_MS),
      data: { unit: 'ms', ours },
    });
  add('create a branch, 1,000 tables', spreadOf(times.create));
  add('pull a table', spreadOf(times.pull));
  add('delete a branch', spreadOf(times.remove));
}

async function measureMerge({ options, report }: BenchContext, server: ServerUnderTest): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const { id } = await createBranch(server, `merged ${round}`);
    const path = `${branchesPath(server)}/${id}`;
    for (let index = 0; index < MERGED_TABLES; index += 1) {
      const column = { name: `c${round}`, type: 'INTEGER' };
      await server.client.mustPost(`${path}/buckets/${server.bucket}/tables/t${index}/columns`, column);
    }
    times.push((await server.client.mustPost(`${path}/merge`, {})).ms);
  }
  const ours = spreadOf(times);
  report.add({
    work: `merge ${MERGED_TABLES} tables`,
    ours: roundsText(ours),
    reference: '',
    ratio: null,
    floor: '',
    verdict: null,
    data: { unit: 'ms', ours },
  });
}

/** The same small upsert into three million rows: in main, and as the first write of a new branch. */
async function measureFirstWrite({ options, report, inputs }: BenchContext, server: ServerUnderTest): Promise<void> {
  const table = await server.createTable('large', NUMBERED_FLIGHTS);
  await server.import(table, await server.upload(await inputs.path('numbered.csv')));
  const times = { main: [] as number[], branch: [] as number[] };
  for (let round = 0; round <= options.rounds; round += 1) {
    const { id } = await createBranch(server, `first write ${round}`);
    const inBranch = { ...table, path: table.path.replace('/branches/default/', `/branches/${id}/`) };
    const fileId = await server.upload(await inputs.batch(round));
    const write = async (into: Table): Promise<number> =>
      (await server.import(into, fileId, { import_options: { incremental: true } })).ms;
    const [branch, main] = [await write(inBranch), await write(table)];
    if (round === 0) continue;
    times.branch.push(branch);
    times.main.push(main);
  }
  const [ours, inMain] = [spreadOf(times.branch), spreadOf(times.main)];
  report.add({
    work: 'first write in a branch, 3 M rows',
    ours: roundsText(ours),
    reference: `the same write in main: ${roundsText(inMain)}`,
    ratio: inMain.median / ours.median,
    floor: '',
    verdict: null,
    data: { unit: 'ms', ours, inMain },
  });
}
