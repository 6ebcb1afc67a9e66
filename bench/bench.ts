import { mkdir } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchContext, Group } from './bench-context.js';
import { branches } from './groups/branches.js';
import { driver } from './groups/driver.js';
import { exports } from './groups/exports.js';
import { health } from './groups/health.js';
import { importsWithKey, importsWithoutKey } from './groups/imports.js';
import { load } from './groups/load.js';
import { manyTables } from './groups/many-tables.js';
import { memory } from './groups/memory.js';
import { previews } from './groups/previews.js';
import { profiles } from './groups/profiles.js';
import { upserts } from './groups/upsert.js';
import { snapshots } from './groups/snapshots.js';
import { wire } from './groups/wire.js';
import { Inputs } from './inputs.js';
import { describeMachine, measureSync } from './measure/machine.js';
import { parseOptions, type BenchOptions, type GroupName } from './options.js';
import { JOB_NICENESS, RawEngine } from './raw/raw-engine.js';
import { RawTables } from './raw/raw-tables.js';
import { durationText, latencyText, Report } from './report.js';
import { ServerUnderTest } from './server-under-test.js';
import { makeWorkFolder } from './work-folder.js';

const RESULTS_FOLDER = fileURLToPath(new URL('../results', import.meta.url));

/** Groups may overrun the budget by what they take themselves; beyond this, something hangs. */
const HARD_STOP_BUDGETS = 1.5;

const RUN: Record<GroupName, Group> = {
  import: importsWithoutKey,
  'import-key': importsWithKey,
  upsert: upserts,
  export: exports,
  preview: previews,
  profile: profiles,
  driver,
  snapshot: snapshots,
  branch: branches,
  tables: manyTables,
  memory,
  load,
  health,
  wire,
};

const startedAt = performance.now();
const given = parseOptions(process.argv.slice(2), RESULTS_FOLDER);
const options: BenchOptions = { ...given, workFolder: await makeWorkFolder(given.workFolder) };
const [loadBefore = 0] = loadavg();
const machine = describeMachine(options.workFolder);
const sync = await measureSync(options.workFolder, 50);
const print = (line: string): void => console.log(line);
print(
  `${machine.processor}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${machine.fileSystem}; one fsync: ${latencyText(sync)}`,
);
print(
  `node ${machine.node}, DuckDB ${machine.duckdb}, ${machine.commit}; ${options.engine.threads} threads and ${options.engine.memoryLimit} for both sides; ${options.rounds} rounds`,
);
if (loadBefore > machine.cores / 2)
  print(`The machine was busy before: load ${loadBefore.toFixed(1)}. Trust ratios, not times.`);
const report = new Report({ loadBefore, date: new Date().toISOString(), machine, options: { ...given }, sync }, print);
const rawSettings = { ...options.engine, tempDirectory: await subfolder('spill') };
const raw = await RawEngine.start(rawSettings, JOB_NICENESS);
let shared: Promise<ServerUnderTest> | undefined;
const context: BenchContext = {
  options,
  report,
  raw,
  startRaw: (niceness) => RawEngine.start(rawSettings, niceness),
  inputs: new Inputs(raw, await subfolder('inputs')),
  rawTables: new RawTables(raw, await subfolder('raw')),
  sharedServer: () => (shared ??= ServerUnderTest.start(options)),
};

const hardStop = setTimeout(() => void giveUp(), HARD_STOP_BUDGETS * options.timeBudgetMs);
try {
  for (const group of options.groups) {
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs > options.timeBudgetMs) {
      report.remark(`Left out for lack of time: ${group}`);
      continue;
    }
    print(`\n${group} (at ${durationText(elapsedMs)})`);
    await RUN[group](context).catch((error: unknown) => {
      // The figures of the other groups are worth having; the exit code tells that some are missing.
      process.exitCode = 1;
      report.remark(`${group} failed: ${error instanceof Error ? error.stack : String(error)}`);
    });
  }
  await (await shared)?.stop();
} finally {
  await raw.stop();
}
clearTimeout(hardStop);
await finish();

async function finish(): Promise<void> {
  const tookMs = performance.now() - startedAt;
  await report.writeJson(options.jsonPath, { tookMs });
  print(`\n${report.table()}\n\n${report.missed} below the floor; took ${durationText(tookMs)}; ${options.jsonPath}`);
}

async function giveUp(): Promise<void> {
  process.exitCode = 1;
  report.remark('Ended early: something takes far longer than it ever should.');
  await finish();
  process.exit();
}

async function subfolder(name: string): Promise<string> {
  const path = join(options.workFolder, name);
  await mkdir(path);
  return path;
}
