import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { commands } from '../driver/commands.js';
import type { CommandLine, DriverExecutor } from '../driver/driver-executor.js';
import { DRIVER_CODES, DriverFailure, invalid } from '../driver/driver-failure.js';
import { requestFromJson, responseToJson } from '../driver/reference-form.js';
import { refusalOf } from './errors.js';
import { abortSignalOf } from './request-state.js';
import { translateFailure } from '../driver/translate-failure.js';
import { readRequest, responseMessage, writeResponse, type CommandRequest } from '../driver/wire/envelope.js';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json; charset=utf-8';
/** A command is small, apart from those about very wide tables. */
const MAX_COMMAND_BYTES = 64 * 1024 * 1024;

/** The addresses of the driver on this door, for whoever must know every path. */
export function driverUrls(prefix: string): readonly { method: string; url: string }[] {
  return [
    { method: 'POST', url: `${prefix}/driver/execute` },
    { method: 'GET', url: `${prefix}/driver/commands` },
  ];
}

/**
 * The driver protocol over HTTP: the messages of the gRPC door as bytes, or as JSON in either of its forms. For clients without
 * gRPC, such as Keboola Connection.
 */
export function installDriverRoutes(app: FastifyInstance, prefix: string, executor: DriverExecutor): void {
  void app.register((scope: FastifyInstance, _options, done) => {
    scope.addContentTypeParser(
      PROTOBUF,
      { parseAs: 'buffer', bodyLimit: MAX_COMMAND_BYTES },
      (_request, body, parsed) => {
        parsed(null, body);
      },
    );
    // Its bytes are kept as they are: one parse is enough, and the one of the REST door keeps numbers that no command has.
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: MAX_COMMAND_BYTES },
      (_request, body, parsed) => {
        parsed(null, new JsonBody(String(body)));
      },
    );
    scope.setErrorHandler((error, request, reply) => sendFailure(error, request, reply));
    const hidden = { schema: { hide: true } };
    scope.post(`${prefix}/driver/execute`, hidden, (request, reply) => execute(request, reply, executor));
    scope.get(`${prefix}/driver/commands`, hidden, (_request, reply) => reply.type(JSON_TYPE).send(commandList()));
    done();
  });
}

class JsonBody {
  constructor(private readonly text: string) {}

  parse(): unknown {
    try {
      return JSON.parse(this.text);
    } catch (error) {
      throw new DriverFailure('invalid_argument', DRIVER_CODES.validation, 'The body is not JSON.', { cause: error });
    }
  }
}

async function execute(request: FastifyRequest, reply: FastifyReply, executor: DriverExecutor): Promise<FastifyReply> {
  const { headers, body } = request;
  let signal: AbortSignal | undefined;
  const key = headers['x-idempotency-key'];
  const envelope = {
    authorization: headers.authorization,
    requestId: request.id,
    idempotencyKey: typeof key === 'string' ? key : undefined,
    // Most commands are done before anybody asks whether their caller is still there.
    get signal() {
      return (signal ??= abortSignalOf(request, reply));
    },
    logged: (line: CommandLine) => {
      request.door.driverCommand = line;
    },
  };
  if (Buffer.isBuffer(body)) {
    return reply.type(PROTOBUF).send(writeResponse(await executor.execute(fromBytes(body), envelope)));
  }
  if (!(body instanceof JsonBody)) throw invalid(`Send a DriverRequest as ${PROTOBUF}, or as JSON.`);
  const { request: decoded, isReference } = requestFromJson(body.parse());
  const answer = await executor.execute(decoded, envelope);
  return reply.type(JSON_TYPE).send(responseToJson(responseMessage(answer), isReference));
}

function fromBytes(bytes: Uint8Array): CommandRequest {
  try {
    return readRequest(bytes);
  } catch (error) {
    throw new DriverFailure('invalid_argument', DRIVER_CODES.validation, 'The body is not a DriverRequest.', {
      cause: error,
    });
  }
}

function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = translateFailure(refusalOf(error));
  request.door.error = failure.cause ?? failure;
  const { httpStatus } = failure;
  if (httpStatus === 401) reply.header('www-authenticate', 'Bearer');
  if (httpStatus === 429 || httpStatus === 503) reply.header('retry-after', '1');
  return reply.code(httpStatus).type(JSON_TYPE).send(failure.toJson());
}

function commandList(): string {
  const listed = commands
    .filter(({ unsupported }) => unsupported === undefined)
    .map(({ request, response, level, summary }) => ({
      type: request.name,
      description: summary,
      example: { type: request.name },
      type_url: `type.googleapis.com/${request.typeName}`,
      response_type_url: response === null ? null : `type.googleapis.com/${response.typeName}`,
      level,
    }));
  return JSON.stringify({ supported_commands: listed, total_commands: listed.length });
}
