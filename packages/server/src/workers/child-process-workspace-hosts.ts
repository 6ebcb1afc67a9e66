import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { DomainError } from '../errors/domain-error.js';
import { SqlError } from '../errors/sql-error.js';
import { MemoryWatchdog } from './memory-watchdog.js';
import { SilenceWatchdog } from './silence-watchdog.js';
import { StartBackoff } from './start-backoff.js';
import { WorkerLauncher, type Isolation } from './worker-launcher.js';
import { UserIdLease } from './user-id-lease.js';
import { WorkspaceDirectories } from './workspace-directories.js';
import type { WorkspaceHostOptions } from './workspace-host-options.js';
import type { WorkspaceHosts, WorkspaceHostsStatus } from './workspace-hosts.js';
import type {
  OperationRequest,
  OperationResult,
  SessionEnding,
  SessionPreamble,
  WorkspaceOperation,
} from './workspace-messages.js';
import { processGone, type WorkspaceEndReason } from './workspace-ends.js';
import { WorkspaceProcess } from './workspace-process.js';

/** How long a close waits for CHECKPOINT and exit before the process is killed. */
const CLOSE_DEADLINE_MS = 10_000;

const SPARE_PAUSE_MS = 10;

/** What the machine allows, found out when the first process is needed. */
interface Launchpad {
  readonly launcher: WorkerLauncher;
  readonly directories: WorkspaceDirectories;
  readonly isolation: Omit<Isolation, 'id' | 'descriptors'> | undefined;
}

interface OpenWorkspace {
  /** Settles when sessions can be sent, or the workspace cannot be opened; shared by everybody who opens it at once. */
  readonly opening: Promise<WorkspaceProcess>;
  process: WorkspaceProcess | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  /** It closes: who wants it waits for that and opens it anew. */
  closed: Promise<void> | undefined;
  lastUsedAtMs: number;
  /** Callers between finding this entry and having their session or operation in the process. */
  waiting: number;
}

/**
 * Workspace hosts on child processes. `#open` is the one list of owners: an entry is made before anything is awaited and removed when its
 * process is gone, so a workspace has at most one process at any time, however many ask at once.
 */
