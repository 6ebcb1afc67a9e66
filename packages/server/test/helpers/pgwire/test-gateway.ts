import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Registry } from 'prom-client';
import { makeScramVerifier } from '../../../src/auth/scram.js';
import { SqlError } from '../../../src/errors/sql-error.js';
import type { Logger } from '../../../src/lib/logger.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { NewWorkspaceSession } from '../../../src/model/workspace-activity.js';
import { pgwireObserver } from '../../../src/observability/pgwire-observer.js';
import type { WorkspaceLogin } from '../../../src/services/workspace-access.js';
import type { SessionEnding, SessionPreamble } from '../../../src/workers/workspace-messages.js';
import { BackendWriter } from '../../../src/protocols/pgwire/codec/backend-writer.js';
import { FrameReader } from '../../../src/protocols/pgwire/codec/frame-reader.js';
import { decodeFrontendMessage } from '../../../src/protocols/pgwire/codec/frontend-message.js';
import { PgGateway, type PgGatewayOptions } from '../../../src/protocols/pgwire/gateway/pg-gateway.js';

/**
 * A gateway on a free port, with everything around it but the workspace: at the place of a worker there is a peer on a real
 * socket, which answers enough of the protocol for clients to connect and ask. What workers do has tests of its own.
 */
export interface TestGateway {
  readonly gateway: PgGateway;
  readonly port: number;
  readonly host: PeerHost;
  readonly opened: NewWorkspaceSession[];
  readonly ended: { readonly sessionId: string; readonly end: string }[];
  readonly log: readonly { readonly level: string; readonly message: string }[];
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

export const PASSWORD = 'correct-horse-battery-staple-0123';
export const USERNAME = 'ws_ana';
export const DATABASE = 'workspace_a';
const QUICK_ITERATIONS = 4096;

export async function startTestGateway(overrides: Partial<PgGatewayOptions> = {}): Promise<TestGateway> {
  const registry = new Registry();
  const host = await PeerHost.start();
  const opened: NewWorkspaceSession[] = [];
  const ended: { sessionId: string; end: string }[] = [];
  const log: { level: string; message: string }[] = [];
  const note = (level: string) => (_fields: object, message: string) => void log.push({ level, message });
  const logger: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const logins = await makeLogins();
  const gateway = new PgGateway(
    {
      logins: {
        findLogin: (username) => Promise.resolve(logins.get(username)),
        sessionOpened: (session) => void opened.push(session),
        sessionActivity: () => undefined,
        sessionEnded: (sessionId, end) => void ended.push({ sessionId, end }),
      },
      hosts: host,
      observer: pgwireObserver(registry),
      clock: systemClock,
      logger,
    },
    {
      host: '127.0.0.1',
      tls: { identity: undefined, required: false },
      nobodySecret: Buffer.alloc(32, 7),
      connections: { total: 100, perWorkspace: 5, perAddress: 0 },
      failedLogins: { max: 0, banMs: 60_000 },
      authenticationTimeoutMs: 10_000,
      session: { statementTimeoutMs: 60_000, idleTimeoutMs: 60_000, maxStatementBytes: 1_000_000 },
      ...overrides,
    },
  );
  host.gateway = gateway;
  await gateway.listen(0);
  return {
    gateway,
    port: gateway.port,
    host,
    opened,
    ended,
    log,
    metrics: () => registry.metrics(),
    stop: async () => {
      await gateway.stop(1000);
      await host.close();
    },
  };
}

/** `ws_ana` and `ws_eva` are well, `ws_old` has expired, `ws_odd` is in error. */
async function makeLogins(): Promise<Map<string, WorkspaceLogin>> {
  const verifier = await makeScramVerifier(PASSWORD, undefined, QUICK_ITERATIONS);
  const login = (name: string, status: WorkspaceLogin['status']): [string, WorkspaceLogin] => [
    `ws_${name}`,
    {
      workspaceId: `ws_${name}_id`,
      projectId: 'p',
      username: `ws_${name}`,
      databaseName: `workspace_${name.slice(0, 1)}`,
      verifier,
      status,
      expiresAt: null,
    },
  ];
  return new Map([login('ana', 'active'), login('eva', 'active'), login('old', 'expired'), login('odd', 'error')]);
}

/** What the peer knows of one session. */
interface PeerSession {
  readonly preamble: SessionPreamble;
  readonly socket: Socket;
  /** Bytes of the client that arrived after the preamble. */
  received: number;
  sleeping: boolean;
}

/**
 * Statements it knows: `sleep` waits for a cancel, `flood N` answers N rows of 1 kB as fast as the client reads, `die` breaks the
 * stream off; any other is answered with one row, its own text.
 */
export class PeerHost {
  readonly sessions = new Map<string, PeerSession>();
  readonly cancelled: string[] = [];
  /** Of every session there was, in order. */
  readonly preambles: SessionPreamble[] = [];
  gateway: PgGateway | undefined;
  /** Makes the next sessions fail to open. */
  refusal: SqlError | undefined;
  #stopped = false;

