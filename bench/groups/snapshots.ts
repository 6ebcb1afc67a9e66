import type { Table } from '../../acceptance/helpers/storage.js';
import type { BenchContext } from '../bench-context.js';
import { FLIGHTS } from '../flights.js';
import { spreadOf } from '../measure/statistics.js';
import { latencyText, verdict } from '../report.js';
import type { ServerUnderTest } from '../server-under-test.js';

const FLOOR_MS = 10;
const WARM_UP = 10;

/** One request; resolves to how long it took. */
type Once = () => Promise<number>;

/** One client, one request after another, a table of 3 M rows and an empty one in turns: the size must not matter. */
export async function snapshots(context: BenchContext): Promise<void> {
  const server = await context.sharedServer();
  const large = await server.createTable('kept', FLIGHTS);
  await server.import(large, await server.upload(await context.inputs.path('flights.csv')));
  const empty = await server.createTable('kept_empty', FLIGHTS);
  const path = `${server.project.path}/branches/default/snapshots`;

  const taking = (table: Table): Once => {
    return async () => (await server.client.mustPost(path, { bucket: table.bucket, table: table.name })).ms;
  };
  await measure(context, 'snapshot, 3 M rows', taking(large), taking(empty));

  const restoring = async (table: Table): Promise<Once> => {
    const { text } = await server.client.mustPost(path, { bucket: table.bucket, table: table.name });
    const id = idOf(text, 'id');
    return async () => (await server.client.mustPost(`${path}/${id}/restore`, {})).ms;
  };
  await measure(context, 'restore of a snapshot', await restoring(large), await restoring(empty));
  await measure(context, 'restore of a version', await undoing(server, large), await undoing(server, empty));
}

/** Back and forth between the two newest versions, so that history always has the one to go back to. */
async function undoing(server: ServerUnderTest, table: Table): Promise<Once> {
  const { text } = await server.client.get(`${table.path}/versions?limit=2`);
  const { versions } = JSON.parse(text) as { versions: readonly { id: string }[] };
  let [current = '', before = ''] = versions.map(({ id }) => id);
  return async () => {
    const answer = await server.client.mustPost(`${table.path}/versions/${before}/restore`, {});
    before = current;
    current = idOf(answer.text, 'version_id');
    return answer.ms;
  };
}

async function measure({ options, report }: BenchContext, work: string, onLarge: Once, onEmpty: Once): Promise<void> {
  const times = { large: [] as number[], empty: [] as number[] };
  const count = options.quick ? 60 : 200;
  for (let index = 0; index < WARM_UP + count; index += 1) {
    const [large, empty] = [await onLarge(), await onEmpty()];
    if (index < WARM_UP) continue;
    times.large.push(large);
    times.empty.push(empty);
  }
  const ours = spreadOf(times.large);
  const ofEmpty = spreadOf(times.empty);
  report.add({
    work,
    ours: latencyText(ours),
    reference: `of an empty table: ${latencyText(ofEmpty)}`,
    ratio: ofEmpty.median / ours.median,
    floor: `p50 ≤ ${FLOOR_MS} ms`,
    verdict: verdict(ours.median <= FLOOR_MS),
    data: { unit: 'ms', ours, ofEmpty },
  });
}

function idOf(text: string, member: string): string {
  const value = (JSON.parse(text) as Record<string, unknown>)[member];
  if (typeof value !== 'string') throw new Error(`the answer has no ${member}: ${text.slice(0, 200)}`);
  return value;
}
