import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Api } from '../../../../acceptance/helpers/api.js';
import { startServer } from '../../../../acceptance/helpers/server-process.js';
import { CrashCrew } from './support/crash-crew.js';
import { runDoctor } from './support/doctor.js';
import { SeededRandom } from './support/seeded-random.js';
import { mustHaveNoOrphans } from './support/tidy-disk.js';
import { workerPids } from './support/worker-pids.js';

/** Kills of the service and of workers together; a full run has 200. */
const CYCLES = Number(process.env['CRASH_CYCLES'] ?? (process.env['CI'] === undefined ? 20 : 120));
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const DOCTOR_EVERY = 20;
/** The last of these kills is the service's own. */
const KILLS_PER_START = 3;
const CLIENTS = 5;
const BIG_ROWS = 200_000;

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'storage-crash-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

it(`keeps every acknowledged write through ${CYCLES} kill -9 of service and workers`, async () => {
  const random = new SeededRandom(SEED);
  const crew = new CrashCrew(random, { clients: CLIENTS, bigRows: BIG_ROWS });
  const server = await startServer({ dataDir, expectedErrors: [/./] });
  const kills = { service: 0, worker: 0 };
  try {
    const admin = () => new Api(server.baseUrl, server.adminKey);
    await crew.setUp(admin());
    while (kills.service + kills.worker < CYCLES) {
      const work = crew.start(admin());
      for (let kill = 1; kill < KILLS_PER_START; kill += 1) {
        await pause(random.between(20, 500));
        const workers = await workerPids(server.pid);
        if (workers.length === 0) continue;
        killIfThere(random.pick(workers));
        kills.worker += 1;
      }
      await pause(random.between(20, 700));
      await server.kill('SIGKILL');
      kills.service += 1;
      await work.ended;
      if (kills.service % DOCTOR_EVERY === 0) await expectNothingDamaged();
      await server.restart('SIGKILL');
      const staged = await readdir(join(dataDir, 'duckdb/_staging'));
      // Folders of the processes that run; that of workspaces comes with the first one.
      expect(['workers', 'workspaces'], `staging, seed ${SEED}`).toEqual(expect.arrayContaining(staged));
      expect(await crew.recover(admin()), `after kill ${kills.service + kills.worker}, seed ${SEED}`).toEqual([]);
    }
    await expectNothingDamaged();
  } finally {
    await server.stop();
  }
  await mustHaveNoOrphans(dataDir);
  expect(await runDoctor(dataDir)).toMatchObject({ findings: [] });
  const { acknowledged, unanswered, refused, lost, torn } = crew.figures;
  process.stdout.write(
    `kill -9: ${kills.service} of the service, ${kills.worker} of workers (seed ${SEED}); ${acknowledged} acknowledged ` +
      `writes checked, ${unanswered} without an answer, ${refused} refused; ${lost} lost, ${torn} torn\n`,
  );
  expect({ lost, torn }).toEqual({ lost: 0, torn: 0 });
});

async function expectNothingDamaged(): Promise<void> {
  const { findings } = await runDoctor(dataDir);
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