  private constructor(
    private readonly port: number,
    private readonly server: ReturnType<typeof createServer>,
  ) {}

  static async start(): Promise<PeerHost> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = new PeerHost((server.address() as AddressInfo).port, server);
    server.on('connection', (socket) => void host.#serve(socket).catch(() => socket.destroy()));
    return host;
  }

  async openSession(_workspaceId: string, preamble: SessionPreamble): Promise<Duplex> {
    if (this.#stopped) throw new SqlError('57P03', 'the service stops', { severity: 'FATAL' });
    if (this.refusal !== undefined) throw this.refusal;
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    const json = Buffer.from(JSON.stringify(preamble));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(json.length);
    socket.write(Buffer.concat([length, json]));
    return socket;
  }

  cancel(_workspaceId: string, sessionId: string): void {
    this.cancelled.push(sessionId);
    const session = this.sessions.get(sessionId);
    if (session?.sleeping !== true) return;
    session.sleeping = false;
    const error = new SqlError('57014', 'canceling statement due to user request');
    session.socket.write(new BackendWriter().errorResponse(error).readyForQuery('I').take());
  }

  endSessions(_workspaceId: string, ending: SessionEnding, sessionId?: string): Promise<void> {
    for (const [id, { socket }] of this.sessions) {
      if (sessionId !== undefined && id !== sessionId) continue;
      this.gateway?.sessionEvent(id, { kind: 'ended', reason: 'terminated' });
      if (socket.writableEnded) continue;
      const error = new SqlError(ending.sqlState, ending.message, { severity: 'FATAL' });
      socket.end(new BackendWriter().errorResponse(error).take());
    }
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.endSessions('', { sqlState: '57P01', message: 'terminating connection due to administrator command' });
  }

  async close(): Promise<void> {
    for (const { socket } of this.sessions.values()) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy());
    const reader = new FrameReader({ maxMessageBytes: 10_000_000 });
    let head: Buffer = Buffer.alloc(0);
    let session: PeerSession | undefined;
    // A stream that breaks off ends the loop like any other end.
    const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) {
      if (session === undefined) {
        head = Buffer.concat([head, chunk]);
        if (head.length < 4 || head.length < 4 + head.readUInt32BE()) continue;
        const end = 4 + head.readUInt32BE();
        const preamble = JSON.parse(head.subarray(4, end).toString()) as SessionPreamble;
        session = { preamble, socket, received: 0, sleeping: false };
        this.sessions.set(preamble.sessionId, session);
        this.preambles.push(preamble);
        this.#greet(session);
        reader.push(head.subarray(end));
        session.received += head.length - end;
      } else {
        session.received += chunk.length;
        reader.push(chunk);
      }
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        const message = decodeFrontendMessage(frame);
        if (message.kind === 'query') await this.#answer(session, message.sql);
        if (message.kind === 'terminate') {
          this.gateway?.sessionEvent(session.preamble.sessionId, { kind: 'ended', reason: 'disconnected' });
          socket.end();
        }
      }
    }
    socket.end();
    if (session !== undefined) this.sessions.delete(session.preamble.sessionId);
  }

  #greet({ preamble, socket }: PeerSession): void {
    const writer = new BackendWriter();
    writer.parameterStatus('server_version', '15.0').parameterStatus('client_encoding', 'UTF8');
    writer.backendKeyData(preamble.backendPid, preamble.cancelSecret).readyForQuery('I');
    socket.write(writer.take());
    this.gateway?.sessionEvent(preamble.sessionId, { kind: 'opened', applicationName: null });
  }

  async #answer(session: PeerSession, sql: string): Promise<void> {
    const { socket } = session;
    const statement = sql.replace(/;?\s*$/, '');
    if (statement === 'sleep') {
      session.sleeping = true;
      return;
    }
    if (statement === 'die') {
      socket.destroy();
      return;
    }
    const writer = new BackendWriter().rowDescription([
      { name: 'text', tableOid: 0, columnNumber: 0, typeOid: 25, typeSize: -1, typeModifier: -1, format: 0 },
    ]);
    const flood = /^flood (\d+)$/.exec(statement)?.[1];
    const rows = flood === undefined ? 1 : Number(flood);
    const row = dataRow(flood === undefined ? statement : 'x'.repeat(1000));
    for (let count = 0; count < rows; count += 1) {
      writer.encoded(row);
      if (writer.byteLength > 60_000 && !socket.write(writer.take())) await drained(socket);
      if (socket.destroyed) return;
    }
    socket.write(writer.commandComplete(`SELECT ${rows}`).readyForQuery('I').take());
  }
}

/** Or closed. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

function dataRow(text: string): Buffer {
  const value = Buffer.from(text);
  const head = Buffer.alloc(11);
  head.write('D');
  head.writeInt32BE(10 + value.length, 1);
  head.writeInt16BE(1, 5);
  head.writeInt32BE(value.length, 7);
  return Buffer.concat([head, value]);
}
