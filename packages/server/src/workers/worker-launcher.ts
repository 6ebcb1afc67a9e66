import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../lib/logger.js';
import { commandWorks, findTool } from './system-tool.js';

/** Four statements run at once in a read worker, and an interrupt is lost while its statement waits for a thread. */
const WORKER_ENVIRONMENT = { UV_THREADPOOL_SIZE: '16' };

const NODE_FLAGS = [
  // WebAssembly (node reads CommonJS exports with it) would reserve 10 GB of address space per memory for its traps.
  '--disable-wasm-trap-handler',
  // Rows pass through buffers outside the heap, 30 MB between two small collections. A heap of 14 MB that may grow by a tenth, which is what
  // the collector takes for right, is collected as a whole each time: half of the processor time of a long result.
  '--heap-growing-percent=400',
  // PostgreSQL's parser: optimising it costs each new worker 0.4 s of processor time, which no session ever gets back.
  '--liftoff-only',
];

/** Limits the kernel keeps; absent or null ones are not set. */
export interface LaunchLimits {
  readonly addressSpaceBytes: number | null;
  /** 0 is the service's own priority, 19 the lowest. */
  readonly niceness: number;
  readonly openFiles?: number;
  /** Processes and threads of the worker's user id: only for an id that nothing else has. */
  readonly processes?: number;
  readonly fileSizeBytes?: number;
}

export interface LaunchOptions {
  /** `json` for workers that may be hostile: nothing but plain values can arrive. */
  readonly serialization: 'advanced' | 'json';
  /** Absent: the service's own user. */
  readonly isolation?: Isolation;
}

/** What only root can give a worker. */
export interface Isolation {
  /** User and group id. */
  readonly id: number;
  /** A network of its own, without any interface that is up. */
  readonly noNetwork: boolean;
  /** Open descriptors that the worker finds as 4, 5, …, for directories it could not reach by their path. */
  readonly descriptors: readonly number[];
}

interface Tools {
  readonly prlimit: string | undefined;
  readonly setpriv: string | undefined;
  readonly unshare: string | undefined;
}

/**
 * Starts worker processes with limits set from outside, as far as the machine has the tools:
 *
 *   prlimit (limits, no core dumps) ─exec─► [unshare (no network)] ─exec─► setpriv (killed when the service dies, no new privileges, [another user]) ─exec─► node
 *
 * Each step replaces the one before, so the process id and the message channel stay the same. A tool that is missing or does not
 * work here is left out with one line in the log; the pool's own deadlines and watchdog remain.
 */
export class WorkerLauncher {
  #priorityFailed = false;

  private constructor(
    private readonly entry: URL,
    private readonly tools: Tools,
    private readonly logger: Logger,
  ) {}

  static async prepare(entry: URL, limits: readonly LaunchLimits[], logger: Logger): Promise<WorkerLauncher> {
    if (!existsSync(entry)) {
      throw new Error(`the worker entry ${fileURLToPath(entry)} is missing: run the build first`);
    }
    const highest = Math.max(0, ...limits.map((one) => one.addressSpaceBytes ?? 0));
    const [prlimit, setpriv, unshare] = await Promise.all([
      workingTool('prlimit', prlimitArguments({ addressSpaceBytes: highest || null, niceness: 0 })),
      workingTool('setpriv', setprivArguments()),
      findTool('unshare'),
    ]);
    if (prlimit === undefined) {
      logger.warn({}, 'prlimit is not usable here: workers run without an address space limit');
    }
    if (setpriv === undefined) {
      logger.info({}, 'setpriv is not usable here: an orphaned worker ends by itself only when it is not stuck');
    }
    return new WorkerLauncher(entry, { prlimit, setpriv, unshare }, logger);
  }

  /**
   * How far workers can be isolated under user id `id`: whether node starts there and can read the entry and what it loads.
   * Undefined: not at all.
   */
  async isolationFor(id: number, limits: LaunchLimits): Promise<Omit<Isolation, 'id' | 'descriptors'> | undefined> {
    if (this.tools.setpriv === undefined) return undefined;
    for (const noNetwork of [true, false]) {
      if (noNetwork && this.tools.unshare === undefined) continue;
      const prefix = this.#wrappers(limits, { id, noNetwork, descriptors: [] });
      if (await commandWorks([...prefix, process.execPath, ...NODE_FLAGS, fileURLToPath(this.entry), 'probe'])) {
        return { noNetwork };
      }
    }
    return undefined;
  }

  /** Failures to start show as an `error` event of the process, or are thrown. */
  launch(settings: object, limits: LaunchLimits, options: LaunchOptions): ChildProcess {
    const [executable, ...commandPrefix] = [...this.#wrappers(limits, options.isolation), process.execPath];
    const child = fork(fileURLToPath(this.entry), [JSON.stringify(settings)], {
      cwd: '/',
      execPath: executable ?? process.execPath,
      execArgv: [...commandPrefix, ...NODE_FLAGS],
      env: WORKER_ENVIRONMENT,
      serialization: options.serialization,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', ...(options.isolation?.descriptors ?? [])],
    });
    if (child.pid !== undefined && limits.niceness !== 0) this.#lowerPriority(child.pid, limits.niceness);
    return child;
  }

  #wrappers(limits: LaunchLimits, isolation: Isolation | undefined): string[] {
    const { prlimit, setpriv, unshare } = this.tools;
    return [
      ...(prlimit === undefined ? [] : [prlimit, ...prlimitArguments(limits)]),
      ...(unshare === undefined || isolation?.noNetwork !== true ? [] : [unshare, '--net']),
      ...(setpriv === undefined ? [] : [setpriv, ...setprivArguments(isolation?.id)]),
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

function prlimitArguments(limits: LaunchLimits): string[] {
  const values: readonly (readonly [string, number | null | undefined])[] = [
    ['as', limits.addressSpaceBytes],
    ['nofile', limits.openFiles],
    ['nproc', limits.processes],
    ['fsize', limits.fileSizeBytes],
    ['core', 0],
  ];
  return values.flatMap(([name, value]) => (value === null || value === undefined ? [] : [`--${name}=${value}`]));
}

function setprivArguments(id?: number): string[] {
  const identity = id === undefined ? [] : [`--reuid=${id}`, `--regid=${id}`, '--clear-groups', '--inh-caps=-all'];
  return [...identity, '--no-new-privs', '--pdeathsig', 'KILL'];
}

/** The tool's path when it is installed and can run a program with these arguments. */
async function workingTool(name: string, args: readonly string[]): Promise<string | undefined> {
  const path = await findTool(name);
  if (path === undefined) return undefined;
  return (await commandWorks([path, ...args, process.execPath, '--version'])) ? path : undefined;
}
