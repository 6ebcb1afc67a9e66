import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Api } from '../../../../acceptance/helpers/api.js';
import { startServer } from '../../../../acceptance/helpers/server-process.js';
import { createWorkspace } from '../../../../acceptance/helpers/workspaces.js';
import { atThisLoad } from '../helpers/machine-load.js';
import { runDoctor } from './support/doctor.js';
import { SeededRandom } from './support/seeded-random.js';
import { connect, WorkspaceLane } from './support/workspace-lane.js';

/** Kills of workers and of the service together; a full run has 200. */
const KILLS = Number(process.env['CRASH_CYCLES'] ?? (process.env['CI'] === undefined ? 20 : 200));
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
/** Workspaces under fire at the same time. */
const LANES = 2;
/** Of each lane, between two kills of the service. */
const WORKER_KILLS = 6;
const LATEST_SERVICE_KILL_MS = 400;
/** From a connection's beginning to the answer of its first statement, after its worker was killed; the median. */
const COMEBACK_MS = 1_000;

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'storage-crash-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

it(`workspaces hold what was committed, and nothing else, through ${KILLS} kill -9 of workers and service`, async () => {
  const random = new SeededRandom(SEED);
  const server = await startServer({ dataDir, env: { WORKSPACE_SPARE_WORKERS: String(LANES) } });
  const kills = { service: 0, worker: 0 };
  const lanes: WorkspaceLane[] = [];
  try {
    const admin = new Api(server.baseUrl, server.adminKey);
    await admin.post('/projects', { id: 'p', name: 'P' });
    for (let lane = 0; lane < LANES; lane += 1) {
      const workspace = await createWorkspace(admin, '/projects/p', { name: `lane${lane}` });
      lanes.push(new WorkspaceLane(server, workspace, `lane ${lane}, seed ${SEED}`, SEED + lane));
    }
    const quiet = await createWorkspace(admin, '/projects/p', { name: 'quiet' });
    let bystander = await connect(server, quiet);
    await bystander.query('CREATE TABLE answers AS SELECT 42 AS answer');
    /** In the same session as before, unless the service was killed: others notice nothing of a worker's end. */
    const bystanderIsWell = async (): Promise<void> => {
      expect((await bystander.query('SELECT answer FROM answers')).rows, `seed ${SEED}`).toEqual([{ answer: 42 }]);
    };
    while (kills.service + kills.worker < KILLS) {
      await Promise.all(
        lanes.map(async (lane) => {
          for (let kill = 0; kill < WORKER_KILLS; kill += 1) {
            await lane.loseWorker();
            kills.worker += 1;
            await bystanderIsWell();
          }
        }),
      );
      const uses = lanes.map((lane) => lane.use());
      await pause(random.between(0, LATEST_SERVICE_KILL_MS));
      await server.kill('SIGKILL');
      kills.service += 1;
      await Promise.all(uses.map(({ lost }) => lost));
      await server.restart('SIGKILL');
      bystander = await connect(server, quiet);
      await bystanderIsWell();
    }
    for (const lane of lanes) await lane.mustHoldWhatItWasTold();
    await bystander.end();
  } finally {
    await server.stop();
  }
  expect(await runDoctor(dataDir)).toMatchObject({ findings: [] });
  const sum = (name: keyof WorkspaceLane['script']['figures']): number =>
    lanes.reduce((total, lane) => total + lane.script.figures[name], 0);
  const comebacks = lanes.flatMap(({ comebacksMs }) => comebacksMs).sort((left, right) => left - right);
  const median = Math.round(comebacks[comebacks.length >> 1] ?? 0);
  process.stdout.write(
    `kill -9: ${kills.service} of the service, ${kills.worker} of workspace workers (seed ${SEED}); ${sum('committed')} transactions ` +
      `committed, ${sum('rolledBack')} rolled back, ${sum('cutBeforeCommit')} cut before COMMIT, ${sum('inDoubt')} in doubt of which ` +
      `${sum('inDoubtKept')} were kept; first answer after a kill: median ${median} ms, latest ${Math.round(comebacks.at(-1) ?? 0)} ms\n`,
  );
  expect(median).toBeLessThan(atThisLoad(COMEBACK_MS));
  for (const figure of ['committed', 'rolledBack', 'cutBeforeCommit'] as const)
    expect(sum(figure), figure).toBeGreaterThan(0);
});
