import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import { abortedTransaction, NEVER } from './aborted.js';
import type { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import { HeldRows } from './held-rows.js';
import { errorByRunningAgain } from './lost-error.js';
import { chunkEncoder, type ChunkEncoder } from './result-encoding.js';
import type { ColumnDescription, ParameterValues, RowBatch, RowEncoding, RowSource, SqlNotice } from './sql-engine.js';
import type { EngineStatement, StatementText } from './sql-statement.js';
import type { EditedSql } from './statement-edits.js';

export interface StreamOrigin {
  readonly columns: readonly ColumnDescription[] | undefined;
  readonly notices: readonly SqlNotice[];
  readonly alone: boolean;
  /** Of rows that are set aside before any was asked for. */
  readonly encoding: RowEncoding;
  readonly statement: StatementText & EngineStatement;
  readonly edited: EditedSql;
  readonly parameters: ParameterValues;
  readonly parameterTypes: readonly number[];
  /** Of rows that DuckDB has put together, which are asked for in `encoding` only. */
  readonly encoder: ChunkEncoder | undefined;
}

/** `ended`: DuckDB has no more rows, and the statement is known to have succeeded. */
type StreamState = 'open' | 'ended' | 'closed';

/**
 * Rows as DuckDB makes them, a chunk at a time.
 *
 * DuckDB's stream has two lies in it. It ends normally when the statement fails or is interrupted half way: so every stream runs in
 * a transaction, and after its last chunk a probe tells whether that transaction still stands. And it loses its rest when
 * something else runs on the connection: so `hold` takes the rest out first.
 *
 *   chunk (being encoded) ◄─ ahead (being fetched meanwhile) ◄─ DuckDB
 *   hold: chunk, ahead and all others, encoded ─► HeldRows ─► next
 */
export class StreamedRows implements RowSource {
  readonly affectedRows: number | undefined = undefined;
  readonly columns: readonly ColumnDescription[] | undefined;
  readonly notices: readonly SqlNotice[];
  #state: StreamState = 'open';
  #chunk: DuckDBDataChunk | undefined;
  #row = 0;
  #ahead: Promise<DuckDBDataChunk | null> | undefined;
  #held: HeldRows | undefined;
  #encoder: ChunkEncoder | undefined;
  #encoding: RowEncoding;

  constructor(
    private readonly connection: DuckDbSqlConnection,
    private readonly result: DuckDBResult,
    private readonly origin: StreamOrigin,
  ) {
    this.columns = origin.columns;
    this.notices = origin.notices;
    this.#encoding = origin.encoding;
    this.#encoder = origin.encoder;
  }

  async next(maxRows: number, encoding: RowEncoding, signal: AbortSignal): Promise<RowBatch> {
    if (this.#state === 'closed') throw new SqlError('34000', 'the rows of this statement are gone');
    if (this.#held !== undefined) return this.#nextHeld(this.#held, maxRows, encoding);
    try {
      return await this.#nextLive(maxRows, encoding, signal);
    } catch (error) {
      throw await this.#failed(error, signal);
    }
  }

  async #nextLive(maxRows: number, encoding: RowEncoding, signal: AbortSignal): Promise<RowBatch> {
    signal.throwIfAborted();
    const encoder = this.#encoderFor(encoding);
    if (!(await this.#hasChunk(signal))) return { bytes: [encoder.end()], rows: 0, end: true };
    const encoded = this.#encodeSome(maxRows, encoder);
    // At the limit it must be known whether there is more: a result of just as many rows is complete, not suspended.
    const end = encoded.rows === maxRows && !(await this.#hasChunk(signal));
    if (end) return { bytes: [encoded.bytes, encoder.end()], rows: encoded.rows, end };
    return { bytes: [encoded.bytes], rows: encoded.rows, end, release: () => encoder.release(encoded.bytes) };
  }

  async #nextHeld(held: HeldRows, maxRows: number, encoding: RowEncoding): Promise<RowBatch> {
    if (held.rows > 0 && !sameEncoding(encoding, this.#encoding)) {
      throw new SqlError('0A000', 'rows of this cursor were set aside in another format', {
        hint: 'Read a cursor in one format, text or binary.',
      });
    }
    const { bytes, rows } = await held.take(maxRows);
    const end = held.rows === 0;
    if (end) await held.close();
    return { bytes: [bytes], rows, end };
  }

  /** Makes `#chunk` one with rows left; false at the end, when everything has succeeded. */
  async #hasChunk(signal: AbortSignal): Promise<boolean> {
    while (this.#state === 'open' && (this.#chunk === undefined || this.#row >= this.#chunk.rowCount)) {
      const chunk = await this.connection.guarded(signal, () => this.#fetch());
      if (chunk === null || chunk.rowCount === 0) await this.#end(signal);
      else {
        this.#chunk = chunk;
        this.#row = 0;
        this.#ahead = this.#fetchAhead();
      }
    }
    return this.#state === 'open';
  }

  #fetch(): Promise<DuckDBDataChunk | null> {
    const ahead = this.#ahead ?? this.result.fetchChunk();
    this.#ahead = undefined;
    return ahead;
  }

  /** DuckDB works on the next chunk while this one is encoded. */
  #fetchAhead(): Promise<DuckDBDataChunk | null> {
    const ahead = this.result.fetchChunk();
    // Whoever awaits it gets the error; until then nobody may be told that it is unhandled.
    ahead.catch(() => undefined);
    return ahead;
  }

  async #end(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.origin.alone) await this.connection.probe();
    this.#state = 'ended';
    this.#chunk = undefined;
    if (this.connection.isLive(this)) this.connection.setLive(undefined);
    // Which probes as well.
    if (this.origin.alone) await this.connection.commit(signal);
  }

  #encoderFor(encoding: RowEncoding): ChunkEncoder {
    if (this.#encoder === undefined || !sameEncoding(encoding, this.#encoding)) {
      this.#encoder = chunkEncoder(this.result, encoding, this.connection.options.settings, undefined);
      this.#encoding = encoding;
    }
    return this.#encoder;
  }

  #encodeSome(maxRows: number, encoder: ChunkEncoder): { readonly bytes: Uint8Array; readonly rows: number } {
    if (this.#chunk === undefined) return { bytes: new Uint8Array(0), rows: 0 };
    const encoded = encoder.encode(this.#chunk, this.#row, maxRows);
    this.#row += encoded.rows;
    return encoded;
  }

  async hold(signal: AbortSignal): Promise<void> {
    if (this.#state !== 'open' || this.#held !== undefined) return;
    const held = new HeldRows(this.connection.budget);
    try {
      while (await this.#hasChunk(signal)) {
        const { bytes, rows } = this.#encodeSome(Number.MAX_SAFE_INTEGER, this.#encoderFor(this.#encoding));
        await held.append(bytes, rows);
      }
      this.#held = held;
    } catch (error) {
      await held.close();
      throw await this.#failed(error, signal);
    }
  }

  async close(): Promise<void> {
    const wasOpen = this.#state === 'open';
    if (wasOpen && this.origin.alone) {
      // What it has written stays, as in PostgreSQL: the rest of its rows is passed over.
      if (this.origin.statement.writes) await this.#passOver();
      else await this.connection.rollback();
    }
    await this.abandon();
  }

  async abort(): Promise<void> {
    const ownsTransaction = this.#state === 'open' && this.origin.alone;
    await this.abandon();
    if (ownsTransaction) await this.connection.rollback();
  }

  async #passOver(): Promise<void> {
    while (await this.#hasChunk(NEVER)) this.#row = Number.MAX_SAFE_INTEGER;
  }

  /** Forgets the rows; the connection goes on as it is. */
  async abandon(): Promise<void> {
    this.#state = 'closed';
    this.#chunk = undefined;
    if (this.connection.isLive(this)) this.connection.setLive(undefined);
    await this.#ahead?.catch(() => undefined);
    this.#ahead = undefined;
    await this.#held?.close();
  }

  /** Closes, gives up the transaction, and finds out what the client must be told. */
  async #failed(error: unknown, signal: AbortSignal): Promise<SqlError> {
    const { connection, origin } = this;
    const wrote = connection.hasWritten;
    await this.abandon();
    if (origin.alone) await connection.rollback();
    if (signal.aborted) return connection.translate(signal.reason);
    const translated = connection.translate(error, origin.edited, origin.statement);
    if (translated.sqlState !== '25P02') return translated;
    if (!origin.alone) await connection.loseTransaction();
    if (wrote || origin.statement.writes) return abortedHalfWay();
    return errorByRunningAgain(connection, origin, signal);
  }
}

/** The engine does not say why, and running it again would see other data. */
function abortedHalfWay(): SqlError {
  const { message } = abortedTransaction();
  return new SqlError('22000', 'the statement failed while its rows were read', { detail: message });
}

function sameEncoding(a: RowEncoding, b: RowEncoding): boolean {
  if (a === b) return true;
  if (a.kind !== 'rows' || b.kind !== 'rows') return false;
  return a.formats.length === b.formats.length && a.formats.every((format, index) => format === b.formats[index]);
}
