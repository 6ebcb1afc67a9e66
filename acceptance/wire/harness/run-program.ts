import { spawn } from 'node:child_process';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Another user, for a program that refuses to be root. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
  readonly isLate: boolean;
}

/** Runs a program of the harness to its end, with only the environment it is given; a late one is killed with all it started. */
export async function runProgram(program: Program): Promise<Outcome> {
  const startedAt = performance.now();
  const { uid, gid } = program;
  const child = spawn(program.command, program.args, {
    cwd: program.cwd,
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC', ...program.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that a late script ends with its children.
    detached: true,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, program.timeoutMs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, stdout, stderr, tookMs: performance.now() - startedAt, isLate };
  } finally {
    clearTimeout(timer);
  }
}

export async function mustRun(program: Program): Promise<string> {
  const { code, stdout, stderr } = await runProgram(program);
  if (code !== 0)
    throw new Error(`${program.command} ${program.args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}
