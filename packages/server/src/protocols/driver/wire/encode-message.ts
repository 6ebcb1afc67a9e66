import { ScalarType, type DescField, type DescMessage, type Message } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { BackwardWriter } from './backward-writer.js';

type Fields = Readonly<Record<string, unknown>>;
type WriteField = (writer: BackwardWriter, message: Fields) => void;

interface ValueKind {
  readonly write: (writer: BackwardWriter, fieldNumber: number, value: unknown) => void;
  /** Whether it is what a field has that nobody set: then it is not sent. */
  readonly isZero: (value: unknown) => boolean;
}

/** What the answers of the protocol have, and no more: another kind of value fails when its message is first met. */
const SCALARS: Partial<Readonly<Record<ScalarType, ValueKind>>> = {
  [ScalarType.STRING]: {
    write: (writer, fieldNumber, value) => writer.text(fieldNumber, value as string),
    isZero: (value) => value === '',
  },
  [ScalarType.BYTES]: {
    write: (writer, fieldNumber, value) => writer.bytes(fieldNumber, value as Uint8Array),
    isZero: (value) => (value as Uint8Array).length === 0,
  },
  [ScalarType.BOOL]: {
    write: (writer, fieldNumber, value) => writer.number(fieldNumber, value === true ? 1 : 0),
    isZero: (value) => value === false,
  },
  [ScalarType.DOUBLE]: {
    write: (writer, fieldNumber, value) => writer.double(fieldNumber, value as number),
    isZero: (value) => Object.is(value, 0),
  },
  [ScalarType.INT32]: integer(),
  [ScalarType.UINT32]: integer(),
  [ScalarType.INT64]: {
    write: (writer, fieldNumber, value) => writer.bigInteger(fieldNumber, value as bigint),
    isZero: (value) => value === 0n,
  },
};

function integer(): ValueKind {
  return {
    write: (writer, fieldNumber, value) => {
      const number = value as number;
      if (number >= 0) writer.number(fieldNumber, number);
      else writer.bigInteger(fieldNumber, BigInt(number));
    },
    isZero: (value) => value === 0,
  };
}

const writers = new Map<DescMessage, (writer: BackwardWriter, message: Fields) => void>();

/**
 * The bytes that `toBinary` makes. The library looks at the description of every field of every message each time, which takes longer
 * than the rest of a small command; here the description is read once, and what is left is one function for each field.
 */
export function encodeMessage(schema: DescMessage, message: Message): Buffer<ArrayBuffer> {
  const writer = new BackwardWriter();
  writeMessage(writer, schema, message);
  return writer.finish();
}

export function writeMessage(writer: BackwardWriter, schema: DescMessage, message: Message): void {
  writeFields(writer, schema, message);
}

function writeFields(writer: BackwardWriter, schema: DescMessage, message: Fields): void {
  let write = writers.get(schema);
  if (write === undefined) {
    write = fieldsWriter(schema);
    writers.set(schema, write);
  }
  write(writer, message);
}

/** The last field first, since it is written backwards. */
function fieldsWriter({ fields }: DescMessage): WriteField {
  const parts = [...fields].sort((one, other) => other.number - one.number).map(fieldWriter);
  return (writer, message) => {
    for (const part of parts) part(writer, message);
  };
}

function fieldWriter(field: DescField): WriteField {
  const { number, localName, oneof } = field;
  if (field.fieldKind === 'map') return mapWriter(field);
  const { write, isZero } = valueKindOf(field);
  if (oneof !== undefined) {
    return (writer, message) => {
      const chosen = message[oneof.localName] as { readonly case?: string; readonly value?: unknown };
      if (chosen.case === localName) write(writer, number, chosen.value);
    };
  }
  if (field.fieldKind === 'list') {
    if (field.packed) throw notWritten(field);
    return (writer, message) => {
      const values = message[localName] as readonly unknown[];
      for (let index = values.length - 1; index >= 0; index -= 1) write(writer, number, values[index]);
    };
  }
  if (field.fieldKind !== 'message' && field.presence !== FeatureSet_FieldPresence.IMPLICIT) throw notWritten(field);
  return (writer, message) => {
    const value = message[localName];
    if (!isZero(value)) write(writer, number, value);
  };
}

function valueKindOf(field: DescField): ValueKind {
  const { message } = field;
  if (message !== undefined) {
    return {
      write: (writer, fieldNumber, value) => {
        const end = writer.length;
        writeFields(writer, message, value as Fields);
        writer.closeMessage(fieldNumber, end);
      },
      isZero: (value) => value === undefined,
    };
  }
  const kind = field.enum === undefined ? scalarKind(field.scalar) : SCALARS[ScalarType.INT32];
  if (kind === undefined) throw notWritten(field);
  return kind;
}

function scalarKind(scalar: ScalarType | undefined): ValueKind | undefined {
  return scalar === undefined ? undefined : SCALARS[scalar];
}

/** An entry is a message of a key and a value. */
function mapWriter(field: DescField & { readonly fieldKind: 'map' }): WriteField {
  if (field.mapKey !== ScalarType.STRING || field.mapKind !== 'scalar') throw notWritten(field);
  const kind = SCALARS[field.scalar];
  if (kind === undefined) throw notWritten(field);
  const { number, localName } = field;
  return (writer, message) => {
    for (const [key, value] of Object.entries(message[localName] as Fields).reverse()) {
      const end = writer.length;
      kind.write(writer, 2, value);
      writer.text(1, key);
      writer.closeMessage(number, end);
    }
  };
}

function notWritten(field: DescField): Error {
  return new Error(`${String(field)} is of a kind that encode-message.ts does not write yet`);
}
