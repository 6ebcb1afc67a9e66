import { fromJson, toJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { driverRegistry, findCommandByShortName } from './commands.js';
import { DRIVER_CODES, DriverFailure, invalid } from './driver-failure.js';
import {
  DriverRequestSchema,
  DriverResponseSchema,
  LogMessage_Level,
  RuntimeOptionsSchema,
  type DriverRequest,
  type DriverResponse,
} from './gen/proto/common_pb.js';
import { GenericBackendCredentialsSchema } from './gen/proto/credentials_pb.js';

const jsonOptions = { registry: driverRegistry } as const;

/**
 * The two JSON forms: that of protocol buffers, and that of the reference service, which names the command by `type` and takes
 * snake_case as well.
 */
export function requestFromJson(body: unknown): { readonly request: DriverRequest; readonly isReference: boolean } {
  if (!isObject(body)) throw invalid('The body must be a JSON object.');
  const isReference = isReferenceForm(body);
  try {
    return {
      request: isReference ? fromReference(body) : fromJson(DriverRequestSchema, body, jsonOptions),
      isReference,
    };
  } catch (error) {
    if (error instanceof DriverFailure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DriverFailure('invalid_argument', DRIVER_CODES.validation, `The request cannot be decoded: ${reason}`, {
      cause: error,
    });
  }
}

export function responseToJson(response: DriverResponse, isReference: boolean): string {
  if (!isReference) return JSON.stringify(toJson(DriverResponseSchema, response, jsonOptions));
  const { commandResponse } = toJson(DriverResponseSchema, response, jsonOptions) as JsonObject;
  return JSON.stringify({
    commandResponse: commandResponse ?? null,
    messages: response.messages.map(({ level, message }) => ({ level: foldedLevel(level), message })),
  });
}

function isReferenceForm(body: JsonObject): boolean {
  const { command, credentials } = body;
  if (isObject(command) && typeof command['type'] === 'string') return true;
  return isObject(credentials) && credentials['@type'] === undefined;
}

function fromReference(body: JsonObject): DriverRequest {
  const { command, credentials, features, runtimeOptions } = body;
  if (!isObject(command)) throw invalid('The body holds no command.');
  const { type, '@type': typeUrl, ...fields } = command;
  const name = type ?? typeUrl;
  if (typeof name !== 'string' || name === '') throw invalid('The command has no type.');
  const found = findCommandByShortName(name);
  if (found === undefined) throw invalid(`Unknown command type: ${name.slice(0, 200)}`);
  const given = isObject(credentials) ? credentials : {};
  const message = fromJson(found.request, inCamelCase(fields), jsonOptions);
  return create(DriverRequestSchema, {
    command: anyPack(found.request, message),
    credentials: anyPack(
      GenericBackendCredentialsSchema,
      create(GenericBackendCredentialsSchema, {
        host: textOf(given['project_id'] ?? given['host']),
        principal: textOf(given['principal']),
      }),
    ),
    features: Array.isArray(features) ? features.map(textOf) : [],
    runtimeOptions: create(RuntimeOptionsSchema, {
      runId: isObject(runtimeOptions) ? textOf(runtimeOptions['runId'] ?? runtimeOptions['run_id']) : '',
    }),
  });
}

/** Field names only: what is inside a typed `Any` follows the JSON of protocol buffers already, as names of fields do everywhere. */
function inCamelCase(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.startsWith('@') ? key : key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      inCamelCase(member),
    ]),
  );
}

function foldedLevel(level: LogMessage_Level): 'Error' | 'Warning' | 'Info' {
  if (level <= LogMessage_Level.Error) return 'Error';
  return level === LogMessage_Level.Warning ? 'Warning' : 'Info';
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
