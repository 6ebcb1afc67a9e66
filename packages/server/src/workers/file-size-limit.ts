import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTool } from './system-tool.js';

/**
 * No file that this process writes from now on may pass `bytes`: a result that is written out, rows that are set aside. The engine and the watch over the
 * workspace's size have limits of their own, far below; this one is the kernel's. It is set from inside, because what is right depends on the
 * workspace, and because lowering one's own limit needs no privilege.
 */
export async function limitFileSize(bytes: number): Promise<void> {
  const prlimit = await findTool('prlimit');
  // Who started this process has said that it is missing.
  if (prlimit === undefined) return;
  try {
    await promisify(execFile)(prlimit, ['--pid', String(process.pid), `--fsize=${bytes}`], { env: {}, cwd: '/' });
  } catch (error) {
    process.stderr.write(`the size of files cannot be limited: ${String(error)}\n`);
  }
}
