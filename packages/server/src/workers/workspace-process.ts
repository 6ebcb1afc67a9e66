import { createConnection, type Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { DomainError } from '../errors/domain-error.js';
import { SqlError } from '../errors/sql-error.js';
import type { Logger } from '../lib/logger.js';
import { checkedFigures } from './checked-figures.js';
import { ChildWorker } from './child-worker.js';
import { SessionStream } from './session-stream.js';
import { fromWireError, toWireError } from './wire-error.js';
import { failureOf, operationFailure, processGone, type WorkspaceEndReason } from './workspace-ends.js';
import type { WorkspaceDirectories, WorkerFolders } from './workspace-directories.js';
import type { WorkspaceHostLimits, WorkspaceHostTiming } from './workspace-host-options.js';
import type { WorkspaceHostsObserver, WorkspaceSource } from './workspace-hosts.js';
import type {
  FromWorkspaceWorker,
  SessionEnding,
  SessionEvent,
  SessionPreamble,
  StatementFinishEvent,
  StatementStartEvent,
  ToWorkspaceWorker,
  WorkerFigures,
  WorkspaceAssignment,
  WorkspaceOperation,
  WorkspaceQuestions,
  WorkspaceWorkerSettings,
} from './workspace-messages.js';
import type { Isolation, LaunchLimits, WorkerLauncher } from './worker-launcher.js';

/**
 * Threads count, and the kernel counts all of one user id: a worker has some 25, and several services on one machine may share the ids. It
 * is only there to stop a flood.
 */
const MAX_PROCESSES_OF_USER = 1_024;

/** A cancelled statement may take this long before its worker is killed, when nobody else's work is in it. */
const CANCEL_GRACE_MS = 5_000;

/** Names in one question; a worker that asks for more is not ours any more. */
const MAX_NAMES_ASKED = 10_000;

interface Session {
  readonly id: string;
  readonly stream: SessionStream;
  state: 'active' | 'idle' | 'idle in transaction';
  ended: boolean;
}

interface Statement {
  readonly id: string;
  readonly sessionId: string | null;
  readonly startedAtMs: number;
  timer: NodeJS.Timeout | undefined;
}

export interface WorkspaceProcessEvents {
  /** A session or an operation came or went. */
  changed(): void;
  /** Last event; nothing has the file open any more. */
  ended(reason: WorkspaceEndReason): void;
}

export interface WorkspaceProcessInput {
  readonly name: string;
  readonly launcher: WorkerLauncher;
  readonly directories: WorkspaceDirectories;
  readonly isolation: Isolation | undefined;
  readonly limits: WorkspaceHostLimits;
  readonly timing: WorkspaceHostTiming;
  readonly source: WorkspaceSource;
  readonly observer: WorkspaceHostsObserver;
  readonly logger: Logger;
  readonly newStatementId: () => string;
  readonly events: WorkspaceProcessEvents;
}

/**
 * The process of one workspace as the service sees it.
 *
 *   starting ─'ready'─► spare ─open(w)─► opening ─'opened'─► open ─leave()─► leaving ─exit─► ended
 *       └── too late: SIGKILL              └── 'unopenable'      └── statement past its deadline and the grace, or too much memory: SIGKILL
 *
 * It is given one workspace and never another. What comes from it is taken as what a hostile process may say: it can only end itself,
 * its own sessions and its own statements.
 */
export class WorkspaceProcess {
  readonly name: string;
  readonly residentLimitBytes: number;
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
  readonly folders: WorkerFolders;

  readonly #child: ChildWorker<ToWorkspaceWorker, FromWorkspaceWorker>;
  readonly #sessions = new Map<string, Session>();
  readonly #statements = new Map<number, Statement>();
  readonly #operations = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  readonly #opened = withResolvers();
  readonly #ready = withResolvers();
  readonly #gone = withResolvers();
  #state: 'starting' | 'spare' | 'opening' | 'open' | 'leaving' | 'ended' = 'starting';
  #assignment: { readonly workspaceId: string; readonly filePath: string } | undefined;
  #reason: WorkspaceEndReason | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastRequestId = 0;
  #heardAtMs: number | undefined;
  #engineMemoryBytes = 0;
  #eventLoopLagMs = 0;

  /** Throws when the machine refuses a directory or a process. */
  constructor(private readonly input: WorkspaceProcessInput) {
    this.name = input.name;
    this.residentLimitBytes = input.limits.residentBytes;
    this.ready = this.#ready.promise;
    this.gone = this.#gone.promise;
    this.folders = input.directories.make(input.name, input.isolation?.id);
    this.#child = new ChildWorker(input.name, this.#launch(), input.logger, {
      message: (message) => this.#receive(message),
      ended: (clean, description) => void this.#ended(clean, description),
    });
    this.#killAfter(input.timing.startTimeoutMs);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Always watched: a session's memory is not given back when its statement ends. */
  get busy(): boolean {
    return this.#state !== 'ended';
  }

  /** Of an open workspace; what happens before and after has deadlines of its own. */
  get heardAtMs(): number | undefined {
    return this.#state === 'open' ? this.#heardAtMs : undefined;
  }

  get engineMemoryBytes(): number {
    return this.#state === 'ended' ? 0 : this.#engineMemoryBytes;
  }

  get eventLoopLagMs(): number {
    return this.#state === 'ended' ? 0 : this.#eventLoopLagMs;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  get idle(): boolean {
    return this.#sessions.size === 0 && this.#operations.size === 0;
  }

  get usable(): boolean {
    return this.#state !== 'leaving' && this.#state !== 'ended';
  }

  /** Gives the workspace to this process, once. Rejects when its file cannot be opened or the process ends. */
  async open(assignment: Omit<WorkspaceAssignment, 'fileSizeBytes'>): Promise<void> {
    await this.ready;
    const { directories, isolation, limits, timing } = this.input;
    if (this.#state !== 'spare') throw processGone();
    this.#state = 'opening';
    this.#assignment = { workspaceId: assignment.workspaceId, filePath: assignment.filePath };
    if (isolation !== undefined) directories.giveWorkspace(assignment.filePath, isolation.id);
    this.#child.send({
      type: 'open',
      assignment: {
        ...assignment,
        // Holes and the log come to the size that is watched; results and rows set aside are files, too.
        fileSizeBytes: Math.max(2 * assignment.sizeLimitBytes, limits.minFileSizeBytes),
        filePath: directories.pathForWorker(assignment.filePath, isolation !== undefined),
      },
    });
    this.#killAfter(timing.openTimeoutMs);
    await this.#opened.promise;
  }

  async connect(preamble: SessionPreamble): Promise<Duplex> {
    if (this.#state !== 'open') throw processGone();
    let socket: Socket;
    try {
      socket = await connectTo(this.folders.socketPath);
    } catch {
      // Nobody listens: the process has just ended, and its exit is on the way.
      throw processGone();
    }
    // Gone, or asked to go, in the meantime.
    if (!this.usable) {
      socket.destroy();
      throw processGone();
    }
    const json = Buffer.from(JSON.stringify(preamble), 'utf8');
    const head = Buffer.alloc(4);
    head.writeUInt32BE(json.length);
    socket.write(Buffer.concat([head, json]));
    const id = preamble.sessionId;
    const session: Session = {
      id,
      stream: new SessionStream(socket, () => session.ended),
      state: 'idle',
      ended: false,
    };
    this.#sessions.set(id, session);
    session.stream.once('close', () => this.#forgetSession(session));
    this.input.events.changed();
    return session.stream;
  }

  cancel(sessionId: string): void {
    if (!this.#sessions.has(sessionId)) return;
    this.#child.send({ type: 'cancel', sessionId });
    for (const [number, statement] of this.#statements) {
      if (statement.sessionId !== sessionId) continue;
      const timer = setTimeout(() => {
        // Only where nobody else loses anything; otherwise its deadline decides.
        if (this.#statements.get(number) === statement && !this.#othersWork(sessionId)) this.kill('unresponsive');
      }, CANCEL_GRACE_MS);
      timer.unref();
    }
  }

  /** The session gets its ErrorResponse from the worker, or, when that does not answer within the grace, by way of its end. */
  async endSessions(ending: SessionEnding, sessionId: string | undefined): Promise<void> {
    const ended = [...this.#sessions.values()].filter(({ id }) => sessionId === undefined || id === sessionId);
    await Promise.all(ended.map((session) => this.#endSession(session, ending)));
  }

  run(operation: WorkspaceOperation, request: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    const requestId = ++this.#lastRequestId;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#child.send({ type: 'abandon', requestId });
        const timer = setTimeout(() => {
          if (this.#operations.has(requestId)) this.kill('unresponsive');
        }, this.input.timing.graceMs);
        timer.unref();
      };
      const settle = (): void => {
        signal?.removeEventListener('abort', onAbort);
        this.#operations.delete(requestId);
        this.input.events.changed();
      };
      this.#operations.set(requestId, {
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#child.send({ type: 'run', requestId, operation, request });
      // It may have been given up while the process started; an abort that has happened tells nobody any more.
      if (signal?.aborted === true) onAbort();
      this.input.events.changed();
    });
  }

  /** A file that an unload left; the name is the worker's word, so it is checked. */
  exchangePath(fileName: string): string {
    if (basename(fileName) !== fileName || !/^[0-9a-f-]+\.(parquet|csv|ndjson)$/.test(fileName)) {
      throw new DomainError('internal_server_error', 'The workspace named a file it may not name.');
    }
    return join(this.folders.exchange, fileName);
  }

  discard(fileName: string): Promise<void> {
    return rm(this.exchangePath(fileName), { force: true });
  }

  /** Running statements finish, then CHECKPOINT and exit; after `deadlineMs` it is killed. */
  leave(reason: WorkspaceEndReason, deadlineMs: number): Promise<void> {
    if (this.#state === 'ended' || this.#state === 'leaving') return this.gone;
    const wasWorking = this.#state !== 'starting';
    this.#state = 'leaving';
    this.#reason = reason;
    if (wasWorking) {
      this.#child.send({ type: 'stop' });
      this.#killAfter(deadlineMs);
    } else {
      this.#child.kill();
    }
    return this.gone;
  }

  kill(reason: WorkspaceEndReason): void {
    if (this.#state === 'ended') return;
    // What is said last is what happened: a worker that was asked to leave and had to be killed for its memory.
    if (this.#state !== 'leaving' || reason !== 'shutdown') this.#reason = reason;
    this.#state = 'leaving';
    this.#child.kill();
  }

  #launch(): ReturnType<WorkerLauncher['launch']> {
    const { directories, isolation, limits, launcher } = this.input;
    const isolated = isolation !== undefined;
    const settings: WorkspaceWorkerSettings = {
      // The socket's directory is the worker's own and can be reached by its path.
      socketPath: this.folders.socketPath,
      tempDirectory: directories.pathForWorker(this.folders.temp, isolated),
      attachDirectory: directories.pathForWorker(this.folders.attach, isolated),
      exchangeDirectory: directories.pathForWorker(this.folders.exchange, isolated),
      memoryLimitBytes: limits.memoryLimitBytes,
      threads: limits.threads,
      maxTempBytes: limits.maxTempBytes,
      attachedVersions: limits.attachedVersions,
    };
    return launcher.launch(settings, launchLimits(limits, isolated), {
      serialization: 'json',
      ...(isolation === undefined ? {} : { isolation }),
    });
  }

  #receive(message: FromWorkspaceWorker): void {
    this.#heardAtMs = performance.now();
    switch (message.type) {
      case 'alive':
        this.#figures(checkedFigures(message.figures));
        break;
      case 'ready':
        if (this.#state !== 'starting') return;
        clearTimeout(this.#timer);
        this.#state = 'spare';
        this.#ready.resolve();
        break;
      case 'opened':
        if (this.#state !== 'opening') return;
        clearTimeout(this.#timer);
        this.#state = 'open';
        this.#opened.resolve();
        break;
      case 'unopenable':
        this.#unopenable(fromWireError(message.error));
        break;
      case 'ask':
        void this.#answer(message.questionId, message.name, message.question);
        break;
      case 'statementStarted':
        this.#statementStarted(message.statement);
        break;
      case 'statementFinished':
        this.#statementFinished(message.statement);
        break;
      case 'session':
        this.#sessionEvent(message.sessionId, message.event);
        break;
      case 'done':
        this.#operations.get(message.requestId)?.resolve(message.result);
        break;
      case 'failed':
        this.#operations.get(message.requestId)?.reject(fromWireError(message.error));
        break;
    }
  }

  #figures({ engineMemoryBytes, eventLoopLagMs, ...counted }: WorkerFigures): void {
    this.#engineMemoryBytes = engineMemoryBytes;
    this.#eventLoopLagMs = eventLoopLagMs;
    this.input.observer.counted(counted);
    for (const { kind, count, statement, reason } of counted.fallBacks) {
      const fields = { worker: this.name, workspaceId: this.#assignment?.workspaceId, kind, count, statement, reason };
      this.input.logger.debug(fields, 'statements of a workspace fell back to the plain way');
    }
  }

  #unopenable(cause: DomainError): void {
    if (this.#state !== 'opening') return;
    const workspaceId = this.#assignment?.workspaceId;
    this.input.logger.error({ worker: this.name, workspaceId, err: cause }, 'a workspace cannot be opened');
    this.#opened.reject(new SqlError('58030', 'the file of the workspace cannot be opened', { cause }));
  }

  async #answer(questionId: number, name: string, question: unknown): Promise<void> {
    const workspaceId = this.#assignment?.workspaceId;
    if (workspaceId === undefined) return;
    try {
      this.#child.send({ type: 'answer', questionId, answer: await this.#answerOf(workspaceId, name, question) });
    } catch (error) {
      this.input.logger.warn({ worker: this.name, workspaceId, err: error }, 'a question of a workspace failed');
      this.#child.send({ type: 'refuse', questionId, error: toWireError(error) });
    }
  }

  #answerOf(workspaceId: string, name: string, question: unknown): Promise<unknown> {
    const { source } = this.input;
    if (name === 'tables') {
      const { names } = question as WorkspaceQuestions['tables']['question'];
      if (!Array.isArray(names) || names.length > MAX_NAMES_ASKED) throw new Error('a question about too many names');
      const asked = names.map(({ schema, table }) => ({ schema: String(schema), table: String(table) }));
      return source.resolveTables(workspaceId, asked, this.folders.attach);
    }
    if (name === 'catalog') {
      const { knownGeneration } = question as WorkspaceQuestions['catalog']['question'];
      return source.catalogOf(workspaceId, typeof knownGeneration === 'string' ? knownGeneration : undefined);
    }
    throw new Error(`a question that is not known: ${name.slice(0, 50)}`);
  }

  #statementStarted(event: StatementStartEvent): void {
    const workspaceId = this.#assignment?.workspaceId;
    if (workspaceId === undefined || this.#statements.has(event.statementNumber)) return;
    const statement: Statement = {
      id: this.input.newStatementId(),
      sessionId: event.sessionId,
      startedAtMs: performance.now(),
      timer: undefined,
    };
    if (event.deadlineMs !== null) {
      // The worker interrupts at the deadline; this is for the statement that does not listen.
      statement.timer = setTimeout(() => this.kill('unresponsive'), event.deadlineMs + this.input.timing.graceMs);
    }
    this.#statements.set(event.statementNumber, statement);
    this.input.source.statementStarted({
      statementId: statement.id,
      workspaceId,
      sessionId: event.sessionId,
      actor: event.actor,
      statement: event.statement,
      startedAt: new Date(event.startedAt),
    });
  }

  #statementFinished(event: StatementFinishEvent): void {
    const statement = this.#statements.get(event.statementNumber);
    if (statement === undefined) return;
    this.#statements.delete(event.statementNumber);
    clearTimeout(statement.timer);
    const { statementNumber: _, ...end } = event;
    this.input.source.statementFinished({ statementId: statement.id, ...end });
  }

  #sessionEvent(sessionId: string, event: SessionEvent): void {
    const session = this.#sessions.get(sessionId);
    const workspaceId = this.#assignment?.workspaceId;
    if (session === undefined || workspaceId === undefined) return;
    if (event.kind === 'state') session.state = event.state;
    if (event.kind === 'ended') {
      session.ended = true;
      session.stream.orderlyEnd();
    }
    this.input.observer.sessionEvent(workspaceId, sessionId, event);
  }

  async #endSession(session: Session, ending: SessionEnding): Promise<void> {
    const closed = new Promise<void>((resolve) => session.stream.once('close', resolve));
    this.#child.send({ type: 'end', sessionId: session.id, ending });
    const timer = setTimeout(() => session.stream.fail(ending), this.input.timing.graceMs);
    // A client that does not read its error has to go without.
    const lastTimer = setTimeout(() => session.stream.destroy(), 2 * this.input.timing.graceMs);
    await closed;
    clearTimeout(timer);
    clearTimeout(lastTimer);
  }

  #forgetSession(session: Session): void {
    if (this.#sessions.get(session.id) !== session) return;
    this.#sessions.delete(session.id);
    const workspaceId = this.#assignment?.workspaceId;
    if (!session.ended && workspaceId !== undefined) {
      this.input.observer.sessionEvent(workspaceId, session.id, { kind: 'ended', reason: 'disconnected' });
    }
    this.input.events.changed();
  }

  #othersWork(sessionId: string): boolean {
    if (this.#operations.size > 0) return true;
    for (const session of this.#sessions.values())
      if (session.id !== sessionId && session.state !== 'idle') return true;
    for (const statement of this.#statements.values()) if (statement.sessionId !== sessionId) return true;
    return false;
  }

  #killAfter(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.kill(this.#reason ?? 'unresponsive'), delayMs);
  }

  async #ended(clean: boolean, description: string): Promise<void> {
    // Asked to leave, but gone in another way: that was not our doing.
    const reason = this.#reason !== undefined && (clean || this.#state === 'leaving') ? this.#reason : 'crashed';
    const wasAtWork = this.#state === 'open' || this.#state === 'opening' || this.#state === 'leaving';
    this.#state = 'ended';
    clearTimeout(this.#timer);
    if (reason === 'crashed' || reason === 'unresponsive' || reason === 'memory') {
      this.input.logger.warn(
        {
          worker: this.name,
          workspaceId: this.#assignment?.workspaceId,
          reason,
          ending: description,
          sessions: this.#sessions.size,
          statements: this.#statements.size,
        },
        'a workspace worker ended',
      );
    }
    this.#ready.reject(processGone());
    this.#opened.reject(processGone());
    for (const session of this.#sessions.values()) session.stream.fail(failureOf(reason));
    for (const operation of [...this.#operations.values()]) operation.reject(operationFailure(reason));
    this.#loseStatements(reason);
    if (this.input.isolation !== undefined && this.#assignment !== undefined && wasAtWork) {
      this.#takeBack(this.#assignment.filePath);
    }
    this.input.events.ended(reason);
    try {
      await this.input.directories.remove(this.folders);
    } catch (error) {
      this.input.logger.warn(
        { worker: this.name, err: error },
        'the directories of a workspace worker cannot be removed',
      );
    }
    this.#gone.resolve();
  }

  /** They ran when the process ended: what became of them the engine decides when it opens the file again. */
  #loseStatements(reason: WorkspaceEndReason): void {
    const { sqlState, message } = failureOf(reason);
    for (const statement of this.#statements.values()) {
      clearTimeout(statement.timer);
      this.input.source.statementFinished({
        statementId: statement.id,
        outcome: reason === 'unresponsive' ? 'timeout' : 'lost',
        sqlState,
        message,
        rows: null,
        bytes: null,
        durationMs: performance.now() - statement.startedAtMs,
      });
    }
    this.#statements.clear();
  }

  #takeBack(filePath: string): void {
    try {
      this.input.directories.takeBackWorkspace(filePath);
    } catch (error) {
      this.input.logger.warn({ worker: this.name, err: error }, 'the directory of a workspace cannot be taken back');
    }
  }
}

function launchLimits(limits: WorkspaceHostLimits, isolated: boolean): LaunchLimits {
  return {
    addressSpaceBytes: limits.addressSpaceBytes,
    niceness: 0,
    openFiles: limits.openFiles,
    // Counted per user id: with the service's own it would count the service.
    ...(isolated ? { processes: MAX_PROCESSES_OF_USER } : {}),
  };
}

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

interface Resolvers {
  readonly promise: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Nobody may be waiting when it is rejected. */
function withResolvers(): Resolvers {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
