import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENTS, type Client } from './clients.js';
import { Postgres } from './harness/postgres.js';
import { committedResults, recordResults, type Cell } from './harness/results.js';
import { runProgram } from './harness/run-program.js';
import type { Target } from './harness/target.js';
import { firstDifference, readTranscript, type Transcript } from './harness/transcript.js';
import { Workspaces } from './harness/workspaces.js';

/*
 * Every client runs the same script against a PostgreSQL 15 and against a workspace, and has to see the same. `results/` holds what
 * was so when it was last recorded: a feature that worked and does not any more fails here, until `WIRE_RECORD=1` writes it down.
 * `WIRE_OUTPUT=folder` keeps all that the scripts printed.
 */
const CLIENTS_FOLDER = process.env['WIRE_CLIENTS'] ?? fileURLToPath(new URL('.clients', import.meta.url));
const isRecording = process.env['WIRE_RECORD'] === '1';
const outputFolder = process.env['WIRE_OUTPUT'];
/** Against PostgreSQL alone, while a script is being written. */
const isPostgresOnly = process.env['WIRE_POSTGRES_ONLY'] === '1';

let postgres: Postgres | undefined;
let workspaces: Workspaces | undefined;

beforeAll(async () => {
  const starting = [
    Postgres.start().then((target) => (postgres = target)),
    ...(isPostgresOnly ? [] : [Workspaces.start().then((target) => (workspaces = target))]),
  ];
  await Promise.all(starting);
});
afterAll(async () => {
  await Promise.all([postgres?.stop(), workspaces?.stop()]);
});

async function run(client: Client, target: Target): Promise<Transcript> {
  const connection = await target.newDatabase(client.id);
  const folder = await mkdtemp(join(tmpdir(), 'wire-client-'));
  try {
    const [command = '', ...args] = client.command.map((word) => word.replace('{clients}', CLIENTS_FOLDER));
    const outcome = await runProgram({
      command,
      args,
      env: { HOME: folder, ...connection, ...client.env, WIRE_TMP: folder },
      cwd: folder,
      timeoutMs: client.timeoutMs,
    });
    if (outputFolder !== undefined) {
      mkdirSync(outputFolder, { recursive: true });
      const path = join(outputFolder, `${client.id}.${target === postgres ? 'postgres' : 'ours'}`);
      writeFileSync(`${path}.txt`, outcome.stdout);
      writeFileSync(`${path}.err`, `${outcome.stderr}\ncode ${outcome.code}, ${Math.round(outcome.tookMs)} ms\n`);
    }
    // A script that cannot even begin is a client that is not installed.
    if (!outcome.stdout.includes('=== ')) throw new Error(`${client.id} did not run:\n${outcome.stderr.slice(-2000)}`);
    return readTranscript(outcome.stdout, connection, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe.each(CLIENTS)('$id', (client) => {
  const committed = committedResults(client.id);
  const cells: Record<string, Cell> = {};
  let expected: Transcript = new Map();
  let seen: Transcript = new Map();

  beforeAll(async () => {
    if (postgres === undefined) throw new Error('PostgreSQL is started first');
    [expected, seen] = await Promise.all([
      run(client, postgres),
      workspaces === undefined ? new Map<string, string>() : run(client, workspaces),
    ]);
  });
  afterAll(() => {
    if (isRecording) recordResults(client.id, { title: client.title, features: cells });
  });

  it('prints the declared features on PostgreSQL', () => {
    expect([...expected.keys()].sort()).toEqual(Object.keys(client.features).sort());
  });

  it.each(Object.entries(client.features))('%s', (feature, area) => {
    const reference = expected.get(feature) ?? '';
    expect(reference, 'the script must come to its end on PostgreSQL').not.toBe('');
    expect(reference, 'the script must come to its end on PostgreSQL').not.toMatch(/^!!!/m);
    if (isPostgresOnly) return;
    const difference = firstDifference(reference, seen.get(feature));
    cells[feature] = difference === undefined ? { area, works: true } : { area, works: false, difference };
    if (isRecording) return;
    // A difference that is known is no failure, and its end is none either: the page then says less than is true.
    if (committed?.features[feature]?.works === false) {
      if (difference === undefined) console.log(`${client.id} ${feature}: works now, record the results again`);
      return;
    }
    expect(difference).toBeUndefined();
  });
});