export class ChildProcessWorkspaceHosts implements WorkspaceHosts {
  readonly #open = new Map<string, OpenWorkspace>();
  readonly #processes = new Set<WorkspaceProcess>();
  readonly #spares: WorkspaceProcess[] = [];
  readonly #freeUserIds: number[];
  readonly #backoff = new StartBackoff();
  readonly #watchdog: MemoryWatchdog;
  readonly #silence: SilenceWatchdog;
  #launchpad: Promise<Launchpad> | undefined;
  #nextNumber = 1;
  #stopping: Promise<void> | undefined;
  #starts = 0;
  #crashes = 0;
  #sharedUserIdsTold = false;
  #spareTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: WorkspaceHostOptions) {
    const { limits } = options;
    // One more for each that is still leaving when its successor starts.
    const idCount = 2 * (limits.maxOpen + limits.spareWorkers);
    this.#freeUserIds = Array.from({ length: idCount }, (_, index) => limits.firstUserId + index);
    this.#watchdog = new MemoryWatchdog(() => [...this.#processes], options.timing.memorySampleMs, options.logger);
    this.#watchdog.start();
    this.#silence = new SilenceWatchdog(() => [...this.#processes], options.timing.silenceMs, options.logger);
    this.#silence.start();
    this.#keepSpares();
  }

  async openSession(workspaceId: string, preamble: SessionPreamble): Promise<Duplex> {
    return this.#with(workspaceId, (process) => process.connect(preamble));
  }

  cancel(workspaceId: string, sessionId: string): void {
    this.#open.get(workspaceId)?.process?.cancel(sessionId);
  }

  async endSessions(workspaceId: string, ending: SessionEnding, sessionId?: string): Promise<void> {
    await this.#open.get(workspaceId)?.process?.endSessions(ending, sessionId);
  }

  async run<K extends WorkspaceOperation>(
    workspaceId: string,
    operation: K,
    request: OperationRequest<K>,
    options: { readonly signal?: AbortSignal; readonly deadlineMs?: number } = {},
  ): Promise<OperationResult<K>> {
    const signals = [
      ...(options.signal === undefined ? [] : [options.signal]),
      ...(options.deadlineMs === undefined ? [] : [AbortSignal.timeout(options.deadlineMs)]),
    ];
    const signal = signals.length === 0 ? undefined : AbortSignal.any(signals);
    try {
      return (await this.#with(workspaceId, (process) =>
        process.run(operation, request, signal),
      )) as OperationResult<K>;
    } catch (error) {
      if (options.signal?.aborted === true)
        throw new DomainError(
          'request_cancelled',
          'The request was cancelled; nothing was changed.',
          {},
          { cause: error },
        );
      if (signal?.aborted === true)
        throw new DomainError(
          'deadline_exceeded',
          'The operation took too long; nothing was changed.',
          {},
          { cause: error },
        );
      throw error instanceof SqlError ? asDomainError(error) : error;
    }
  }

  exchangePath(workspaceId: string, fileName: string): string {
    return this.#mustBeOpen(workspaceId).exchangePath(fileName);
  }

  async discard(workspaceId: string, fileName: string): Promise<void> {
    await this.#open.get(workspaceId)?.process?.discard(fileName);
  }

  activeSessions(workspaceId: string): number {
    return this.#open.get(workspaceId)?.process?.sessionCount ?? 0;
  }

  /** Of the workspace's worker; undefined while none runs. */
  processId(workspaceId: string): number | undefined {
    return this.#open.get(workspaceId)?.process?.pid;
  }

  async close(workspaceId: string, ending: SessionEnding): Promise<void> {
    const entry = this.#open.get(workspaceId);
    if (entry === undefined) return;
    await entry.opening.catch(() => undefined);
    await entry.process?.endSessions(ending, undefined);
    await this.#closeEntry(entry, 'closed', CLOSE_DEADLINE_MS);
  }

  status(): WorkspaceHostsStatus {
    let sessions = 0;
    let engineMemoryBytes = 0;
    let eventLoopLagMs = 0;
    for (const process of this.#processes) {
      sessions += process.sessionCount;
      engineMemoryBytes += process.engineMemoryBytes;
      eventLoopLagMs = Math.max(eventLoopLagMs, process.eventLoopLagMs);
    }
    return {
      open: this.#open.size,
      sessions,
      starts: this.#starts,
      crashes: this.#crashes,
      residentBytes: this.#watchdog.residentBytes,
      engineMemoryBytes,
      eventLoopLagMs,
    };
  }

  stop(deadlineMs: number): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    clearTimeout(this.#spareTimer);
    await Promise.all([...this.#processes].map((process) => process.leave('shutdown', deadlineMs)));
    this.#watchdog.stop();
    this.#silence.stop();
    const launchpad = await this.#launchpad?.catch(() => undefined);
    launchpad?.directories.close();
  }

  #prepare(): Promise<Launchpad> {
    if (this.#launchpad === undefined) {
      const preparing = this.#newLaunchpad();
      this.#launchpad = preparing;
      preparing.catch(() => {
        if (this.#launchpad === preparing) this.#launchpad = undefined;
      });
    }
    return this.#launchpad;
  }

  /** As root, workers get user ids of their own or there are none: hostile SQL never runs as root. */
  async #newLaunchpad(): Promise<Launchpad> {
    const { entry, limits, logger, root, base } = this.options;
    const launchLimits = { addressSpaceBytes: limits.addressSpaceBytes, niceness: 0 };
    const launcher = await WorkerLauncher.prepare(entry, [launchLimits], logger);
    const asRoot = process.getuid?.() === 0;
    const isolation = asRoot ? await launcher.isolationFor(limits.firstUserId, launchLimits) : undefined;
    if (asRoot && isolation === undefined) {
      logger.error(
        {},
        'workspaces cannot be opened: the service runs as root and cannot start workers under another user id. ' +
          'Run it as an ordinary user, or install setpriv and make its program files readable for everybody',
      );
      throw new SqlError('58000', 'workspaces cannot be opened on this server: see its log');
    }
    if (!asRoot) logger.info({}, 'workspace workers run under the user of the service');
    else if (isolation?.noNetwork !== true) logger.info({}, 'workspace workers cannot be given a network of their own');
    return {
      launcher,
      isolation,
      directories: new WorkspaceDirectories({ root, base, isolated: isolation !== undefined }),
    };
  }

  /** Runs `use` in the workspace's process, opening it if needed; once more when the process turned out to be on its way out. */
  async #with<T>(workspaceId: string, use: (process: WorkspaceProcess) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#stopping !== undefined) throw new SqlError('57P03', 'the server is shutting down');
      const entry = this.#open.get(workspaceId) ?? this.#begin(workspaceId);
      if (entry.closed !== undefined) {
        await entry.closed;
        continue;
      }
      entry.waiting += 1;
      clearTimeout(entry.idleTimer);
      entry.lastUsedAtMs = performance.now();
      try {
        const process = await entry.opening;
        if (!process.usable) throw processGone();
        return await use(process);
      } catch (error) {
        if (attempt > 2 || !(error instanceof SqlError && error.sqlState === '57P03')) throw error;
        // Its end is on the way, and with it the entry goes; one that does not come has to be made.
        await this.#endOf(entry);
      } finally {
        entry.waiting -= 1;
        this.#watchIdleTime(entry);
      }
    }
  }

  async #endOf(entry: OpenWorkspace): Promise<void> {
    const process = entry.process;
    if (process === undefined) return;
    const timer = setTimeout(() => process.kill('unresponsive'), this.options.timing.graceMs);
    await process.gone;
    clearTimeout(timer);
  }

  /** Makes the entry at once; everything that takes time happens behind `opening`. */
  #begin(workspaceId: string): OpenWorkspace {
    const entry: OpenWorkspace = {
      opening: Promise.resolve().then(() => this.#start(workspaceId, entry)),
      process: undefined,
      idleTimer: undefined,
      closed: undefined,
      lastUsedAtMs: performance.now(),
      waiting: 0,
    };
    this.#open.set(workspaceId, entry);
    entry.opening.catch(() => {
      // Without a process there is no end that would remove it.
      if (entry.process === undefined) this.#forget(workspaceId, entry);
    });
    return entry;
  }

  async #start(workspaceId: string, entry: OpenWorkspace): Promise<WorkspaceProcess> {
    const startedAtMs = performance.now();
    const launchpad = await this.#prepare();
    const place = await this.options.source.placeOf(workspaceId);
    if (place === undefined) throw new SqlError('3D000', 'the workspace does not exist');
    await this.#mustHaveRoom(entry);
    const process = this.#takeSpare() ?? this.#startProcess(launchpad, await this.#leaseUserId(launchpad));
    entry.process = process;
    void process.gone.then(() => this.#forget(workspaceId, entry));
    await process.open({ workspaceId, ...place });
    this.options.observer.workerOpened(performance.now() - startedAtMs);
    this.#keepSpares();
    return process;
  }

  #takeSpare(): WorkspaceProcess | undefined {
    for (let spare = this.#spares.shift(); spare !== undefined; spare = this.#spares.shift()) {
      if (spare.usable) return spare;
    }
    return undefined;
  }

  #keepSpares(): void {
    if (this.#stopping !== undefined) return;
    clearTimeout(this.#spareTimer);
    if (this.#spares.length >= this.options.limits.spareWorkers) return;
    // After the workspace that is just being opened has had the processor.
    this.#spareTimer = setTimeout(() => void this.#startSpare(), Math.max(SPARE_PAUSE_MS, this.#backoff.pauseMs));
    this.#spareTimer.unref();
  }

  async #startSpare(): Promise<void> {
    try {
      const launchpad = await this.#prepare();
      if (this.#stopping !== undefined || this.#spares.length >= this.options.limits.spareWorkers) return;
      const lease = await this.#leaseUserId(launchpad);
      if (this.#stopping !== undefined) return await this.#returnUserId(lease);
      this.#spares.push(this.#startProcess(launchpad, lease));
    } catch (error) {
      // The next workspace that is opened meets the same and tells its caller.
      this.options.logger.warn({ err: error }, 'a spare workspace worker cannot be started');
      return;
    }
    this.#keepSpares();
  }

  /** Undefined where workers run under the user of the service. An id that another service has is passed over. */
  async #leaseUserId({ isolation }: Launchpad): Promise<UserIdLease | undefined> {
    if (isolation === undefined) return undefined;
    for (let tries = this.#freeUserIds.length; tries > 0; tries -= 1) {
      const id = this.#freeUserIds.shift();
      if (id === undefined) break;
      const lease = await UserIdLease.take(id);
      if (lease !== undefined) return lease;
      this.#freeUserIds.push(id);
      this.#tellSharedUserIds(id);
    }
    throw new SqlError('53300', 'too many workspaces are open or closing at the moment; connect again');
  }

  #tellSharedUserIds(id: number): void {
    if (this.#sharedUserIdsTold) return;
    this.#sharedUserIdsTold = true;
    this.options.logger.warn(
      { userId: id },
      'another service on this machine has user ids of WORKSPACE_FIRST_USER_ID: its ids are not used, but each service should have its own range',
    );
  }

  async #returnUserId(lease: UserIdLease | undefined): Promise<void> {
    if (lease === undefined) return;
    await lease.release();
    this.#freeUserIds.push(lease.id);
  }

  #startProcess({ launcher, directories, isolation }: Launchpad, lease: UserIdLease | undefined): WorkspaceProcess {
    const { limits, timing, source, observer, logger } = this.options;
    this.#starts += 1;
    const worker = new WorkspaceProcess({
      name: `workspace-${this.#nextNumber++}`,
      launcher,
      directories,
      isolation:
        isolation === undefined || lease === undefined
          ? undefined
          : { ...isolation, id: lease.id, descriptors: directories.descriptors },
      limits,
      timing,
      source,
      observer,
      logger,
      newStatementId: randomUUID,
      events: {
        changed: () => this.#changed(worker),
        ended: (reason) => this.#ended(worker, reason),
      },
    });
    this.#processes.add(worker);
    worker.ready.then(
      () => this.#backoff.recordSuccess(),
      () => undefined,
    );
    void worker.gone.then(() => this.#returnUserId(lease));
    return worker;
  }

  #ended(worker: WorkspaceProcess, reason: WorkspaceEndReason): void {
    this.#processes.delete(worker);
    const place = this.#spares.indexOf(worker);
    if (place !== -1) {
      this.#spares.splice(place, 1);
      if (reason === 'crashed' || reason === 'unresponsive') this.#backoff.recordFailure();
    }
    if (reason === 'crashed' || reason === 'unresponsive' || reason === 'memory') this.#crashes += 1;
    this.options.observer.workerEnded(reason);
    this.#keepSpares();
  }

  #changed(worker: WorkspaceProcess): void {
    for (const entry of this.#open.values()) if (entry.process === worker) this.#watchIdleTime(entry);
  }

  #watchIdleTime(entry: OpenWorkspace): void {
    clearTimeout(entry.idleTimer);
    if (entry.process?.idle !== true || entry.waiting > 0 || entry.closed !== undefined) return;
    entry.lastUsedAtMs = performance.now();
    entry.idleTimer = setTimeout(
      () => void this.#closeEntry(entry, 'idle', CLOSE_DEADLINE_MS),
      this.options.timing.idleMs,
    );
    entry.idleTimer.unref();
  }

  /** Beyond the limit, the workspace that nobody has used for longest makes room. */
  async #mustHaveRoom(newcomer: OpenWorkspace): Promise<void> {
    const { maxOpen } = this.options.limits;
    while (this.#open.size > maxOpen) {
      let oldest: OpenWorkspace | undefined;
      for (const entry of this.#open.values()) {
        if (entry === newcomer || entry.waiting > 0) continue;
        if (entry.closed !== undefined) {
          oldest = entry;
          break;
        }
        if (entry.process?.idle !== true) continue;
        if (oldest === undefined || entry.lastUsedAtMs < oldest.lastUsedAtMs) oldest = entry;
      }
      if (oldest === undefined) {
        throw new SqlError('53300', `too many workspaces are open (${maxOpen})`, {
          hint: 'Close connections to other workspaces, or raise WORKSPACE_MAX_OPEN.',
        });
      }
      await this.#closeEntry(oldest, 'idle', CLOSE_DEADLINE_MS);
    }
  }

  #closeEntry(entry: OpenWorkspace, reason: WorkspaceEndReason, deadlineMs: number): Promise<void> {
    clearTimeout(entry.idleTimer);
    entry.closed ??= (async () => {
      await entry.process?.leave(reason, deadlineMs);
      // The list is cleared by the same event; whoever waited for this must not find the entry again.
      for (const [id, other] of this.#open) if (other === entry) this.#open.delete(id);
    })();
    return entry.closed;
  }

  #forget(workspaceId: string, entry: OpenWorkspace): void {
    clearTimeout(entry.idleTimer);
    if (this.#open.get(workspaceId) === entry) this.#open.delete(workspaceId);
  }

  #mustBeOpen(workspaceId: string): WorkspaceProcess {
    const process = this.#open.get(workspaceId)?.process;
    if (process === undefined) {
      throw new DomainError(
        'worker_crashed',
        'The workspace was restarted before its file was read. Repeat the request.',
      );
    }
    return process;
  }
}

/** For the REST door: the host's own refusals in the catalogue's words. */
function asDomainError(error: SqlError): DomainError {
  switch (error.sqlState) {
    case '53300':
      return new DomainError(
        'server_busy',
        `${error.message}. ${error.hint ?? ''}`.trim(),
        {},
        { retryAfterSeconds: 5, cause: error },
      );
    case '57P03':
      return new DomainError(
        'shutting_down',
        'The server is stopping. Repeat the request after the restart.',
        {},
        { cause: error },
      );
    case '58030':
      return new DomainError('storage_error', 'The file of the workspace cannot be opened.', {}, { cause: error });
    default:
      return new DomainError('worker_crashed', 'The workspace cannot be opened.', {}, { cause: error });
  }
}
