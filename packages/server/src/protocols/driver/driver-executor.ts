import { createHash } from 'node:crypto';
import { create, fromBinary, type DescMessage, type Message } from '@bufbuild/protobuf';
import type { Logger } from 'pino';
import { NotAuthenticatedError } from '../../auth/authorize.js';
import type { Authentication } from '../../auth/authenticator.js';
import type { Principal } from '../../auth/principal.js';
import { describeOperation } from '../../model/operations.js';
import { findCommand } from './commands.js';
import { WrittenAnswer, type Command } from './define-command.js';
import { auditDetails, branchOf, DriverCall } from './driver-call.js';
import { DRIVER_CODES, DriverFailure, invalid } from './driver-failure.js';
import type { DriverServices } from './driver-services.js';
import { GenericBackendCredentialsSchema, type GenericBackendCredentials } from './gen/proto/credentials_pb.js';
import { auditedError, isUnexpectedFailure, translateFailure } from './translate-failure.js';
import { writeMessage } from './wire/encode-message.js';
import type { CommandAnswer, CommandRequest, Packed } from './wire/envelope.js';

/** How a command came in. */
export interface CommandEnvelope {
  /** Of the request; when there is none, the secret of the credentials is the key. */
  readonly authorization: string | undefined;
  readonly requestId: string;
  /** The caller's own, for repeating this very call. */
  readonly idempotencyKey: string | undefined;
  readonly signal: AbortSignal;
  /** The door has a line in the log for every request already, and takes what it does not know. */
  readonly logged?: (line: CommandLine) => void;
}

/** What the log says about a command. */
export interface CommandLine {
  readonly command: string;
  /** Id of the key, `admin`, or null when nobody was recognised. */
  readonly actor: string | null;
  readonly project: string | null;
  /** `ok`, or the kind of the failure. */
  readonly status: string;
}

/** What has become known of a command on its way. */
interface CommandTrace {
  readonly startedAt: number;
  command?: Command;
  runId?: string;
  principal?: Principal;
  formerKey?: { readonly key_id: string; readonly key_state: string };
  call?: DriverCall;
}

export interface DriverObserver {
  /** `status` is `ok` or the kind of the failure. */
  finished(command: string, status: string, durationMs: number): void;
}

const MAX_IDEMPOTENCY_KEY_LENGTH = 512;

/**
 * One command, whichever door it came through.
 *
 *     envelope ─► key ─► command by its type ─► level ─► fields ─► handler ─► services
 *
 * Work that has begun does not depend on the connection: a change runs to its end when the caller is gone. Who repeats a command
 * that must not happen twice, within the same run, waits for the first one and gets its answer.
 */
export class DriverExecutor {
  constructor(
    private readonly services: DriverServices,
    private readonly logger: Logger,
    private readonly observer?: DriverObserver,
  ) {}

  /** Throws `DriverFailure` and nothing else. */
  async execute(request: CommandRequest, envelope: CommandEnvelope): Promise<CommandAnswer> {
    const trace: CommandTrace = { startedAt: performance.now() };
    let status = 'ok';
    try {
      return await this.#run(request, envelope, trace);
    } catch (error) {
      const failure = translateFailure(error);
      status = failure.status;
      if (isUnexpectedFailure(failure)) {
        const { requestId } = envelope;
        this.logger.error({ err: error, command: nameOf(trace), requestId }, 'driver command failed');
      }
      this.#auditRefusal(failure, envelope, trace);
      throw failure;
    } finally {
      this.#finished(status, envelope, trace);
    }
  }

