import { SqlError } from '../../../errors/sql-error.js';
import { malformed, MessageReader } from './message-reader.js';

const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSS_ENCRYPTION_REQUEST = 80_877_104;
const PROTOCOL_3 = 3;

/** Names that a client may ask us to understand beyond the protocol; none is, and it is told so. */
const EXTENSION_PREFIX = '_pq_.';

export type StartupPacket =
  | { readonly kind: 'ssl-request' }
  | { readonly kind: 'gss-encryption-request' }
  | { readonly kind: 'cancel-request'; readonly backendPid: number; readonly secret: number }
  | StartupMessage;

export interface StartupMessage {
  readonly kind: 'startup';
  readonly minorVersion: number;
  /** In the order they were sent; a repeated name keeps its last value. Protocol extensions are not among them. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly extensions: readonly string[];
}

/** The first packet of a connection has no type byte: its first number says what it is. */
export function decodeStartupPacket(body: Buffer): StartupPacket {
  try {
    return decode(new MessageReader(body));
  } catch (error) {
    // Without a startup packet there is no session that could go on.
    if (error instanceof SqlError) throw new SqlError(error.sqlState, error.message, { severity: 'FATAL' });
    throw error;
  }
}

function decode(reader: MessageReader): StartupPacket {
  const code = reader.int32();
  switch (code) {
    case SSL_REQUEST:
      reader.end();
      return { kind: 'ssl-request' };
    case GSS_ENCRYPTION_REQUEST:
      reader.end();
      return { kind: 'gss-encryption-request' };
    case CANCEL_REQUEST: {
      const request = { kind: 'cancel-request', backendPid: reader.int32(), secret: reader.uint32() } as const;
      reader.end();
      return request;
    }
    default:
      return decodeStartup(code, reader);
  }
}

function decodeStartup(version: number, reader: MessageReader): StartupMessage {
  const major = version >>> 16;
  const minorVersion = version & 0xffff;
  if (major !== PROTOCOL_3) {
    throw new SqlError('0A000', `unsupported frontend protocol ${major}.${minorVersion}: server supports 3.0 to 3.0`);
  }
  const parameters = new Map<string, string>();
  const extensions: string[] = [];
  for (let name = reader.text(); name !== ''; name = reader.text()) {
    const value = reader.text();
    if (name.startsWith(EXTENSION_PREFIX)) extensions.push(name);
    else parameters.set(name, value);
  }
  try {
    reader.end();
  } catch {
    throw malformed('invalid startup packet layout: expected terminator as last byte');
  }
  return { kind: 'startup', minorVersion, parameters, extensions };
}
