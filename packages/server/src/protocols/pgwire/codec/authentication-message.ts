import { malformed, MessageReader, utf8Text } from './message-reader.js';

/** The same type byte carries three messages; which one it is follows from what the server asked for. */
export interface SaslInitialResponse {
  readonly mechanism: string;
  /** Null when the client sent none with its choice. */
  readonly data: string | null;
}

export function decodePassword(body: Buffer): string {
  const reader = new MessageReader(body);
  const password = reader.text();
  reader.end();
  return password;
}

export function decodeSaslInitialResponse(body: Buffer): SaslInitialResponse {
  const reader = new MessageReader(body);
  const mechanism = reader.text();
  const length = reader.int32();
  if (length < -1) throw malformed('invalid message format');
  const data = length === -1 ? null : utf8Text(reader.bytes(length));
  reader.end();
  return { mechanism, data };
}

/** The rest of the message is the answer: no length, no terminator. */
export function decodeSaslResponse(body: Buffer): string {
  return utf8Text(body);
}
