import { appendFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { calls } from './api.js';

/** Set up for every test file: with ACCEPTANCE_CALLS, a folder, notes there which test file calls what. */
const folder = process.env['ACCEPTANCE_CALLS'];
if (folder !== undefined) {
  const { testPath } = expect.getState();
  const file = relative(join(import.meta.dirname, '..'), testPath ?? '');
  const seen = new Set<string>();
  calls.onAnswer = (call) => {
    const line = JSON.stringify({ file, ...call, path: call.path.split('?', 1)[0] });
    if (seen.has(line)) return;
    seen.add(line);
    appendFileSync(join(folder, `${process.pid}.jsonl`), `${line}\n`);
  };
}
