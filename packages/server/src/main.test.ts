import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeMachine } from './config/machine.js';
import { entryUrl } from './lib/entry-url.js';

const entry = fileURLToPath(entryUrl(import.meta.url, './main.js'));

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'main-'))));
afterAll(() => rmSync(directory, { recursive: true }));

function run(args: readonly string[], env: Record<string, string> = {}) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [entry, ...args], { cwd: directory, env, timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

describe('the command line', () => {
  it('tells its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${describeMachine().packageVersion}\n`, stderr: '' });
  });

  it('stops at an invalid option with one sentence, before it touches the disk', async () => {
    expect(await run([], { PORT: 'eighty' })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'PORT is "eighty", but must be a whole number from 0 to 65535.\n',
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('stops at a misspelt option', async () => {
    const { code, stderr } = await run(['doctor'], { DUCKDB_TREADS: '4' });
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean DUCKDB_THREADS?');
  });

  it('refuses an unknown command', async () => {
    const { code, stderr } = await run(['sevre']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/too many arguments|unknown command/);
  });
});
