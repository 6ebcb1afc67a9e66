import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DriverRequestSchema,
  DriverResponseSchema,
  LogMessage_Level,
  LogMessageSchema,
  type DriverRequest,
} from '../gen/proto/common_pb.js';
import { readRequest, responseMessage, writeResponse } from './envelope.js';

const packed = fc.option(
  fc.record({ typeUrl: fc.string({ unit: 'binary' }), value: fc.uint8Array({ maxLength: 300 }) }),
  { nil: undefined },
);
const request = fc.record({
  credentials: packed,
  command: packed,
  features: fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }),
  runtimeOptions: fc.option(
    fc.record({
      runId: fc.string(),
      queryTags: fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 2 }),
      meta: packed,
    }),
    { nil: undefined },
  ),
});

/** What the service looks at, in one shape for both readers. */
function essence({ credentials, command, features, runtimeOptions }: ReturnType<typeof readRequest> | DriverRequest) {
  const plain = (any: { typeUrl: string; value: Uint8Array } | undefined) =>
    any && { typeUrl: any.typeUrl, value: Buffer.from(any.value).toString('hex') };
  return {
    credentials: plain(credentials),
    command: plain(command),
    features: [...features],
    runId: runtimeOptions?.runId,
  };
}

function mustReadAsTheLibrary(bytes: Uint8Array): void {
  expect(essence(readRequest(bytes))).toEqual(essence(fromBinary(DriverRequestSchema, bytes)));
}

describe('reading a request', () => {
  it('finds what the library finds', () => {
    fc.assert(
      fc.property(request, (fields) => {
        mustReadAsTheLibrary(toBinary(DriverRequestSchema, create(DriverRequestSchema, fields)));
      }),
    );
  });

  it('merges what comes twice', () => {
    const halves = fc
      .tuple(request, request)
      .map((both) =>
        Buffer.concat(both.map((fields) => toBinary(DriverRequestSchema, create(DriverRequestSchema, fields)))),
      );
    fc.assert(fc.property(halves, mustReadAsTheLibrary));
  });

  it('passes over fields of a later protocol', () => {
    const later = new BinaryWriter()
      .tag(100, WireType.LengthDelimited)
      .string('unknown')
      .tag(101, WireType.Varint)
      .uint32(7)
      .tag(3, WireType.LengthDelimited)
      .string('feature')
      .finish();
    expect(readRequest(later)).toEqual({ features: ['feature'] });
  });

  it.each(['ff', '0aff', '08', '1a05ab', '0a0212ff', '1a02c328'])('throws for damaged bytes: %s', (hex) => {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
    expect(() => fromBinary(DriverRequestSchema, bytes)).toThrow();
    expect(() => readRequest(bytes)).toThrow();
  });
});

describe('writing a response', () => {
  const messages = [LogMessage_Level.Warning, LogMessage_Level.Error].map((level) =>
    create(LogMessageSchema, { level, message: `number ${level}` }),
  );
  const typeUrl = 'type.googleapis.com/some.Message';

  it.each([
    ['nothing', { answer: undefined, messages: [] }, {}],
    ['messages', { answer: undefined, messages }, { messages }],
    [
      'an answer and messages',
      {
        answer: { typeUrl, write: (writer: { text(no: number, value: string): void }) => writer.text(1, 'x') },
        messages,
      },
      { messages, commandResponse: { typeUrl, value: Uint8Array.from([10, 1, 120]) } },
    ],
    [
      'an answer without a field',
      { answer: { typeUrl, write: () => undefined }, messages: [] },
      { commandResponse: { typeUrl } },
    ],
  ])('%s', (_name, answer, expected) => {
    const library = toBinary(DriverResponseSchema, create(DriverResponseSchema, expected));
    expect(Buffer.from(toBinary(DriverResponseSchema, responseMessage(answer)))).toEqual(Buffer.from(library));
    expect(fromBinary(DriverResponseSchema, Uint8Array.from(writeResponse(answer)))).toEqual(
      fromBinary(DriverResponseSchema, library),
    );
  });
});
