import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEnvironment } from './read-environment.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'environment-'))));
afterEach(() => rmSync(directory, { recursive: true }));

it('takes the process as it is without a file', () => {
  expect(readEnvironment(directory, { PORT: '1' })).toEqual({ PORT: '1' });
});

it('adds what the file says; a variable that the process sets wins, an empty one does not', () => {
  writeFileSync(join(directory, '.env'), 'PORT=1\nHOST="localhost" # here\nDEBUG=true\n');
  expect(readEnvironment(directory, { PORT: '2', debug: 'false', HOST: '' })).toEqual({
    PORT: '2',
    HOST: 'localhost',
    debug: 'false',
  });
});

it('stops when the file cannot be read', () => {
  expect(() => readEnvironment(join(directory, 'a\0b'), {})).toThrow('.env');
});
