import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../lib/clock.js';
import type { Logger } from '../../../lib/logger.js';
import type { PgwireObserver } from '../../../observability/pgwire-observer.js';
import type { WorkspaceLogins } from '../../../services/workspace-access.js';
import type { WorkspaceHosts } from '../../../workers/workspace-hosts.js';
import type { SessionEvent, SessionLimits } from '../../../workers/workspace-messages.js';
import { plainAddress } from './client-address.js';
import { ClientConnection, type AuthenticatedClient, type ConnectionHandlers } from './client-connection.js';
import { ConnectionSlots, type ConnectionLimits } from './connection-slots.js';
import { listenEverywhere } from './listen-everywhere.js';
import { LoginGuard } from './login-guard.js';
import { ClientGoneError } from './message-source.js';
import type { TlsPolicy } from './negotiation.js';
import { Refusal, refuse } from './refusal.js';
import { relay } from './relay.js';
import { SessionRegistry } from './session-registry.js';

export interface PgGatewayOptions {
  readonly host: string;
  readonly tls: TlsPolicy;
  /** Makes the salts of users that do not exist. */
  readonly nobodySecret: Uint8Array;
  readonly connections: ConnectionLimits;
  readonly failedLogins: { readonly max: number; readonly banMs: number };
  readonly authenticationTimeoutMs: number;
  readonly session: SessionLimits;
}

export interface PgGatewayParts {
  readonly logins: WorkspaceLogins;
  readonly hosts: Pick<WorkspaceHosts, 'openSession' | 'cancel' | 'stop'>;
  readonly observer: PgwireObserver;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Streams of sessions that the workers have ended get this long to reach their clients. */
const FLUSH_MS = 2_000;
/** The worker tells by another channel why a session ended; it may be a moment behind the end of the stream. */
const REASON_GRACE_MS = 500;

/**
 * The service's side of the PostgreSQL door: it accepts, encrypts, authenticates and limits, and then passes bytes between the
 * client and the worker of its workspace. It knows the protocol up to AuthenticationOk and nothing of sessions after it.
 *
 *     accept ─ slot ─ ClientConnection ──▶ openSession ─ slot, pid and secret ─▶ hosts.openSession ─▶ relay ─▶ ended
 *                            └─ CancelRequest ─▶ registry ─▶ hosts.cancel
 *
 * While it stops, new clients are answered 57P03 to the last moment, and sessions end as the workers end them.
 */
export class PgGateway {
  readonly #options: PgGatewayOptions;
  readonly #parts: PgGatewayParts;
  readonly #slots: ConnectionSlots;
  readonly #registry: SessionRegistry;
  readonly #handlers: ConnectionHandlers;
  readonly #waiting = new Set<ClientConnection>();
  readonly #sessions = new Map<Duplex, Promise<void>>();
  readonly #sockets = new Set<Socket>();
  #servers: readonly Server[] = [];
  #port = 0;
  #stopping = false;

