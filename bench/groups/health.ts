import type { BenchContext } from '../bench-context.js';
import { FLIGHTS } from '../flights.js';
import { sampleHealth, type HealthSamples } from '../measure/health-samples.js';
import { timed } from '../measure/rounds.js';
import { bytesText, durationText, verdict } from '../report.js';

const FLOOR_P99_MS = 20;
const FULL_BYTES = 2_000_000_000;
const QUICK_BYTES = 500_000_000;

/** How long others wait while the largest thing happens: a large file comes in, and is imported. */
export async function health(context: BenchContext): Promise<void> {
  const { inputs, options, report } = context;
  const server = await context.sharedServer();
  const sizeBytes = options.quick ? QUICK_BYTES : FULL_BYTES;
  const path = await inputs.ofSize('huge.csv', sizeBytes, false);
  const table = await server.createTable('huge', FLIGHTS);
  const { baseUrl } = server.process;
  const idle = await sampleHealth(baseUrl, () => new Promise((resolve) => setTimeout(resolve, 5000)));
  const upload = await sampleHealth(baseUrl, () => timed(() => server.upload(path)));
  const loading = await sampleHealth(baseUrl, () => timed(() => server.import(table, upload.value.value)));
  await server.deleteFile(upload.value.value);
  await server.client.send('DELETE', table.path);
  await inputs.remove('huge.csv');

  const add = (work: string, { times, failures }: HealthSamples, tookMs: number): void =>
    report.add({
      work: `/health during ${work} of a ${bytesText(sizeBytes)} CSV`,
      ours: `p50 ${durationText(times.median)}, p99 ${durationText(times.p99)}, max ${durationText(times.max)}, ${failures} failures`,
      reference: `idle p99 ${durationText(idle.health.times.p99)}; took ${durationText(tookMs)}`,
      ratio: null,
      floor: `p99 ≤ ${FLOOR_P99_MS} ms`,
      verdict: verdict(times.p99 <= FLOOR_P99_MS && failures === 0),
      data: { unit: 'ms', ours: times, failures, idle: idle.health.times, tookMs },
    });
  add('import', loading.health, loading.value.ms);
  add('upload', upload.health, upload.value.ms);
}
