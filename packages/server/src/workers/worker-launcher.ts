import { execFile, fork, type ChildProcess } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { platform, setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Logger } from '../lib/logger.js';
import type { WorkerLimits } from './pool-options.js';
import type { WorkerSettings } from './messages.js';

const TOOL_FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin'];
const TOOL_CHECK_TIMEOUT_MS = 5_000;

/** Four statements run at once in a read worker, and an interrupt is lost while its statement waits for a thread. */
const WORKER_ENVIRONMENT = { UV_THREADPOOL_SIZE: '16' };

/** WebAssembly (node reads CommonJS exports with it) would reserve 10 GB of address space per memory for its traps. */
const NODE_FLAGS = ['--disable-wasm-trap-handler'];

/**
 * Starts worker processes with limits set from outside, as far as the machine has the tools:
 *
 *   prlimit (address space, no core dumps) ─exec─► setpriv (killed when the service dies) ─exec─► node entry.js settings
 *
 * Each step replaces the one before, so the process id and the message channel stay the same. A tool that is missing or does not
 * work here is left out with one line in the log; the pool's own deadlines and watchdog remain.
 */
export class WorkerLauncher {
  #priorityFailed = false;

  private constructor(
    private readonly entry: URL,
    private readonly tools: { readonly prlimit: string | undefined; readonly setpriv: string | undefined },
    private readonly logger: Logger,
  ) {}

  static async prepare(entry: URL, limits: readonly WorkerLimits[], logger: Logger): Promise<WorkerLauncher> {
    if (!existsSync(entry)) {
      throw new Error(`the worker entry ${fileURLToPath(entry)} is missing: run the build first`);
    }
    const [prlimit, setpriv] = await Promise.all([
      findTool('prlimit', prlimitArguments(Math.max(0, ...limits.map((one) => one.addressSpaceBytes ?? 0)) || null)),
      findTool('setpriv', ['--pdeathsig', 'KILL']),
    ]);
    if (prlimit === undefined) {
      logger.warn({}, 'prlimit is not usable here: engine workers run without an address space limit');
    }
    if (setpriv === undefined) {
      logger.info({}, 'setpriv is not usable here: an orphaned engine worker ends by itself only when it is not stuck');
    }
    return new WorkerLauncher(entry, { prlimit, setpriv }, logger);
  }

  /** Failures to start show as an `error` event of the process, or are thrown. */
  launch(settings: WorkerSettings, limits: WorkerLimits): ChildProcess {
    const [executable, ...commandPrefix] = [...this.#wrappers(limits), process.execPath];
    const child = fork(fileURLToPath(this.entry), [JSON.stringify(settings)], {
      execPath: executable ?? process.execPath,
      execArgv: [...commandPrefix, ...NODE_FLAGS],
      env: WORKER_ENVIRONMENT,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    if (child.pid !== undefined && limits.niceness !== 0) this.#lowerPriority(child.pid, limits.niceness);
    return child;
  }

  #wrappers(limits: WorkerLimits): string[] {
    const { prlimit, setpriv } = this.tools;
    return [
      ...(prlimit === undefined ? [] : [prlimit, ...prlimitArguments(limits.addressSpaceBytes)]),
      ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL']),
    ];
  }

  /** Right after the start the process has one thread; those it makes later inherit its priority. */
  #lowerPriority(pid: number, niceness: number): void {
    try {
      setPriority(pid, niceness);
    } catch (error) {
      if (this.#priorityFailed) return;
      this.#priorityFailed = true;
      this.logger.warn({ err: error }, 'the priority of job workers cannot be lowered');
    }
  }
}

function prlimitArguments(addressSpaceBytes: number | null): string[] {
  return [...(addressSpaceBytes === null ? [] : [`--as=${addressSpaceBytes}`]), '--core=0'];
}

/** The tool's path when it is installed and can run a program with these arguments. */
async function findTool(name: string, args: readonly string[]): Promise<string | undefined> {
  if (platform() !== 'linux') return undefined;
  for (const folder of TOOL_FOLDERS) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      await promisify(execFile)(path, [...args, process.execPath, '--version'], {
        env: {},
        timeout: TOOL_CHECK_TIMEOUT_MS,
      });
      return path;
    } catch {
      // Not here, or not allowed in this container: the caller says once that the limit is missing.
      continue;
    }
  }
  return undefined;
}