  constructor(parts: PgGatewayParts, options: PgGatewayOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#slots = new ConnectionSlots(options.connections);
    this.#registry = new SessionRegistry();
    const { max: maxFailures, banMs } = options.failedLogins;
    this.#handlers = {
      tls: options.tls,
      authenticators: {
        logins: parts.logins,
        guard: new LoginGuard({ maxFailures, banMs, onBan: (fields) => this.#banned(fields) }),
        nobodySecret: options.nobodySecret,
      },
      timeoutMs: options.authenticationTimeoutMs,
      observer: parts.observer,
      logger: parts.logger,
      cancel: (backendPid, secret) => this.#cancel(backendPid, secret),
      openSession: (client) => this.#openSession(client),
    };
  }

  /** 0 takes a free port. May be called again when it rejects. */
  async listen(port: number): Promise<void> {
    const { host } = this.#options;
    const listening = await listenEverywhere(host, port, (socket) => this.#accept(socket));
    this.#servers = listening.servers;
    this.#port = listening.port;
  }

  /** The one that clients connect to; chosen by the system when the configured one is 0. */
  get port(): number {
    return this.#port;
  }

  /** Accepted sockets that are not closed, sessions included. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** What workers tell about sessions; the hosts pass it on. */
  sessionEvent(sessionId: string, event: SessionEvent): void {
    this.#registry.event(sessionId, event);
    if (event.kind === 'state' && event.state === 'active') this.#parts.logins.sessionActivity(sessionId);
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    for (const connection of this.#waiting) connection.end(shuttingDown());
    await this.#parts.hosts.stop(deadlineMs);
    const timer = setTimeout(() => {
      for (const stream of this.#sessions.keys()) stream.destroy();
    }, FLUSH_MS);
    await Promise.all(this.#sessions.values());
    clearTimeout(timer);
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // Every error is followed by `close`, which whoever has the socket by then listens to.
    socket.on('error', () => undefined);
    const release = this.#slots.wait(socket.remoteAddress ?? '');
    if (release === undefined) {
      this.#parts.observer.connection('limit_reached');
      refuse(socket, new Refusal('limit_reached', '53300', 'sorry, too many clients already'));
      return;
    }
    const connection = new ClientConnection(socket, this.#handlers);
    this.#waiting.add(connection);
    socket.once('close', release);
    if (this.#stopping) connection.end(shuttingDown());
    void connection.run().finally(() => {
      this.#waiting.delete(connection);
      release();
    });
  }

  async #openSession(client: AuthenticatedClient): Promise<void> {
    const { login, parameters, stream, address, encrypted } = client;
    const { hosts, logins, observer, clock } = this.#parts;
    if (this.#stopping) throw shuttingDown();
    const release = this.#slots.open(address, login.workspaceId);
    const { applicationName } = parameters;
    const session = this.#registry.open(login.workspaceId);
    const { sessionId, workspaceId } = session;
    try {
      const worker = await hosts.openSession(workspaceId, {
        sessionId,
        backendPid: session.backendPid,
        cancelSecret: session.cancelSecret,
        username: login.username,
        databaseName: login.databaseName,
        clientIp: address,
        encrypted,
        startupParameters: parameters.all,
        limits: this.#options.session,
      });
      if (stream.destroyed) {
        worker.destroy();
        throw new ClientGoneError('the client left before its session was open');
      }
      logins.sessionOpened({
        sessionId,
        workspaceId,
        clientIp: address,
        applicationName,
        encrypted,
        connectedAt: clock.now(),
      });
      observer.sessionOpened(workspaceId);
      const ended = relay(stream, worker).then(async (first) => {
        release();
        observer.sessionClosed(workspaceId);
        await this.#sessionEnded(sessionId, first);
      });
      this.#sessions.set(stream, ended);
      void ended.finally(() => this.#sessions.delete(stream));
    } catch (error) {
      release();
      this.#registry.close(sessionId);
      throw error;
    }
  }

  async #sessionEnded(sessionId: string, first: 'client' | 'worker'): Promise<void> {
    let reason = this.#registry.endOf(sessionId);
    if (reason === undefined && first === 'worker') {
      await new Promise((resolve) => setTimeout(resolve, REASON_GRACE_MS));
      reason = this.#registry.endOf(sessionId);
    }
    this.#registry.close(sessionId);
    this.#parts.logins.sessionEnded(sessionId, reason ?? (first === 'client' ? 'disconnected' : 'failed'));
  }

  #cancel(backendPid: number, secret: number): void {
    const session = this.#registry.named(backendPid, secret);
    this.#parts.observer.cancelRequest(session !== undefined);
    if (session !== undefined) this.#parts.hosts.cancel(session.workspaceId, session.sessionId);
  }

  #banned(fields: { readonly address: string; readonly username: string }): void {
    this.#parts.observer.banned();
    this.#parts.logger.warn(
      { clientIp: plainAddress(fields.address), username: fields.username.slice(0, 128) },
      'too many failed logins: no further ones for a while',
    );
  }
}

function shuttingDown(): Refusal {
  return new Refusal('shutting_down', '57P03', 'the database system is shutting down');
}
