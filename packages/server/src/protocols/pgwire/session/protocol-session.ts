import type { Duplex } from 'node:stream';
import { SqlError } from '../../../errors/sql-error.js';
import type { SqlConnection, SqlConnectionOptions, SqlEngine } from '../../../duckdb/workspace/sql-engine.js';
import { decodeFrontendMessage } from '../codec/frontend-message.js';
import type { Frame } from '../codec/frame-reader.js';
import { Cursors } from './cursors.js';
import { ExtendedQuery } from './extended-query.js';
import { FrameQueue } from './frame-queue.js';
import type { NotificationHub } from './notification-hub.js';
import { Portals } from './portals.js';
import { PreparedStatements } from './prepared-statements.js';
import { SessionNotifications } from './session-notifications.js';
import { SessionOutput } from './session-output.js';
import { SessionSettings } from './session-settings.js';
import { applyEngineSettings, sendNotice, type SessionState } from './session-state.js';
import { simpleQuery } from './simple-query.js';
import { StatementClock } from './statement-clock.js';
import type { StatementEvents } from './statement-log.js';
import { StatementRunner } from './statement-runner.js';
import { TransactionBlock } from './transaction-block.js';

/** What the gateway has found out about the client, and what it may do. */
export interface SessionOptions {
  readonly backendPid: number;
  readonly cancelSecret: number;
  readonly username: string;
  readonly databaseName: string;
  /** Settings of the startup packet; `options=-c name=value` taken apart already. */
  readonly startupSettings: Readonly<Record<string, string>>;
  readonly serverVersion: string;
  readonly serverVersionNumber: string;
  readonly limits: SessionLimits;
}

/** 0: no limit. */
export interface SessionLimits {
  readonly statementTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxMessageBytes: number;
}

export interface SessionEvents extends StatementEvents {
  /** The first ReadyForQuery is on its way. */
  opened(applicationName: string): void;
  applicationName(name: string): void;
  state(state: 'active' | 'idle' | 'idle in transaction'): void;
}

export type SessionEnd = 'disconnected' | 'timeout' | 'terminated' | 'failed';

/**
 * One client's session, from the first ParameterStatus to the end of its stream.
 *
 *   bytes ─► FrameQueue ─► message ─► simple | extended ─► StatementRunner ─► SqlConnection ─► rows ─► SessionOutput ─► bytes
 *
 * Messages are handled one after the other, in their order. What comes from outside, a cancel request or the end of the session, goes
 * through the running statement's signal, or, between statements, ends the wait for the next message.
 */
export class ProtocolSession {
  readonly #queue: FrameQueue;
  readonly #output: SessionOutput;
  readonly #clock = new StatementClock();
  /** Aborted when the session must end; what waits between statements listens to it. */
  readonly #over = new AbortController();
  #skipUntilSync = false;
  /** The client was told that it may send, outside of a transaction, and has not. */
  #isIdle = false;
  #end: SessionEnd = 'disconnected';
  #state: SessionState | undefined;

  constructor(
    private readonly engine: SqlEngine,
    private readonly stream: Duplex,
    private readonly options: SessionOptions,
    private readonly events: SessionEvents,
    private readonly hub: NotificationHub,
  ) {
    this.#queue = new FrameQueue({ maxMessageBytes: options.limits.maxMessageBytes }, stream);
    this.#output = new SessionOutput(stream);
  }

  /** Interrupts the running statement; nothing when none runs. */
  cancel(): void {
    this.#clock.cancel();
  }

  /** Ends the session with a FATAL error, after interrupting what runs. */
  end(reason: SqlError): void {
    this.#end = 'terminated';
    this.#stop(reason);
  }

  /** The same, but the running statement may finish. */
  endAfterStatement(reason: SqlError): void {
    this.#end = 'terminated';
    this.#over.abort(reason);
  }

