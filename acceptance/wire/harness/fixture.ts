import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { runProgram, type Outcome } from './run-program.js';
import type { Connection } from './target.js';

const FIXTURE = fileURLToPath(new URL('../fixture.sql', import.meta.url));

/** Statements that the server refuses are no reason to stop: what depends on them will differ, and is told there. */
export async function loadFixture(connection: Connection): Promise<Outcome> {
  return await runProgram({
    command: 'psql',
    args: ['-X', '-q', '-f', FIXTURE],
    env: { ...connection },
    cwd: tmpdir(),
    timeoutMs: 60_000,
  });
}
