import type { BenchContext } from '../bench-context.js';
import { FLIGHTS, NUMBERED_FLIGHTS } from '../flights.js';
import { watchMemory } from '../measure/process-memory.js';
import { bytesText, durationText, verdict } from '../report.js';
import { ServerUnderTest } from '../server-under-test.js';

const LIMIT_BYTES = 100_000_000;
const TIMES_THE_LIMIT = 10;
const ALLOWED_BEYOND_LIMIT_BYTES = 400_000_000;

/** A server of its own for each: what it takes at most includes everything since its start, the upload too. */
export async function memory(context: BenchContext): Promise<void> {
  await importLargeFile(context, { work: 'no key', shape: FLIGHTS, name: 'large.csv' });
  if (context.options.quick) return;
  await importLargeFile(context, { work: 'key shuffled', shape: NUMBERED_FLIGHTS, name: 'large-numbered.csv' });
}

async function importLargeFile(
  { inputs, options, report }: BenchContext,
  { work, shape, name }: { work: string; shape: typeof FLIGHTS; name: string },
): Promise<void> {
  const path = await inputs.ofSize(name, LIMIT_BYTES * TIMES_THE_LIMIT, shape.key.length > 0);
  const server = await ServerUnderTest.start(options, { DUCKDB_MEMORY_LIMIT: `${LIMIT_BYTES / 1e6}MB` });
  try {
    const table = await server.createTable('large', shape);
    const { peak, value } = await watchMemory(server.process.pid, async () => {
      const fileId = await server.upload(path);
      return await server.import(table, fileId);
    });
    const totalBytes = peak.serviceBytes + peak.workerBytes;
    const allowedBytes = LIMIT_BYTES + ALLOWED_BEYOND_LIMIT_BYTES;
    report.add({
      work: `memory: CSV ${TIMES_THE_LIMIT} × the limit of ${bytesText(LIMIT_BYTES)}, ${work}`,
      ours: `worker ${bytesText(peak.workerBytes)} + service ${bytesText(peak.serviceBytes)}`,
      reference: `${(value.rowsAfter / 1e6).toFixed(1)} M rows in ${durationText(value.ms)}`,
      ratio: null,
      floor: `≤ limit + ${bytesText(ALLOWED_BEYOND_LIMIT_BYTES)} = ${bytesText(allowedBytes)}`,
      verdict: verdict(totalBytes <= allowedBytes),
      data: { unit: 'bytes', ...peak, totalBytes, allowedBytes, importMs: value.ms, rows: value.rowsAfter },
    });
  } finally {
    await server.stop();
    await inputs.remove(name);
  }
}
