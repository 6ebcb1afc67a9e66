import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { limitFileSize } from './file-size-limit.js';
import { ALIVE_INTERVAL_MS } from './silence-watchdog.js';
import { fromWireError, toWireError } from './wire-error.js';
import { liveWithService, readSettings, sendToService } from './worker-lifeline.js';
import type {
  FromWorkspaceWorker,
  OperationRequest,
  OperationResult,
  QuestionName,
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

/** A preamble holds a few settings of a client. */
const MAX_PREAMBLE_BYTES = 256 * 1024;

const STOPPING: SessionEnding = {
  sqlState: '57P01',
  message: 'terminating connection due to administrator command',
};

/** What the worker tells and asks the service. */
export interface ServiceLink {
  ask<K extends QuestionName>(
    name: K,
    question: WorkspaceQuestions[K]['question'],
  ): Promise<WorkspaceQuestions[K]['answer']>;
  statementStarted(statement: StatementStartEvent): void;
  statementFinished(statement: StatementFinishEvent): void;
  sessionEvent(sessionId: string, event: SessionEvent): void;
  /** The engine cannot go on: the process ends after what was sent has left. */
  giveUp(reason: string): void;
}

/** What an entry file brings along for one workspace. */
export interface OpenedWorkspace {
  /** `stream` is at the client's first byte after authentication. */
  startSession(stream: Duplex, preamble: SessionPreamble): RunningSession;
  run<K extends WorkspaceOperation>(
    operation: K,
    request: OperationRequest<K>,
    signal: AbortSignal,
  ): Promise<OperationResult<K>>;
  /** Taken once a second; must not wait for the engine. */
  figures(): Omit<WorkerFigures, 'eventLoopLagMs'>;
  /** After the last session and operation: nothing is left beside the file. */
  close(): Promise<void>;
}

export interface RunningSession {
  /** Interrupts what runs now. */
  cancel(): void;
  /** With a FATAL ErrorResponse: at once, or when the running statement is done. */
  end(ending: SessionEnding, when: 'now' | 'after statement'): void;
  /** Settles when the session is gone and its stream closed; never rejects. */
  readonly ended: Promise<Extract<SessionEvent, { kind: 'ended' }>['reason']>;
}

/**
 * The worker's side of the channel and of the session streams; the entry file calls it once.
 *
 *   listen ─► 'ready' ─► 'open' ─► 'opened' ─► streams: preamble, session … ─► 'stop' ─► sessions drained ─► close ─► exit
 */
export async function serveWorkspace(
  open: (
    settings: WorkspaceWorkerSettings,
    assignment: WorkspaceAssignment,
    link: ServiceLink,
  ) => Promise<OpenedWorkspace>,
  duckdbVersion: string,
): Promise<void> {
  // By now the entry and all it loads were read and run, which is all that `WorkerLauncher.isolationFor` wants to know.
  if (process.argv[2] === 'probe') process.exit(0);
  liveWithService();
  // A file that reaches the size the kernel allows is an error of the statement, not the end of the process.
  process.on('SIGXFSZ', () => undefined);
  const runtime = new WorkspaceRuntime(readSettings<WorkspaceWorkerSettings>(), open);
  await runtime.listen();
  await sendToService({ type: 'ready', duckdbVersion } satisfies FromWorkspaceWorker);
}

class WorkspaceRuntime implements ServiceLink {
  readonly #sessions = new Map<string, RunningSession>();
  readonly #operations = new Map<number, AbortController>();
  readonly #questions = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  #nextQuestion = 1;
  #workspace: OpenedWorkspace | undefined;
  #stopping = false;
  #leaving = false;

  constructor(
    private readonly settings: WorkspaceWorkerSettings,
    private readonly open: (
      settings: WorkspaceWorkerSettings,
      assignment: WorkspaceAssignment,
      link: ServiceLink,
    ) => Promise<OpenedWorkspace>,
  ) {
    process.on('message', (message: ToWorkspaceWorker) => this.#receive(message));
  }

  async listen(): Promise<void> {
    const { socketPath } = this.settings;
    rmSync(socketPath, { force: true });
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => void this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, resolve);
    });
    // The directory is private as well; the mode keeps others out where a system ignores it.
    chmodSync(socketPath, 0o600);
  }

  ask<K extends QuestionName>(
    name: K,
    question: WorkspaceQuestions[K]['question'],
  ): Promise<WorkspaceQuestions[K]['answer']> {
    const questionId = this.#nextQuestion++;
    return new Promise((resolve, reject) => {
      this.#questions.set(questionId, { resolve, reject });
      void this.#send({ type: 'ask', questionId, name, question });
    });
  }

  statementStarted(statement: StatementStartEvent): void {
    void this.#send({ type: 'statementStarted', statement });
  }

  statementFinished(statement: StatementFinishEvent): void {
    void this.#send({ type: 'statementFinished', statement });
  }

  sessionEvent(sessionId: string, event: SessionEvent): void {
    void this.#send({ type: 'session', sessionId, event });
  }

  giveUp(reason: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    process.stderr.write(`the engine cannot go on: ${reason}\n`);
    // Answers that say so are still on their way to the clients.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
  }

  #receive(message: ToWorkspaceWorker): void {
    switch (message.type) {
      case 'open':
        void this.#open(message.assignment);
        break;
      case 'cancel':
        this.#sessions.get(message.sessionId)?.cancel();
        break;
      case 'end':
        this.#sessions.get(message.sessionId)?.end(message.ending, 'now');
        break;
      case 'run':
        void this.#run(message.requestId, message.operation, message.request);
        break;
      case 'abandon':
        this.#operations.get(message.requestId)?.abort();
        break;
      case 'answer':
        this.#settle(message.questionId)?.resolve(message.answer as never);
        break;
      case 'refuse':
        this.#settle(message.questionId)?.reject(fromWireError(message.error));
        break;
      case 'stop':
        this.#stopping = true;
        for (const session of this.#sessions.values()) session.end(STOPPING, 'after statement');
        this.#exitWhenDone();
        break;
    }
  }

  #settle(questionId: number): { resolve: (answer: never) => void; reject: (error: Error) => void } | undefined {
    const question = this.#questions.get(questionId);
    this.#questions.delete(questionId);
    return question;
  }

  async #open(assignment: WorkspaceAssignment): Promise<void> {
    try {
      const limited = limitFileSize(assignment.fileSizeBytes);
      this.#workspace = await this.open(this.settings, assignment, this);
      await limited;
      await this.#send({ type: 'opened' });
      this.#tellThatAlive(this.#workspace);
    } catch (error) {
      await this.#send({ type: 'unopenable', error: toWireError(error) });
      process.exit(1);
    }
  }

  #tellThatAlive(workspace: OpenedWorkspace): void {
    let lastMs = performance.now();
    setInterval(() => {
      const nowMs = performance.now();
      const eventLoopLagMs = Math.max(0, nowMs - lastMs - ALIVE_INTERVAL_MS);
      lastMs = nowMs;
      void this.#send({ type: 'alive', figures: { ...workspace.figures(), eventLoopLagMs } });
    }, ALIVE_INTERVAL_MS).unref();
  }

  async #accept(socket: Socket): Promise<void> {
    // Lost streams are noticed by whoever reads or writes them.
    socket.on('error', () => undefined);
    try {
      const preamble = await readPreamble(socket);
      if (this.#workspace === undefined || this.#stopping) {
        socket.destroy();
        return;
      }
      const session = this.#workspace.startSession(socket, preamble);
      this.#sessions.set(preamble.sessionId, session);
      const reason = await session.ended;
      this.#sessions.delete(preamble.sessionId);
      this.sessionEvent(preamble.sessionId, { kind: 'ended', reason });
      this.#exitWhenDone();
    } catch (error) {
      process.stderr.write(`a session stream was not understood: ${String(error)}\n`);
      socket.destroy();
    }
  }

  async #run(requestId: number, operation: WorkspaceOperation, request: unknown): Promise<void> {
    const controller = new AbortController();
    this.#operations.set(requestId, controller);
    try {
      if (this.#workspace === undefined) throw new Error('no workspace is open here');
      const result = await this.#workspace.run(operation, request as never, controller.signal);
      await this.#send({ type: 'done', requestId, result });
    } catch (error) {
      await this.#send({ type: 'failed', requestId, error: toWireError(error) });
    } finally {
      this.#operations.delete(requestId);
    }
    this.#exitWhenDone();
  }

  #exitWhenDone(): void {
    if (!this.#stopping || this.#leaving || this.#sessions.size > 0 || this.#operations.size > 0) return;
    this.#leaving = true;
    void (this.#workspace?.close() ?? Promise.resolve()).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`the workspace could not be closed: ${String(error)}\n`);
        process.exit(1);
      },
    );
  }

  /** A failure is a channel that no longer works: the service is going, and this process with it. */
  async #send(message: FromWorkspaceWorker): Promise<void> {
    try {
      await sendToService(message);
    } catch (error) {
      process.stderr.write(`the service cannot be reached: ${String(error)}\n`);
    }
  }
}

/** Takes exactly the first frame off the stream. */
async function readPreamble(socket: Socket): Promise<SessionPreamble> {
  const length = (await readExactly(socket, 4)).readUInt32BE(0);
  if (length > MAX_PREAMBLE_BYTES) throw new Error(`a preamble of ${length} bytes`);
  return JSON.parse((await readExactly(socket, length)).toString('utf8')) as SessionPreamble;
}

async function readExactly(socket: Socket, byteCount: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(byteCount) as Buffer | null;
    if (bytes !== null && bytes.length === byteCount) return bytes;
    if (bytes !== null || socket.readableEnded || socket.destroyed)
      throw new Error('the stream ended within its preamble');
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        socket.off('readable', done);
        socket.off('end', failed);
        socket.off('close', failed);
        resolve();
      };
      const failed = (): void => {
        socket.off('readable', done);
        socket.off('end', failed);
        socket.off('close', failed);
        reject(new Error('the stream ended within its preamble'));
      };
      socket.once('readable', done);
      socket.once('end', failed);
      socket.once('close', failed);
    });
  }
}
