import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Api } from '../../../../acceptance/helpers/api.js';
import { startServer, type ServerProcess } from '../../../../acceptance/helpers/server-process.js';
import { histories } from './model/arbitraries.js';
import { CreateTable, shownOf, type Model } from './model/commands.js';
import { RealStorage } from './model/real-storage.js';
import { runDoctor } from './support/doctor.js';

/** The same histories each time; `MODEL_SECONDS=3600 MODEL_SEED=$RANDOM` for a long run of others; `MODEL_SEED` and `MODEL_PATH` repeat what a failure printed. */
const SECONDS = Number(process.env['MODEL_SECONDS'] ?? 30);
const SEED = Number(process.env['MODEL_SEED'] ?? 1);
const PATH = process.env['MODEL_PATH'];
const MAX_COMMANDS = 40;
/** A failure is made as short as this permits. */
const SHRINKING_MS = 600_000;

let dataDir: string;
let server: ServerProcess;
let crashes = 0;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'storage-model-'));
  const env = { VERSION_RETENTION_COUNT: '1000', ENGINE_READ_WORKERS: '1', ENGINE_JOB_WORKERS: '1' };
  server = await startServer({ dataDir, env, expectedErrors: [/worker|request failed/i] });
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const real = {
  admin: () => new Api(server.baseUrl, server.adminKey),
  pid: () => server.pid,
  crash: async () => {
    crashes += 1;
    await server.restart('SIGKILL');
  },
};

/**
 * Random histories of tables against a model that is a few pure functions: the service and the model agree about schema,
 * rows in order, key, counts, refusals and the number of versions, after every step and after every crash.
 */
it(
  `agrees with a simple model of tables for ${SECONDS} s`,
  { timeout: SECONDS * 1000 + 2 * SHRINKING_MS },
  async () => {
    const { first, commands } = histories({ maxCommands: MAX_COMMANDS });
    let sequences = 0;
    let steps = 0;
    const property = fc.asyncProperty(first, commands, async ([one, two], sequence) => {
      const storage = await RealStorage.make(real);
      const model: Model = { tables: new Map(), snapshots: [] };
      const beginnings = [new CreateTable('t1', one, null), new CreateTable('t2', two, null)];
      for (const beginning of beginnings) await beginning.run(model, storage);
      await fc.asyncModelRun(() => ({ model, real: storage }), sequence);
      expect(await storage.observe()).toEqual(shownOf(model));
      steps += storage.requests;
    });
    const deadline = Date.now() + SECONDS * 1000;
    do {
      await fc.assert(property, {
        seed: SEED + sequences,
        ...(PATH === undefined ? {} : { path: PATH }),
        numRuns: 1,
        interruptAfterTimeLimit: SHRINKING_MS,
      });
      sequences += 1;
    } while (Date.now() < deadline && PATH === undefined);
    await server.stop();
    expect((await runDoctor(dataDir)).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    process.stdout.write(
      `model: ${sequences} sequences, ${steps} changes, ${crashes} crashes of the service (seed ${SEED})\n`,
    );
  },
);