  /** Runs until the session is over, and never rejects. */
  async run(): Promise<SessionEnd> {
    this.#listen();
    let connection: SqlConnection | undefined;
    try {
      const settings = this.#newSettings();
      connection = await this.engine.connect(this.#connectionOptions(settings));
      this.#state = this.#newState(connection, settings);
      await this.#serve(this.#state);
      // What was answered before a Terminate, without a Sync.
      this.#output.flush();
    } catch (error) {
      this.#sendFatal(error);
    } finally {
      this.#state?.notifications.leave();
      await connection?.close().catch(() => undefined);
      this.stream.end();
    }
    return this.#end;
  }

  #listen(): void {
    this.stream.on('data', (chunk: Buffer) => this.#queue.push(chunk));
    this.stream.on('end', () => this.#clientLeft());
    this.stream.on('close', () => this.#clientLeft());
    this.stream.on('error', () => this.#clientLeft());
    this.stream.on('drain', () => this.#sendNotifications());
  }

  #clientLeft(): void {
    this.#queue.end();
    this.#clock.end(new SqlError('08006', 'the client has left', { severity: 'FATAL' }));
  }

  #stop(reason: SqlError): void {
    this.#clock.end(reason);
    this.#over.abort(reason);
  }

  #newSettings(): SessionSettings {
    const { limits, startupSettings, serverVersion, serverVersionNumber, username } = this.options;
    const settings = new SessionSettings(
      { statement_timeout: limits.statementTimeoutMs, idle_session_timeout: limits.idleTimeoutMs },
      {
        reported: (name, value) => {
          this.#output.messages.parameterStatus(name, value);
          if (name === 'application_name') this.events.applicationName(value);
        },
        limited: (name, value) =>
          sendNotice(
            { settings, output: this.#output },
            { severity: 'NOTICE', sqlState: '01000', message: `${name} is limited to ${value} by the server` },
          ),
      },
    );
    settings.start({
      ...startupSettings,
      server_version: serverVersion,
      server_version_num: serverVersionNumber,
      session_authorization: username,
    });
    return settings;
  }

  #connectionOptions(settings: SessionSettings): SqlConnectionOptions {
    const { username: user, databaseName: database, backendPid } = this.options;
    return {
      user,
      database,
      backendPid,
      settings,
      notify: (channel, payload) => this.#state?.notifications.notify(channel, payload),
      facts: {
        cursors: () => this.#state?.cursors.facts() ?? [],
        preparedStatements: () => this.#state?.statements.facts() ?? [],
      },
    };
  }

  #newState(connection: SqlConnection, settings: SessionSettings): SessionState {
    const cursors = new Cursors();
    const portals = new Portals();
    const transaction: TransactionBlock = new TransactionBlock(connection, settings, {
      beforeCommit: async (signal) => {
        await portals.closeAll();
        await cursors.beforeCommit(signal);
        notifications.mustFit();
      },
      committed: () => notifications.committed(),
      rolledBack: async () => {
        notifications.rolledBack();
        await portals.closeAll();
        await cursors.rolledBack();
      },
      mark: () => notifications.mark(),
      backTo: (mark) => notifications.backTo(mark),
    });
    const notifications: SessionNotifications = new SessionNotifications(
      this.hub,
      this.options.backendPid,
      () => transaction.isOpen,
      () => this.#sendNotifications(),
    );
    const statements = new PreparedStatements();
    return {
      connection,
      settings,
      transaction,
      statements,
      portals,
      cursors,
      output: this.#output,
      clock: this.#clock,
      notifications,
    };
  }

  async #serve(state: SessionState): Promise<void> {
    const { messages } = this.#output;
    await applyEngineSettings(state);
    for (const [name, value] of state.settings.reportedValues()) messages.parameterStatus(name, value);
    messages.backendKeyData(this.options.backendPid, this.options.cancelSecret);
    this.events.opened(state.settings.get('application_name') ?? '');
    this.#readyForQuery(state);
    const runner = new StatementRunner(state, this.#queue, this.events);
    const extended = new ExtendedQuery(state, runner, this.#queue);
    for (;;) {
      const frame = this.#queue.peek() === undefined ? await this.#waitForFrame(state) : await this.#nextFrame();
      this.#isIdle = false;
      if (frame === undefined || frame.type === 'X') return;
      try {
        await this.#handle(frame, state, runner, extended);
      } catch (error) {
        await this.#failed(error, frame, state);
      }
    }
  }

  #nextFrame(): Promise<Frame | undefined> {
    return this.#queue.next(this.#over.signal);
  }

  /** Nothing to do: what is left to send goes out, and the timeouts of idle sessions run. */
  async #waitForFrame({ transaction, settings }: SessionState): Promise<Frame | undefined> {
    const inTransaction = transaction.status !== 'I';
    const timeoutMs = settings.timeoutMs(
      inTransaction ? 'idle_in_transaction_session_timeout' : 'idle_session_timeout',
    );
    if (timeoutMs === 0) return this.#nextFrame();
    const timer = setTimeout(() => {
      this.#end = 'timeout';
      this.#stop(
        inTransaction
          ? fatal('25P03', 'terminating connection due to idle-in-transaction timeout')
          : fatal('57P05', 'terminating connection due to idle-session timeout'),
      );
    }, timeoutMs);
    try {
      return await this.#nextFrame();
    } finally {
      clearTimeout(timer);
    }
  }

  async #handle(frame: Frame, state: SessionState, runner: StatementRunner, extended: ExtendedQuery): Promise<void> {
    if (this.#skipUntilSync && frame.type !== 'S') return;
    const message = decodeFrontendMessage(frame);
    switch (message.kind) {
      case 'query':
        this.events.state('active');
        await simpleQuery(message.sql, state, runner);
        this.#readyForQuery(state);
        break;
      case 'sync':
        this.#skipUntilSync = false;
        await extended.sync();
        this.#readyForQuery(state);
        break;
      case 'parse':
      case 'bind':
      case 'describe':
      case 'execute':
      case 'close':
      case 'flush':
        if (message.kind === 'execute') this.events.state('active');
        await extended.handle(message);
        break;
      case 'copy-data':
      case 'copy-done':
      case 'copy-fail':
        // Sent before the client learnt that its COPY had failed.
        break;
      case 'function-call':
        throw new SqlError('0A000', 'the function call protocol is not supported');
      case 'authentication':
        throw fatal('08P01', 'unexpected authentication message');
      case 'terminate':
        break;
    }
  }

  async #failed(error: unknown, { type }: Frame, state: SessionState): Promise<void> {
    const reason = await state.connection.explained(sqlErrorOf(error));
    if (reason.severity === 'FATAL') throw reason;
    await state.transaction.fail();
    await applyEngineSettings(state);
    this.#output.messages.errorResponse(reason);
    if (type === 'Q' || type === 'F' || type === 'S') {
      if (!state.transaction.isBlock) await state.portals.closeAll();
      this.#readyForQuery(state);
    } else {
      this.#skipUntilSync = true;
      // Whoever sent Flush instead of Sync sends Sync only when this has come, and no Flush is obeyed until then.
      this.#output.flush();
    }
  }

  /** What others have said, while the client has nothing to do. One that does not read is told when it does. */
  #sendNotifications(): void {
    const notifications = this.#state?.notifications;
    while (this.#isIdle && !this.stream.writableNeedDrain) {
      const next = notifications?.take();
      if (next === undefined) return;
      this.#output.messages.notificationResponse(next.backendPid, next.channel, next.payload);
      this.#output.flush();
    }
  }

  #readyForQuery({ transaction, connection, notifications }: SessionState): void {
    const { status } = transaction;
    if (status === 'I') {
      connection.settle();
      for (let next = notifications.take(); next !== undefined; next = notifications.take()) {
        this.#output.messages.notificationResponse(next.backendPid, next.channel, next.payload);
      }
    }
    this.#output.messages.readyForQuery(status);
    this.#output.flush();
    this.#isIdle = status === 'I';
    this.events.state(status === 'I' ? 'idle' : 'idle in transaction');
  }

  #sendFatal(error: unknown): void {
    const reason = sqlErrorOf(error);
    if (this.#end === 'disconnected' && reason.sqlState !== '08006') this.#end = 'failed';
    const ending = reason.severity === 'FATAL' ? reason : fatal(reason.sqlState, reason.message);
    this.#output.messages.errorResponse(ending);
    this.#output.flush();
  }
}

function fatal(sqlState: string, message: string): SqlError {
  return new SqlError(sqlState, message, { severity: 'FATAL' });
}

function sqlErrorOf(error: unknown): SqlError {
  return error instanceof SqlError ? error : new SqlError('XX000', 'internal error', { cause: error });
}
