import type { SqlError } from '../../../errors/sql-error.js';
import type { FormatCode } from './frontend-message.js';

/** One column of a result. `tableOid` and `columnNumber` are 0 unless the column certainly is that of a table. */
export interface ColumnDescription {
  readonly name: string;
  readonly tableOid: number;
  readonly columnNumber: number;
  readonly typeOid: number;
  /** Bytes of a value; -1 varies. */
  readonly typeSize: number;
  /** -1 says nothing. */
  readonly typeModifier: number;
  readonly format: FormatCode;
}

/** `I` idle, `T` in a transaction, `E` in a failed one. */
export type TransactionStatus = 'I' | 'T' | 'E';

export interface Notice {
  readonly severity: 'WARNING' | 'NOTICE' | 'DEBUG' | 'INFO' | 'LOG';
  readonly sqlState: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

const INITIAL_BYTES = 1024;
/** A buffer that grew beyond this for one large answer is not kept for the next. */
const KEPT_BYTES = 64 * 1024;

/**
 * Collects messages of the server until `take`, so that what belongs together leaves in one write. Rows are encoded elsewhere,
 * straight from the engine's vectors, and are sent as they are: take what is here first.
 *
 *     writer.parseComplete(); writer.bindComplete(); socket.write(writer.take());
 */
export class BackendWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;
  #messageStart = 0;

  get byteLength(): number {
    return this.#length;
  }

  /** Everything since the last call, in a buffer of its own. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafe(INITIAL_BYTES);
    return bytes;
  }

  authenticationOk(): this {
    return this.#begin('R').#int32(0).#end();
  }

  authenticationCleartextPassword(): this {
    return this.#begin('R').#int32(3).#end();
  }

  authenticationSasl(mechanisms: readonly string[]): this {
    this.#begin('R').#int32(10);
    for (const mechanism of mechanisms) this.#text(mechanism);
    return this.#byte(0).#end();
  }

  authenticationSaslContinue(data: string): this {
    return this.#begin('R').#int32(11).#unterminated(data).#end();
  }

  authenticationSaslFinal(data: string): this {
    return this.#begin('R').#int32(12).#unterminated(data).#end();
  }

  /**
   * `version` is the newest we speak, in the form of the startup packet: the documentation says minor version only, but PostgreSQL sends,
   * and libpq from 18 on expects, both. `extensions` are the `_pq_.` names we do not know.
   */
  negotiateProtocolVersion(version: number, extensions: readonly string[]): this {
    this.#begin('v').#int32(version).#int32(extensions.length);
    for (const name of extensions) this.#text(name);
    return this.#end();
  }

  backendKeyData(backendPid: number, secret: number): this {
    return this.#begin('K').#int32(backendPid).#int32(secret).#end();
  }

  parameterStatus(name: string, value: string): this {
    return this.#begin('S').#text(name).#text(value).#end();
  }

  readyForQuery(status: TransactionStatus): this {
    return this.#begin('Z').#byte(status.charCodeAt(0)).#end();
  }

  rowDescription(columns: readonly ColumnDescription[]): this {
    this.#begin('T').#int16(columns.length);
    for (const column of columns) {
      this.#text(column.name)
        .#int32(column.tableOid)
        .#int16(column.columnNumber)
        .#int32(column.typeOid)
        .#int16(column.typeSize)
        .#int32(column.typeModifier)
        .#int16(column.format);
    }
    return this.#end();
  }

  parameterDescription(typeOids: readonly number[]): this {
    this.#begin('t').#int16(typeOids.length);
    for (const oid of typeOids) this.#int32(oid);
    return this.#end();
  }

  noData(): this {
    return this.#begin('n').#end();
  }

  parseComplete(): this {
    return this.#begin('1').#end();
  }

  bindComplete(): this {
    return this.#begin('2').#end();
  }

  closeComplete(): this {
    return this.#begin('3').#end();
  }

