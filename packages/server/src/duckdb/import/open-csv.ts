import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { CsvOptions, ImportRequest } from '../../workers/messages.js';
import { mapColumns } from './column-mapping.js';
import { detectDialect, type CsvDialect } from './csv-dialect.js';
import { firstRecords } from './csv-header.js';
import { normaliseCsv, transcodeFile, type CsvEncoding } from './csv-rewrite.js';
import { csvBufferBytes } from './csv-relation.js';
import { CsvSource } from './csv-source.js';
import { containsByte, encodingByBom, hasLongLastLine, hasUtf8Bom, readHeadLines } from './csv-text.js';
import { importFailed } from './import-failure.js';
import { readMemoryLimit, readThreads } from './query.js';
import { fileSizeBytes, readHead } from './source-compression.js';

const PARQUET_MAGIC = 'PAR1';

/**
 * Makes a plain file ready for the engine: UTF-8, quotes doubled, dialect known, columns matched.
 *
 *   bytes ─ other encoding? rewrite ─► UTF-8 ─ options + head ─► dialect ─ other escape? rewrite ─► header ─► mapping
 */
export async function openCsv(
  plainPath: string,
  request: ImportRequest,
  scratch: string,
  connection: DuckDBConnection,
  signal: AbortSignal,
): Promise<CsvSource> {
  const decoded = await decode(plainPath, request.csv, scratch, signal);
  const head = await readHeadLines(decoded.path);
  const names = request.columns ?? request.shape.columns.map(({ name }) => name);
  const expected = { names, count: names.length };
  const { dialect, escape } = await detectDialect(decoded.path, head, request.csv, expected, connection);
  const path = await doubleQuotes(decoded.path, dialect, escape, scratch, signal);

  const finalHead = path === decoded.path ? head : await readHeadLines(path);
  const first = firstRecord(finalHead, dialect);
  const hasNames = dialect.header && request.csv.ignoresHeader !== true;
  if (hasNames) mustBeHeader(first);
  const mapping = mapColumns(request.shape, hasNames ? first : null, first.length, request.columns);
  const sizeBytes = await fileSizeBytes(path);
  const longLastLine = await hasLongLastLine(path);
  const warnings = [...decoded.warnings, ...dialectWarnings(request.csv, dialect, escape)];
  const engine = { memoryBytes: await readMemoryLimit(connection), threads: await readThreads(connection) };
  return new CsvSource({
    path,
    sizeBytes,
    hasLongLastLine: longLastLine,
    bufferBytes: csvBufferBytes(engine),
    dialect,
    mapping,
    warnings,
    scratch,
    signal,
  });
}

async function decode(
  path: string,
  options: CsvOptions,
  scratch: string,
  signal: AbortSignal,
): Promise<{ path: string; warnings: string[] }> {
  const head = await readHead(path, 4);
  if (head.length === 0 || (head.length === 3 && hasUtf8Bom(head))) {
    throw importFailed('the file is empty (0 bytes); a CSV file has at least a header line', { line: 1 });
  }
  if (head.toString('latin1') === PARQUET_MAGIC) {
    throw importFailed('the content is Parquet, not CSV; set format to parquet');
  }
  const encoding = encodingOf(options, head);
  if (encoding === 'utf-8') return { path, warnings: [] };
  const target = join(scratch, 'decoded.csv');
  await transcodeFile(path, target, encoding, signal);
  const isDetected = options.encoding === undefined;
  return { path: target, warnings: isDetected ? [`The file is encoded in ${encoding} and was read as such.`] : [] };
}

function encodingOf(options: CsvOptions, head: Uint8Array): CsvEncoding {
  const byBom = encodingByBom(head);
  if (options.encoding === undefined) return byBom;
  if (options.encoding !== 'utf-16') return options.encoding;
  return byBom === 'utf-8' ? 'utf-16le' : byBom;
}

/** Only when the escape character occurs at all: most files that are said to have one never use it. */
async function doubleQuotes(
  path: string,
  dialect: CsvDialect,
  escape: string,
  scratch: string,
  signal: AbortSignal,
): Promise<string> {
  if (escape === dialect.quote || !(await containsByte(path, escape.charCodeAt(0), signal))) return path;
  const target = join(scratch, 'doubled.csv');
  await normaliseCsv(path, target, { ...dialect, escape }, signal);
  return target;
}

/** Blank lines before the first row of a file without a header are no rows, unless it has one column. */
function firstRecord(head: string, dialect: CsvDialect): string[] {
  const text = dialect.header ? head : head.replace(/^[\r\n]+/, '');
  return firstRecords(text, dialect.delimiter, dialect.quote, 1)[0] ?? [''];
}

function mustBeHeader(names: readonly string[]): void {
  if (names.every((name) => name === '')) {
    throw importFailed('line 1: the header line is empty', { line: 1 });
  }
  if (names.some((name) => name.includes('\0'))) {
    throw importFailed('line 1: the header holds NUL bytes; the file is not a text in UTF-8', { line: 1 });
  }
}

function dialectWarnings(options: CsvOptions, dialect: CsvDialect, escape: string): string[] {
  const warnings: string[] = [];
  if (options.delimiter === undefined && dialect.delimiter !== ',') {
    warnings.push(`The delimiter was detected as ${JSON.stringify(dialect.delimiter)}.`);
  }
  if (options.quote === undefined && dialect.quote !== '"') {
    warnings.push(`The quote character was detected as ${JSON.stringify(dialect.quote)}.`);
  }
  if (options.escape === undefined && escape !== dialect.quote) {
    warnings.push(`The escape character was detected as ${JSON.stringify(escape)}.`);
  }
  return warnings;
}
