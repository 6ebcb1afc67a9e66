import { quoteLiteral } from '../quoting.js';
import type { ColumnMapping } from './column-mapping.js';
import { loadedColumnsSql, type Conversion } from './conversion.js';
import type { CsvDialect } from './csv-dialect.js';
import { engineColumnName } from './csv-error.js';
import { MAX_LINE_BYTES, NORMAL_LINE_BYTES } from './csv-text.js';

/** As fast as the engine's 32 MB, and four times as many fit into a small memory limit. */
const BUFFER_BYTES = 8 * 1024 * 1024;
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

export interface CsvReading {
  readonly path: string;
  readonly longLines: boolean;
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
    `buffer_size = ${reading.longLines ? LONG_LINE_BUFFER_BYTES : BUFFER_BYTES}`,
  ];
  return `read_csv(${quoteLiteral(reading.path)}, ${options.join(', ')}${reading.extraOptions ?? ''})`;
}

/** The loaded columns as the reader yields them, under loaded names. */
export function rawColumnsSql(conversions: readonly Conversion[]): string {
  return loadedColumnsSql(conversions, ({ raw }) => raw);
}
