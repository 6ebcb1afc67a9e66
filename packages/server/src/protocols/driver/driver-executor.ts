import { createHash } from 'node:crypto';
import { create, fromBinary, type DescMessage, type Message } from '@bufbuild/protobuf';
import type { Logger } from 'pino';
import { NotAuthenticatedError } from '../../auth/authorize.js';
import type { Principal } from '../../auth/principal.js';
import { findCommand } from './commands.js';
import { WrittenAnswer, type Command } from './define-command.js';
import { DriverCall } from './driver-call.js';
import { DRIVER_CODES, DriverFailure, invalid } from './driver-failure.js';
import type { DriverServices } from './driver-services.js';
import { GenericBackendCredentialsSchema, type GenericBackendCredentials } from './gen/proto/credentials_pb.js';
import { isUnexpectedFailure, translateFailure } from './translate-failure.js';
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
  /** The door has a line in the log for every request already. */
  readonly isLogged?: boolean;
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
    const startedAt = performance.now();
    let name = 'unknown';
    let status = 'ok';
    try {
      const command = requireCommand(request.command);
      name = command.request.name;
      return await this.#run(command, request, envelope);
    } catch (error) {
      const failure = translateFailure(error);
      status = failure.status;
      if (isUnexpectedFailure(failure)) {
        this.logger.error({ err: error, command: name, requestId: envelope.requestId }, 'driver command failed');
      }
      throw failure;
    } finally {
      const durationMs = performance.now() - startedAt;
      this.observer?.finished(name, status, durationMs);
      const { requestId } = envelope;
      const level = envelope.isLogged === true ? 'debug' : 'info';
      this.logger[level]({ command: name, status, ms: Math.round(durationMs * 10) / 10, requestId }, 'driver command');
    }
  }

  async #run(command: Command, request: CommandRequest, envelope: CommandEnvelope): Promise<CommandAnswer> {
    const credentials = credentialsOf(request.credentials);
    const authentication = await this.#authenticate(envelope.authorization, credentials);
    const { principal } = authentication;
    this.services.rateLimiter.mustBeWithinRate(principal);
    this.#mustBeOfLevel(command, principal, envelope);
    const runId = request.runtimeOptions?.runId ?? '';
    const message = decode(command, request.command);
    const isOnceInRun = runId !== '' && command.onceInRun(message);
    const call = new DriverCall({
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
    const answer = await command.run(call, message);
    return { answer: answerOf(command.response, answer), messages: call.log.messages };
  }

  async #authenticate(authorization: string | undefined, { secret }: GenericBackendCredentials) {
    const given = authorization ?? (secret === '' ? undefined : `Bearer ${secret}`);
    const authentication = await this.services.authenticator.authenticate(given);
    if (authentication.kind === 'known') return authentication;
    if (authentication.kind === 'missing') throw new NotAuthenticatedError('Not authenticated');
    throw new DriverFailure('unauthenticated', DRIVER_CODES.authentication, 'Invalid API key');
  }

  #mustBeOfLevel({ level, operation, request }: Command, principal: Principal, { requestId }: CommandEnvelope): void {
    if (level !== 'backend' || principal.kind === 'admin') return;
    const message = `${request.name} needs the admin key`;
    const error = new DriverFailure('permission_denied', DRIVER_CODES.authentication, message);
    if (operation !== undefined) {
      const { projectId } = principal;
      this.services.changes.refused({
        operation,
        principal,
        requestId,
        projectId,
        resourceId: null,
        error,
        durationMs: 0,
      });
    }
    throw error;
  }
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
