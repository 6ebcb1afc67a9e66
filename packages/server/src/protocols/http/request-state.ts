import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authentication } from '../../auth/authenticator.js';
import type { Principal } from '../../auth/principal.js';
import type { CommandLine } from '../driver/driver-executor.js';
import { DomainError } from '../../errors/domain-error.js';

/** What this door remembers of a request between its steps. */
export interface RequestState {
  readonly startedAt: number;
  authentication: Authentication;
  /** The caller, once recognised; noted before it is known whether it may do what it asks for. */
  principal: Principal | undefined;
  /** The JSON body as it came; null when there was none. */
  rawBody: Uint8Array | null;
  /** From here on the change runner audits and counts; before, a refusal is ours to report. */
  changeStarted: boolean;
  error: unknown;
  /** Of a request to the storage driver. */
  driverCommand?: CommandLine;
  /** Every byte of a streamed answer is on its way. */
  answerComplete: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    door: RequestState;
  }
}

export function newRequestState(): RequestState {
  return {
    startedAt: performance.now(),
    authentication: { kind: 'missing' },
    principal: undefined,
    rawBody: null,
    changeStarted: false,
    error: undefined,
    answerComplete: false,
  };
}

export function mustHavePrincipal(request: FastifyRequest): Principal {
  const { principal } = request.door;
  if (principal === undefined) throw new Error('A change needs a caller, so its operation cannot be open to anyone');
  return principal;
}

/** Aborts when the client leaves before it has the whole answer. */
export function abortSignalOf(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const leave = (): void => {
    if (!reply.raw.writableEnded) {
      controller.abort(new DomainError('request_cancelled', `The client left during ${request.method} ${request.url}`));
    }
  };
  if (reply.raw.destroyed) leave();
  else reply.raw.once('close', leave);
  return controller.signal;
}
