// A service with nothing but a pool, to be killed: `node pool-owner.mjs <directory>` prints the ids of its two workers, of
// which one is held up by its job. Plain JavaScript on built files, as the service runs.
import { ChildProcessWorkerPool } from '../../dist/workers/child-process-worker-pool.js';
import { DEFAULT_TIMING } from '../../dist/workers/pool-options.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const lane = {
  maxWorkers: 1,
  warmWorkers: 1,
  jobsPerWorker: 4,
  maxQueued: 10,
  defaultDeadlineMs: 600_000,
  settings: { memoryLimit: '', threads: 1, maxTempBytes: null, attachedVersions: 1 },
  limits: { residentBytes: 1024 ** 3, addressSpaceBytes: null, niceness: 0 },
};

const pool = await ChildProcessWorkerPool.start({
  entry: new URL('./scripted-worker.mjs', import.meta.url),
  tempBase: process.argv[2],
  lanes: { read: lane, job: lane },
  timing: DEFAULT_TIMING,
  logger: silent,
  observer: { onJob() {} },
});
const pids = [await pool.run('previewTable', { do: 'pid' }), await pool.run('importFile', { do: 'pid' })];
void pool.run('previewTable', { do: 'hang' });
// The loop that never ends begins after this one's answer is on its way.
await pool.run('importFile', { do: 'echo', value: 1 });
void pool.run('importFile', { do: process.argv[3] });
process.stdout.write(`${JSON.stringify(pids)}\n`);
