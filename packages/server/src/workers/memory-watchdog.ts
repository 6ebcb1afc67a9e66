import { readFile } from 'node:fs/promises';
import type { Logger } from '../lib/logger.js';

export interface WatchedWorker {
  readonly name: string;
  readonly pid: number | undefined;
  readonly residentLimitBytes: number;
  /** Looked at again before it is killed. */
  readonly busy: boolean;
  kill(reason: 'memory'): void;
}

/**
 * Kills a busy worker whose resident memory passes its limit. The engine's own limit covers what its buffer manager knows of;
 * single statements were seen to take many times that. Reading one small file of /proc per busy worker and sample costs
 * tens of microseconds; where there is no /proc, the watchdog says so once and sleeps.
 */
export class MemoryWatchdog {
  #timer: NodeJS.Timeout | undefined;
  #sampling = false;
  #residentTotal = 0;

  constructor(
    private readonly busyWorkers: () => readonly WatchedWorker[],
    private readonly sampleMs: number,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#timer = setInterval(() => void this.#sample(), this.sampleMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Of all that were watched at the last look. */
  get residentBytes(): number {
    return this.#residentTotal;
  }

  async #sample(): Promise<void> {
    if (this.#sampling) return;
    this.#sampling = true;
    try {
      const sizes = await Promise.all(this.busyWorkers().map((worker) => this.#check(worker)));
      this.#residentTotal = sizes.reduce((sum, bytes) => sum + bytes, 0);
    } finally {
      this.#sampling = false;
    }
  }

  /** Answers what the worker has. */
  async #check(worker: WatchedWorker): Promise<number> {
    if (worker.pid === undefined) return 0;
    const residentBytes = await this.#residentBytes(worker.pid);
    if (residentBytes === undefined) return 0;
    if (residentBytes <= worker.residentLimitBytes || !worker.busy) return residentBytes;
    this.logger.warn(
      { worker: worker.name, residentBytes, limitBytes: worker.residentLimitBytes },
      'a worker uses too much memory and is killed',
    );
    worker.kill('memory');
    return residentBytes;
  }

  async #residentBytes(pid: number): Promise<number | undefined> {
    try {
      return parseResidentBytes(await readFile(`/proc/${pid}/status`, 'utf8'));
    } catch (error) {
      // Gone between two looks; its exit is noticed elsewhere.
      if (process.platform === 'linux') return undefined;
      this.stop();
      this.logger.info({ err: error }, 'there is no /proc here: resident memory of workers is not watched');
      return undefined;
    }
  }
}

/** Undefined for a process that has ended and not been collected yet. */
export function parseResidentBytes(status: string): number | undefined {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
