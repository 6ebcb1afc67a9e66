import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SqlError } from '../../../errors/sql-error.js';
import type { Logger } from '../../../lib/logger.js';
import type { ConnectionOutcome, PgwireObserver } from '../../../observability/pgwire-observer.js';
import type { WorkspaceLogin } from '../../../services/workspace-access.js';
import { BackendWriter } from '../codec/backend-writer.js';
import { authenticate, type Authenticators } from './authentication.js';
import { plainAddress } from './client-address.js';
import { ClientGoneError } from './message-source.js';
import { negotiate, type Negotiation, type TlsPolicy } from './negotiation.js';
import { Refusal, refuse } from './refusal.js';
import { readStartupParameters, type SessionParameters } from './startup-parameters.js';

/** Somebody who proved who they are, with the stream on which their session goes on. */
export interface AuthenticatedClient {
  readonly stream: Duplex;
  readonly login: WorkspaceLogin;
  readonly parameters: SessionParameters;
  readonly address: string;
  readonly encrypted: boolean;
}

export interface ConnectionHandlers {
  readonly tls: TlsPolicy;
  readonly authenticators: Authenticators;
  readonly timeoutMs: number;
  readonly observer: PgwireObserver;
  readonly logger: Logger;
  cancel(backendPid: number, secret: number): void;
  /** Resolves when the session has begun; the connection counts as waiting until then. Rejects with `SqlError`. */
  openSession(client: AuthenticatedClient): Promise<void>;
}

/** Names are the client's: as long as they like. */
const LOGGED_NAME_CHARACTERS = 128;

/**
 * One connection from its first byte to its session, or to the reason why there is none.
 *
 *     negotiate ─▶ authenticate ─▶ openSession
 *         └─ cancel: done             │
 *     ◀──────── timeoutMs ───────────▶ (opening a workspace takes the time it takes)
 */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #address: string;
  readonly #startedAtMs = performance.now();
  /** Where the client can be told something; undefined while TLS is being negotiated, or before we know. */
  #conversation: Duplex | undefined;
  #username: string | undefined;
  #ended: ConnectionOutcome | undefined;

  constructor(socket: Socket, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#address = plainAddress(socket.remoteAddress ?? '');
  }

  /** Never rejects: whatever happens is answered, counted and, where a person should know, logged. */
  async run(): Promise<void> {
    const timer = setTimeout(() => {
      this.end(new Refusal('timeout', '57014', 'canceling authentication due to timeout'));
    }, this.#handlers.timeoutMs);
    try {
      const client = await this.#authenticated();
      clearTimeout(timer);
      if (client === undefined) return;
      await this.#handlers.openSession(client);
      this.#handlers.observer.connection('success');
    } catch (error) {
      this.#fail(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** For everybody who is not in a session yet. */
  end(reason: Refusal): void {
    if (this.#ended !== undefined) return;
    this.#count(reason.outcome);
    if (this.#conversation === undefined) this.#socket.destroy();
    else refuse(this.#conversation, reason);
  }

  async #authenticated(): Promise<AuthenticatedClient | undefined> {
    const { tls, authenticators, observer, cancel } = this.#handlers;
    const negotiation = await negotiate(this.#socket, tls, (stream) => (this.#conversation = stream));
    if (negotiation.kind === 'cancel') {
      cancel(negotiation.backendPid, negotiation.secret);
      this.#ended = 'abandoned';
      this.#socket.destroy();
      return undefined;
    }
    const { stream, source, encrypted, message } = negotiation;
    negotiateVersion(negotiation);
    const parameters = readStartupParameters(message.parameters);
    const { username } = parameters;
    this.#username = username;
    const login = await authenticate(
      {
        source,
        stream,
        username,
        address: this.#address,
        endPointHash: encrypted ? tls.identity?.endPointHash : undefined,
      },
      authenticators,
    );
    observer.authenticated(performance.now() - this.#startedAtMs);
    mustBeOpen(login, parameters.databaseName);
    source.release();
    return { stream, login, parameters, address: this.#address, encrypted };
  }

  #fail(error: unknown): void {
    if (this.#ended !== undefined) return;
    const { logger } = this.#handlers;
    if (error instanceof ClientGoneError) {
      this.#count('abandoned');
      logger.debug(this.#fields(), error.message);
      this.#socket.destroy();
      return;
    }
    if (error instanceof SqlError) {
      const outcome = outcomeOf(error);
      logger.info({ ...this.#fields(), outcome, sqlState: error.sqlState }, `connection refused: ${error.message}`);
      this.end(new Refusal(outcome, error.sqlState, error.message, detailsOf(error)));
      return;
    }
    logger.error({ ...this.#fields(), err: error }, 'a connection to the PostgreSQL door failed');
    this.end(new Refusal('failed', 'XX000', 'the session could not be opened; the server has logged the reason'));
  }

  #count(outcome: ConnectionOutcome): void {
    this.#ended = outcome;
    this.#handlers.observer.connection(outcome);
  }

  #fields(): object {
    return { clientIp: this.#address, username: this.#username?.slice(0, LOGGED_NAME_CHARACTERS) };
  }
}

const PROTOCOL_3_0 = 3 << 16;

/** We speak 3.0; a client that asks for more is told so, and may go on or leave. */
function negotiateVersion({ stream, message }: Extract<Negotiation, { kind: 'startup' }>): void {
  if (message.minorVersion === 0 && message.extensions.length === 0) return;
  stream.write(new BackendWriter().negotiateProtocolVersion(PROTOCOL_3_0, message.extensions).take());
}

/** A workspace has one database; its name may be left out, as libpq does when it is given a user only. */
function mustBeOpen(login: WorkspaceLogin, databaseName: string): void {
  if (login.status === 'expired') {
    throw new Refusal('expired', '28000', 'Workspace expired', {
      detail: 'The time of this workspace is over; its data is removed.',
    });
  }
  if (login.status !== 'active') {
    throw new Refusal('expired', '28000', 'Workspace not active', { detail: `Its status is ${login.status}.` });
  }
  if (![login.databaseName, login.workspaceId, login.username].includes(databaseName)) {
    throw new Refusal('unknown_database', '3D000', `database "${databaseName}" does not exist`, {
      hint: `The database of this user is ${login.databaseName}.`,
    });
  }
}

function outcomeOf(error: SqlError): ConnectionOutcome {
  if (error instanceof Refusal) return error.outcome;
  switch (error.sqlState) {
    case '53300':
      return 'limit_reached';
    case '57P03':
      return 'shutting_down';
    case '08P01':
    case '0A000':
    case '22021':
    case '42601':
      return 'protocol_error';
    default:
      return error.sqlState.startsWith('28') ? 'auth_failed' : 'failed';
  }
}

function detailsOf({ detail, hint, cause }: SqlError): { detail?: string; hint?: string; cause?: unknown } {
  return {
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  };
}
