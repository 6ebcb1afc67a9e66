import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import { asText, doctor } from './doctor.js';

it('refuses a folder that holds no server data, and leaves it as it was', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'doctor-'));
  try {
    await expect(doctor(loadConfig({ DATA_DIR: directory }), {})).rejects.toThrow('There is no metadata database at');
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('lists what is wrong and sums up', () => {
  const text = asText({
    versionsChecked: 3,
    versionFilesChecked: 2,
    filesChecked: 2,
    workspacesChecked: 4,
    bytesChecked: 1000,
    findings: [
      { severity: 'error', subject: 'project p1, table b.t, version v1', problem: 'the file is missing' },
      { severity: 'orphan', subject: 'file x', problem: 'no file or upload points to it; maintenance removes it' },
    ],
  });
  expect(text).toBe(
    'error: project p1, table b.t, version v1: the file is missing\n' +
      'orphan: file x: no file or upload points to it; maintenance removes it\n' +
      '3 table versions in 2 files, 2 files of the Files API and 4 workspaces checked, 1000 bytes: 1 missing or damaged; 1 that nothing points to.\n',
  );
});