  #finished(status: string, envelope: CommandEnvelope, trace: CommandTrace): void {
    const durationMs = performance.now() - trace.startedAt;
    const command = nameOf(trace);
    this.observer?.finished(command, status, durationMs);
    const line = { command, actor: trace.principal?.actor ?? null, project: projectOf(trace), status };
    if (envelope.logged !== undefined) {
      envelope.logged(line);
      return;
    }
    const ms = Math.round(durationMs * 10) / 10;
    this.logger.info({ ...line, ms, requestId: envelope.requestId }, 'driver command');
  }

  /** The change runner audits what it ran, a call what it refused; the rest is refused here: a wrong key, a bad field. */
  #auditRefusal(failure: DriverFailure, { requestId }: CommandEnvelope, trace: CommandTrace): void {
    const { command, call, principal = null, runId = '' } = trace;
    if (command?.operation === undefined || call?.isAudited === true) return;
    const isChange = describeOperation(command.operation).change;
    if (!isChange && failure.httpStatus !== 401 && failure.httpStatus !== 403) return;
    const refusal = {
      operation: command.operation,
      principal,
      requestId,
      projectId: projectOf(trace),
      branchId: branchOf(command.operation),
      resourceId: null,
      error: auditedError(failure),
      durationMs: performance.now() - trace.startedAt,
      details: { ...auditDetails({ command: command.request.name, runId }), ...trace.formerKey },
    };
    if (isChange) this.services.changes.refused(refusal);
    else this.services.changes.refusedRead(refusal);
  }

  async #run(request: CommandRequest, envelope: CommandEnvelope, trace: CommandTrace): Promise<CommandAnswer> {
    const command = requireCommand(request.command);
    const runId = request.runtimeOptions?.runId ?? '';
    trace.command = command;
    trace.runId = runId;
    const credentials = credentialsOf(request.credentials);
    const authentication = await this.#authenticate(envelope.authorization, credentials, trace);
    const { principal } = authentication;
    trace.principal = principal;
    this.services.rateLimiter.mustBeWithinRate(principal);
    mustBeOfLevel(command, principal);
    const message = decode(command, request.command);
    const isOnceInRun = runId !== '' && command.onceInRun(message);
    const call = new DriverCall({
      command: command.request.name,
      services: this.services,
      authentication,
      principal,
      requestId: envelope.requestId,
      host: hostOf(credentials, principal),
      runId,
      features: request.features,
      get signal() {
        return envelope.signal;
      },
      isOnceInRun,
      idempotencyKey: idempotencyKeyOf(envelope),
      commandDigest: () => digestOf(request.command),
    });
    trace.call = call;
    const answer = await command.run(call, message);
    return { answer: answerOf(command.response, answer), messages: call.log.messages };
  }

  async #authenticate(
    authorization: string | undefined,
    { secret }: GenericBackendCredentials,
    trace: CommandTrace,
  ): Promise<Extract<Authentication, { kind: 'known' }>> {
    const given = authorization ?? (secret === '' ? undefined : `Bearer ${secret}`);
    const authentication = await this.services.authenticator.authenticate(given);
    if (authentication.kind === 'known') return authentication;
    if (authentication.kind === 'missing') throw new NotAuthenticatedError('Not authenticated');
    const { formerKey } = authentication;
    if (formerKey !== undefined) trace.formerKey = { key_id: formerKey.keyId, key_state: formerKey.state };
    throw new DriverFailure('unauthenticated', DRIVER_CODES.authentication, 'Invalid API key');
  }
}

function nameOf({ command }: CommandTrace): string {
  return command?.request.name ?? 'unknown';
}

function projectOf({ call, principal }: CommandTrace): string | null {
  return call?.concerns ?? (principal?.kind === 'project' ? principal.projectId : null);
}

function mustBeOfLevel({ level, request }: Command, principal: Principal): void {
  if (level !== 'backend' || principal.kind === 'admin') return;
  throw new DriverFailure('permission_denied', DRIVER_CODES.authentication, `${request.name} needs the admin key`);
}

function requireCommand(packed: Packed | undefined): Command {
  if (packed === undefined || packed.typeUrl === '') throw invalid('The request holds no command.');
  const command = findCommand(packed.typeUrl);
  if (command !== undefined) return command;
  const name = packed.typeUrl.slice(packed.typeUrl.lastIndexOf('/') + 1).slice(0, 200);
  const message = `Command "${name}" is not supported`;
  throw new DriverFailure('unimplemented', DRIVER_CODES.commandNotSupported, message, { context: { command: name } });
}

function answerOf(schema: DescMessage | null, answer: Message | WrittenAnswer | undefined): CommandAnswer['answer'] {
  if (schema === null || answer === undefined) return undefined;
  const typeUrl = `type.googleapis.com/${schema.typeName}`;
  if (answer instanceof WrittenAnswer) return { typeUrl, write: answer.write };
  return { typeUrl, write: (writer) => writeMessage(writer, schema, answer) };
}

function decode(command: Command, packed: Packed | undefined): Message {
  try {
    return fromBinary(command.request, packed?.value ?? new Uint8Array());
  } catch (error) {
    throw new DriverFailure('invalid_argument', DRIVER_CODES.validation, `${command.request.name} cannot be decoded.`, {
      cause: error,
    });
  }
}

function credentialsOf(packed: Packed | undefined): GenericBackendCredentials {
  if (packed === undefined || packed.typeUrl === '') return create(GenericBackendCredentialsSchema);
  if (!packed.typeUrl.endsWith(`/${GenericBackendCredentialsSchema.typeName}`)) {
    throw invalid('The credentials must be GenericBackendCredentials.');
  }
  try {
    return fromBinary(GenericBackendCredentialsSchema, packed.value);
  } catch (error) {
    throw new DriverFailure('invalid_argument', DRIVER_CODES.validation, 'The credentials cannot be decoded.', {
      cause: error,
    });
  }
}

/** The key says whose project it is; a host that is the number of another one shows that something is mixed up. */
function hostOf({ host }: GenericBackendCredentials, principal: Principal): string {
  if (principal.kind === 'project' && /^\d+$/.test(host) && host !== principal.projectId) {
    const message = `This key does not belong to project ${host}`;
    throw new DriverFailure('permission_denied', DRIVER_CODES.permissionDenied, message, {
      context: { project_id: host },
    });
  }
  return host;
}

function idempotencyKeyOf({ idempotencyKey }: CommandEnvelope): string {
  const given = idempotencyKey?.trim() ?? '';
  if (given.length <= MAX_IDEMPOTENCY_KEY_LENGTH) return given;
  throw invalid(`The idempotency key is longer than ${MAX_IDEMPOTENCY_KEY_LENGTH} characters.`);
}

function digestOf(packed: Packed | undefined): string {
  return createHash('sha256')
    .update(`${packed?.typeUrl ?? ''}\0`)
    .update(packed?.value ?? new Uint8Array())
    .digest('hex');
}