  portalSuspended(): this {
    return this.#begin('s').#end();
  }

  emptyQueryResponse(): this {
    return this.#begin('I').#end();
  }

  commandComplete(tag: string): this {
    return this.#begin('C').#text(tag).#end();
  }

  /** `columnFormats` has one entry for each column, or none where their number is not known. */
  copyInResponse(format: FormatCode, columnFormats: readonly FormatCode[]): this {
    return this.#copyResponse('G', format, columnFormats);
  }

  copyOutResponse(format: FormatCode, columnFormats: readonly FormatCode[]): this {
    return this.#copyResponse('H', format, columnFormats);
  }

  copyData(data: Uint8Array): this {
    return this.#begin('d').#bytes(data).#end();
  }

  copyDone(): this {
    return this.#begin('c').#end();
  }

  functionCallResponse(value: Uint8Array | null): this {
    this.#begin('V');
    if (value === null) this.#int32(-1);
    else this.#int32(value.length).#bytes(value);
    return this.#end();
  }

  notificationResponse(backendPid: number, channel: string, payload: string): this {
    return this.#begin('A').#int32(backendPid).#text(channel).#text(payload).#end();
  }

  errorResponse(error: SqlError): this {
    const { schema, table, column, constraint } = error.origin ?? {};
    this.#begin('E').#head(error.severity, error.sqlState, error.message);
    this.#field('D', error.detail).#field('H', error.hint);
    this.#field('P', error.position === undefined ? undefined : String(error.position));
    this.#field('W', error.where).#field('s', schema).#field('t', table);
    this.#field('c', column).#field('n', constraint);
    return this.#byte(0).#end();
  }

  noticeResponse(notice: Notice): this {
    this.#begin('N').#head(notice.severity, notice.sqlState, notice.message);
    return this.#field('D', notice.detail).#field('H', notice.hint).#byte(0).#end();
  }

  /** Whole messages that were encoded elsewhere. */
  encoded(messages: Uint8Array): this {
    return this.#bytes(messages);
  }

  #copyResponse(type: 'G' | 'H', format: FormatCode, columnFormats: readonly FormatCode[]): this {
    this.#begin(type).#byte(format).#int16(columnFormats.length);
    for (const columnFormat of columnFormats) this.#int16(columnFormat);
    return this.#end();
  }

  /** `S` may be translated by a server, `V` never is; ours are the same. */
  #head(severity: string, sqlState: string, message: string): this {
    return this.#field('S', severity).#field('V', severity).#field('C', sqlState).#field('M', message);
  }

  #field(code: string, value: string | undefined): this {
    return value === undefined ? this : this.#byte(code.charCodeAt(0)).#text(value);
  }

  #begin(type: string): this {
    this.#byte(type.charCodeAt(0));
    this.#messageStart = this.#length;
    return this.#int32(0);
  }

  #end(): this {
    this.#buffer.writeInt32BE(this.#length - this.#messageStart, this.#messageStart);
    return this;
  }

  #byte(value: number): this {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
    return this;
  }

  /** Counts go up to 65,535, type sizes and modifiers down to -1. */
  #int16(value: number): this {
    this.#reserve(2);
    this.#buffer.writeUInt16BE(value & 0xffff, this.#length);
    this.#length += 2;
    return this;
  }

  /** OIDs and secrets use all 32 bits, lengths and modifiers are signed. */
  #int32(value: number): this {
    this.#reserve(4);
    this.#buffer.writeInt32BE(value | 0, this.#length);
    this.#length += 4;
    return this;
  }

  /** A zero byte would end the text and shift everything after it: it cannot be sent. */
  #text(value: string): this {
    return this.#unterminated(value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value).#byte(0);
  }

  #unterminated(value: string): this {
    // UTF-16 takes at most three bytes of UTF-8 for one unit.
    this.#reserve(value.length * 3);
    this.#length += this.#buffer.write(value, this.#length, 'utf8');
    return this;
  }

  #bytes(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
