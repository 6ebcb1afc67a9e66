import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import {
  DriverRequestSchema,
  DriverResponseSchema,
  LogMessageSchema,
  RuntimeOptionsSchema,
  type DriverResponse,
  type LogMessage,
} from '../gen/proto/common_pb.js';
import { BackwardWriter } from './backward-writer.js';

/** A message with the name of its type, not looked into yet. */
export interface Packed {
  typeUrl: string;
  value: Uint8Array;
}

/** Of a `DriverRequest`, what decides about the command; a whole one is one of these too. */
export interface CommandRequest {
  readonly credentials?: Packed | undefined;
  readonly command?: Packed | undefined;
  readonly features: readonly string[];
  readonly runtimeOptions?: { readonly runId: string } | undefined;
}

/** Of a command that ran: its answer, in the door's hands to be written, and what is told to the user. */
export interface CommandAnswer {
  /** Undefined for a command that answers nothing. */
  readonly answer: { readonly typeUrl: string; readonly write: (writer: BackwardWriter) => void } | undefined;
  readonly messages: readonly LogMessage[];
}

const REQUEST = DriverRequestSchema.field;
const RESPONSE = DriverResponseSchema.field;
const ANY = AnySchema.field;
const RUN_ID = RuntimeOptionsSchema.field.runId.number;

/**
 * A `DriverRequest` from its bytes: the two messages in it stay bytes until it is known what they are. Repeated occurrences of a field are
 * merged, as protocol buffers want it. A test holds it to what the library reads.
 */
export function readRequest(bytes: Uint8Array): CommandRequest {
  const reader = new BinaryReader(bytes);
  const features: string[] = [];
  let credentials: Packed | undefined;
  let command: Packed | undefined;
  let runtimeOptions: { runId: string } | undefined;
  while (reader.pos < reader.len) {
    const [fieldNumber, wireType] = reader.tag();
    switch (fieldNumber) {
      case REQUEST.credentials.number:
        credentials = readPacked(reader, credentials);
        break;
      case REQUEST.command.number:
        command = readPacked(reader, command);
        break;
      case REQUEST.features.number:
        features.push(reader.string(true));
        break;
      case REQUEST.runtimeOptions.number:
        runtimeOptions = readRuntimeOptions(reader, runtimeOptions);
        break;
      default:
        reader.skip(wireType, fieldNumber);
    }
  }
  return { credentials, command, features, runtimeOptions };
}

function readPacked(reader: BinaryReader, packed: Packed = { typeUrl: '', value: new Uint8Array() }): Packed {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const [fieldNumber, wireType] = reader.tag();
    if (fieldNumber === ANY.typeUrl.number) packed.typeUrl = reader.string(true);
    else if (fieldNumber === ANY.value.number) packed.value = reader.bytes();
    else reader.skip(wireType, fieldNumber);
  }
  return packed;
}

function readRuntimeOptions(reader: BinaryReader, options = { runId: '' }): { runId: string } {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const [fieldNumber, wireType] = reader.tag();
    if (fieldNumber === RUN_ID) options.runId = reader.string(true);
    else reader.skip(wireType, fieldNumber);
  }
  return options;
}

/** A `DriverResponse`, with the answer written straight into it. */
export function writeResponse({ answer, messages }: CommandAnswer): Buffer<ArrayBuffer> {
  const writer = new BackwardWriter();
  for (const message of [...messages].reverse()) {
    writer.bytes(RESPONSE.messages.number, toBinary(LogMessageSchema, message));
  }
  if (answer !== undefined) {
    const end = writer.length;
    answer.write(writer);
    writer.closeMessage(ANY.value.number, end);
    writer.text(ANY.typeUrl.number, answer.typeUrl);
    writer.closeMessage(RESPONSE.commandResponse.number, end);
  }
  return writer.finish();
}

/** The same for those who want a message: gRPC and JSON. */
export function responseMessage({ answer, messages }: CommandAnswer): DriverResponse {
  const writer = new BackwardWriter();
  answer?.write(writer);
  return create(DriverResponseSchema, {
    messages: [...messages],
    ...(answer === undefined ? {} : { commandResponse: { typeUrl: answer.typeUrl, value: writer.finish() } }),
  });
}
