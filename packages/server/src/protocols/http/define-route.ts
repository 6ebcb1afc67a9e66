import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { ErrorCode } from '../../errors/catalogue.js';
import type { OperationName } from '../../model/operations.js';
import type { Metrics } from '../../observability/metrics.js';
import type { Change } from '../../services/change.js';
import type { HttpServices } from './services.js';
import type { DoorSettings } from './server-options.js';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What the outside sees of an operation: gives the router, the checks and the OpenAPI document. */
export interface RouteDescription {
  readonly operation: OperationName;
  readonly method: HttpMethod;
  /** With `:name` parameters. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** The one part of a multipart form that carries the content. */
  readonly multipartFile?: string;
  readonly success: SuccessDescription;
  readonly errors: readonly ErrorCode[];
}

export interface SuccessDescription {
  readonly status: 200 | 201 | 204;
  readonly description: string;
  /** Absent: no body, or one that is not JSON. */
  readonly schema?: TSchema;
  readonly mediaType?: string;
}

export interface RouteContext<P, Q, B> {
  readonly services: HttpServices;
  readonly settings: DoorSettings;
  readonly metrics: Metrics;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
}

export type UntypedContext = RouteContext<unknown, unknown, unknown>;

/** `handle` gives JSON, `respond` writes its answer itself, `change` runs under the change runner. */
export type Route = RouteDescription &
  (
    | { readonly kind: 'read'; readonly handle: (context: UntypedContext) => Promise<unknown> }
    | { readonly kind: 'respond'; readonly respond: (context: UntypedContext) => Promise<FastifyReply> }
    | { readonly kind: 'change'; readonly change: ChangeHandler }
  );

export interface ChangeHandler {
  readonly subject: (context: UntypedContext) => ChangeSubject;
  readonly run: (context: UntypedContext, change: Change<unknown>) => Promise<unknown>;
  readonly render: (result: unknown, context: UntypedContext) => unknown;
}

export interface ChangeSubject {
  readonly projectId?: string;
  readonly resourceId?: string;
}

interface TypedDescription<P extends TSchema, Q extends TSchema, B extends TSchema> extends RouteDescription {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
}

type Typed<P extends TSchema, Q extends TSchema, B extends TSchema> = RouteContext<Static<P>, Static<Q>, Static<B>>;

/** Fastify has checked the request against the schemas before a handler runs; this says so to the compiler. */
function checked<P extends TSchema, Q extends TSchema, B extends TSchema>(context: UntypedContext): Typed<P, Q, B> {
  return context as Typed<P, Q, B>;
}

/** An operation that changes nothing and answers JSON. */
export function defineRead<P extends TSchema, Q extends TSchema, B extends TSchema>(
  route: TypedDescription<P, Q, B> & { readonly handle: (context: Typed<P, Q, B>) => Promise<unknown> },
): Route {
  return { ...route, kind: 'read', handle: (context) => route.handle(checked<P, Q, B>(context)) };
}

/** An operation that answers something else than JSON. */
export function defineResponder<P extends TSchema, Q extends TSchema, B extends TSchema>(
  route: TypedDescription<P, Q, B> & { readonly respond: (context: Typed<P, Q, B>) => Promise<FastifyReply> },
): Route {
  return { ...route, kind: 'respond', respond: (context) => route.respond(checked<P, Q, B>(context)) };
}

/** An operation that changes something: idempotent retries and audit come with it. `render` gives JSON, nothing for 204. */
export function defineChange<P extends TSchema, Q extends TSchema, B extends TSchema, R>(
  route: TypedDescription<P, Q, B> & {
    /** What the audit calls the subject when the path alone does not say it. */
    readonly subject?: (context: Typed<P, Q, B>) => ChangeSubject;
    readonly run: (context: Typed<P, Q, B>, change: Change<R>) => Promise<R>;
    readonly render?: (result: R, context: Typed<P, Q, B>) => unknown;
  },
): Route {
  const { subject, run, render, ...description } = route;
  return {
    ...description,
    kind: 'change',
    change: {
      subject: (context) => subject?.(checked<P, Q, B>(context)) ?? {},
      run: (context, change) => run(checked<P, Q, B>(context), change),
      render: (result, context) => render?.(result as R, checked<P, Q, B>(context)),
    },
  };
}
