import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const TOOL_FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin'];
const TOOL_CHECK_TIMEOUT_MS = 20_000;

/** Path of a system tool; undefined where it is not installed. */
export async function findTool(name: string): Promise<string | undefined> {
  if (platform() !== 'linux') return undefined;
  for (const folder of TOOL_FOLDERS) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder; the caller says once what it does without.
      continue;
    }
  }
  return undefined;
}

/** Whether a command that should do nothing does so. Installed is not enough: a container may forbid what the tool asks for. */
export async function commandWorks(command: readonly string[]): Promise<boolean> {
  const [file, ...args] = command;
  if (file === undefined) return false;
  try {
    await promisify(execFile)(file, args, { env: {}, cwd: '/', timeout: TOOL_CHECK_TIMEOUT_MS });
    return true;
  } catch {
    // The answer is in the failure.
    return false;
  }
}
