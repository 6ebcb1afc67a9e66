import { SqlError } from '../../../errors/sql-error.js';
import type { Frame } from './frame-reader.js';
import { malformed, MessageReader } from './message-reader.js';

/** How a value is written on the wire. */
export type FormatCode = 0 | 1;
export const TEXT_FORMAT = 0;
export const BINARY_FORMAT = 1;

/**
 * What a client can say once its session is open. Values are views of the bytes that arrived.
 *
 * Formats are as sent: none means text for all, one means the same for all, else one for each; `formatOf` applies the rule.
 */
export type FrontendMessage =
  | { readonly kind: 'query'; readonly sql: string }
  | {
      readonly kind: 'parse';
      readonly statement: string;
      readonly sql: string;
      /** 0 leaves the type to the server. */
      readonly parameterTypes: readonly number[];
    }
  | BindMessage
  | { readonly kind: 'describe'; readonly target: 'statement' | 'portal'; readonly name: string }
  | { readonly kind: 'close'; readonly target: 'statement' | 'portal'; readonly name: string }
  /** `maxRows` 0 is no limit. */
  | { readonly kind: 'execute'; readonly portal: string; readonly maxRows: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'sync' }
  | { readonly kind: 'terminate' }
  | { readonly kind: 'copy-data'; readonly data: Buffer }
  | { readonly kind: 'copy-done' }
  | { readonly kind: 'copy-fail'; readonly reason: string }
  | FunctionCallMessage
  /** A password or SASL answer; only the gateway expects one, and it reads the body itself. */
  | { readonly kind: 'authentication'; readonly body: Buffer };

export interface BindMessage {
  readonly kind: 'bind';
  readonly portal: string;
  readonly statement: string;
  readonly parameterFormats: readonly FormatCode[];
  readonly parameters: readonly (Buffer | null)[];
  readonly resultFormats: readonly FormatCode[];
}

export interface FunctionCallMessage {
  readonly kind: 'function-call';
  readonly functionOid: number;
  readonly argumentFormats: readonly FormatCode[];
  readonly arguments: readonly (Buffer | null)[];
  readonly resultFormat: FormatCode;
}

export function decodeFrontendMessage({ type, body }: Frame): FrontendMessage {
  // The one message that comes by the hundred thousand.
  if (type === 'd') return { kind: 'copy-data', data: body };
  const reader = new MessageReader(body);
  const message = decode(type, reader);
  reader.end();
  return message;
}

/** The format of one value among those that a Bind or FunctionCall gave. */
export function formatOf(formats: readonly FormatCode[], index: number): FormatCode {
  if (formats.length === 0) return TEXT_FORMAT;
  return (formats.length === 1 ? formats[0] : formats[index]) ?? TEXT_FORMAT;
}

function decode(type: Exclude<Frame['type'], 'd'>, reader: MessageReader): FrontendMessage {
  switch (type) {
    case 'Q':
      return { kind: 'query', sql: reader.text() };
    case 'P':
      return {
        kind: 'parse',
        statement: reader.text(),
        sql: reader.text(),
        parameterTypes: list(reader.uint16(), () => reader.uint32()),
      };
    case 'B':
      return decodeBind(reader);
    case 'D':
      return { kind: 'describe', ...targetOf(reader) };
    case 'C':
      return { kind: 'close', ...targetOf(reader) };
    case 'E':
      return { kind: 'execute', portal: reader.text(), maxRows: Math.max(0, reader.int32()) };
    case 'H':
      return { kind: 'flush' };
    case 'S':
      return { kind: 'sync' };
    case 'X':
      return { kind: 'terminate' };
    case 'c':
      return { kind: 'copy-done' };
    case 'f':
      return { kind: 'copy-fail', reason: reader.text() };
    case 'F':
      return {
        kind: 'function-call',
        functionOid: reader.uint32(),
        argumentFormats: formatList(reader),
        arguments: list(reader.uint16(), () => value(reader)),
        resultFormat: format(reader),
      };
    case 'p':
      return { kind: 'authentication', body: reader.rest() };
  }
}

function decodeBind(reader: MessageReader): BindMessage {
  const portal = reader.text();
  const statement = reader.text();
  const parameterFormats = formatList(reader);
  const parameters = list(reader.uint16(), () => value(reader));
  if (parameterFormats.length > 1 && parameterFormats.length !== parameters.length) {
    throw malformed(
      `bind message has ${parameterFormats.length} parameter formats but ${parameters.length} parameters`,
    );
  }
  return { kind: 'bind', portal, statement, parameterFormats, parameters, resultFormats: formatList(reader) };
}

function targetOf(reader: MessageReader): { target: 'statement' | 'portal'; name: string } {
  const letter = reader.byte();
  switch (letter) {
    case 0x53:
      return { target: 'statement', name: reader.text() };
    case 0x50:
      return { target: 'portal', name: reader.text() };
    default:
      throw malformed(`invalid message subtype ${letter}: neither a statement (S) nor a portal (P)`);
  }
}

function formatList(reader: MessageReader): FormatCode[] {
  return list(reader.uint16(), () => format(reader));
}

function format(reader: MessageReader): FormatCode {
  const code = reader.int16();
  if (code === TEXT_FORMAT || code === BINARY_FORMAT) return code;
  throw new SqlError('22023', `unsupported format code: ${code}`);
}

/** A length and that many bytes; -1 is NULL. */
function value(reader: MessageReader): Buffer | null {
  const length = reader.int32();
  return length === -1 ? null : reader.bytes(length);
}

function list<T>(count: number, read: () => T): T[] {
  const items: T[] = [];
  for (let index = 0; index < count; index += 1) items.push(read());
  return items;
}
