import { quoteLiteral } from '../quoting.js';
import type { ColumnMapping } from './column-mapping.js';
import { loadedColumnsSql, type Conversion } from './conversion.js';
import type { CsvDialect } from './csv-dialect.js';
import { engineColumnName } from './csv-error.js';
import { MAX_LINE_BYTES, NORMAL_LINE_BYTES } from './csv-text.js';

/**
 * The engine cuts a buffer into slices of 8,000,000 bytes, and what a thread reads from a slice becomes row groups of its own. Four
 * slices to a buffer load about a tenth faster than one; a size that is no multiple of a slice leaves small rests to be merged.
 */
const BUFFER_BYTES = 32_000_000;
const SMALL_BUFFER_BYTES = 8_000_000;
/**
 * Two threads with large buffers run out of memory at a limit of 64 MB, and pass at 128 MB: two buffers a thread. The rest is for what
 * shares the memory with them, rows on their way into the table before all.
 */
const BUFFERS_PER_THREAD = 8;
/** A buffer must hold the longest line twice over to be sure of it. */
const LONG_LINE_BUFFER_BYTES = 2 * MAX_LINE_BYTES;

/**
 * Types the engine's CSV reader converts faithfully while it reads, which is fastest. It turns a bad TIMESTAMP WITH TIME ZONE into
 * NULL without a word, and bad parts of a MAP too; so every other type is read as text and cast.
 */
const READ_DIRECTLY =
  /^(VARCHAR|BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DOUBLE|FLOAT|DECIMAL\(\d+,\s?\d+\)|DATE|TIME|TIMESTAMP(_S|_MS|_NS)?|INTERVAL|UUID|JSON|BLOB|BIT|ENUM\(.*\))$/s;

export function csvConversions(mapping: ColumnMapping): Conversion[] {
  return mapping.loaded.map(({ column, fileIndex }) => ({
    column,
    raw: engineColumnName(fileIndex),
    needed: !READ_DIRECTLY.test(column.type),
  }));
}

/** Large buffers where the engine's memory has room for them. */
export function csvBufferBytes(engine: { readonly memoryBytes: number; readonly threads: number }): number {
  const neededBytes = BUFFER_BYTES * BUFFERS_PER_THREAD * engine.threads;
  return engine.memoryBytes >= neededBytes ? BUFFER_BYTES : SMALL_BUFFER_BYTES;
}

export interface CsvReading {
  readonly path: string;
  readonly longLines: boolean;
  /** Of `csvBufferBytes`; not used for long lines, which need a certain size. */
  readonly bufferBytes: number;
  /** More options of `read_csv`, each with a leading comma. */
  readonly extraOptions?: string;
}

/** `read_csv(…)` with every option given: nothing is left to detection. */
export function readCsvSql(dialect: CsvDialect, mapping: ColumnMapping, reading: CsvReading): string {
  const types = new Map(mapping.loaded.map(({ column, fileIndex }) => [fileIndex, column.type]));
  const fileColumns = Array.from({ length: mapping.fileColumnCount }, (_, index) => {
    const type = types.get(index) ?? 'VARCHAR';
    return `${quoteLiteral(engineColumnName(index))}: ${quoteLiteral(READ_DIRECTLY.test(type) ? type : 'VARCHAR')}`;
  });
  const options = [
    `auto_detect = false, compression = 'none', encoding = 'utf-8', comment = '', strict_mode = true, null_padding = false`,
    `columns = {${fileColumns.join(', ')}}`,
    `header = ${dialect.header}`,
    `delim = ${quoteLiteral(dialect.delimiter)}, quote = ${quoteLiteral(dialect.quote)}, escape = ${quoteLiteral(dialect.quote)}`,
    `nullstr = ${quoteLiteral(dialect.nullString)}`,
    `max_line_size = ${reading.longLines ? MAX_LINE_BYTES : NORMAL_LINE_BYTES}`,
    `buffer_size = ${reading.longLines ? LONG_LINE_BUFFER_BYTES : reading.bufferBytes}`,
  ];
  return `read_csv(${quoteLiteral(reading.path)}, ${options.join(', ')}${reading.extraOptions ?? ''})`;
}

/** The loaded columns as the reader yields them, under loaded names. */
export function rawColumnsSql(conversions: readonly Conversion[]): string {
  return loadedColumnsSql(conversions, ({ raw }) => raw);
}
