import type { DuckDBConnection } from '@duckdb/node-api';
import { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import type { CsvOptions } from '../../workers/messages.js';
import { quoteLiteral } from '../quoting.js';
import { firstRecords } from './csv-header.js';
import { dataErrorMessage } from './import-failure.js';
import { readRows } from './query.js';

/** How a CSV text is written. A quote inside quotes is always doubled: texts with another escape are rewritten first. */
export interface CsvDialect {
  readonly delimiter: string;
  /** One ASCII character, or empty: nothing is quoted. */
  readonly quote: string;
  readonly header: boolean;
  readonly nullString: string;
}

export interface DetectedDialect {
  readonly dialect: CsvDialect;
  /** The escape character of the file as it is; equal to the quote when quotes are doubled. */
  readonly escape: string;
}

/** Most common first: a tie goes to the comma. */
const DELIMITERS = [',', ';', '\t', '|'];
const MAX_DELIMITER_BYTES = 4;
const JUDGED_RECORDS = 50;
/** Wider texts fit no table here; the engine's detection would take gigabytes to say so. */
const MAX_DETECTED_FIELDS = 5_000;

/** What is known of the table before the file is looked at. */
export interface ExpectedColumns {
  readonly names: readonly string[];
  readonly count: number;
}

/**
 * Given options are taken as they are; absent ones are found in the head of the file.
 *
 * The table is the best witness for the delimiter: the one whose header has most of its column names, else the one that cuts the
 * first records into as many fields as the table has columns. Only when that says nothing, and for a quote other than the
 * usual one, the engine's own detection is asked: it guesses from the text alone and errs on short files.
 */
export async function detectDialect(
  path: string,
  head: string,
  options: CsvOptions,
  expected: ExpectedColumns,
  connection: DuckDBConnection,
): Promise<DetectedDialect> {
  mustBePossible(options);
  const header = options.header ?? true;
  const likelyQuote = options.quote ?? '"';
  let delimiter = options.delimiter ?? delimiterByTable(head, likelyQuote, header, expected);
  const sniffed =
    delimiter === undefined || needsQuoteDetection(head, options)
      ? await sniff(path, delimiter, options, connection)
      : {};
  delimiter ??= sniffed.delimiter ?? ',';
  const quote = options.quote ?? (sniffed.quote === "'" ? "'" : '"');
  const escape = options.escape ?? (sniffed.escape === '\\' ? '\\' : quote);
  const dialect = { delimiter, quote, header, nullString: options.nullString ?? '' };
  mustNotCollide(dialect, escape);
  return { dialect, escape: quote === '' || escape === '' ? quote : escape };
}

function delimiterByTable(head: string, quote: string, header: boolean, expected: ExpectedColumns): string | undefined {
  const candidates = DELIMITERS.map((delimiter) => ({
    delimiter,
    records: firstRecords(head, delimiter, quote, JUDGED_RECORDS),
  }));
  if (header) {
    const known = new Set(expected.names.map(nameKey));
    const scored = candidates.map(({ delimiter, records }) => ({
      delimiter,
      matches: (records[0] ?? []).filter((name) => known.has(nameKey(name))).length,
    }));
    const best = scored.reduce((a, b) => (b.matches > a.matches ? b : a));
    if (best.matches > 0) return best.delimiter;
  }
  const fitting = candidates.find(
    ({ records }) => records.length > 0 && records.every((fields) => fields.length === expected.count),
  );
  const tooWide = candidates.find(({ records }) => (records[0]?.length ?? 0) > MAX_DETECTED_FIELDS);
  return (fitting ?? tooWide)?.delimiter;
}

/** `'` only when the text never uses `"`; a backslash only when one stands before a quote (it may as well end a value). */
function needsQuoteDetection(head: string, options: CsvOptions): boolean {
  const maybeSingle = options.quote === undefined && !head.includes('"') && /(^|[,;|\t\n\r])'/.test(head);
  const maybeBackslash =
    options.escape === undefined && options.quote !== '' && head.includes(`\\${options.quote ?? '"'}`);
  return maybeSingle || maybeBackslash;
}

async function sniff(
  path: string,
  delimiter: string | undefined,
  options: CsvOptions,
  connection: DuckDBConnection,
): Promise<{ delimiter?: string; quote?: string; escape?: string }> {
  const given = [
    ...(delimiter === undefined ? [] : [`delim = ${quoteLiteral(delimiter)}`]),
    ...(options.quote === undefined ? [] : [`quote = ${quoteLiteral(options.quote)}`]),
    ...(options.escape === undefined ? [] : [`escape = ${quoteLiteral(options.escape)}`]),
    `comment = ''`,
    'all_varchar = true',
  ];
  try {
    const rows = await readRows(
      connection,
      `SELECT "Delimiter", "Quote", "Escape" FROM sniff_csv(${quoteLiteral(path)}, compression = 'none', ${given.join(', ')})`,
    );
    const [foundDelimiter, quote, escape] = rows[0] ?? [];
    return {
      ...(typeof foundDelimiter === 'string' && foundDelimiter !== '(empty)' ? { delimiter: foundDelimiter } : {}),
      ...(typeof quote === 'string' ? { quote } : {}),
      ...(typeof escape === 'string' ? { escape } : {}),
    };
  } catch (error) {
    // Nothing found means: the defaults. Whether the file fits them is told, with the place, when it is loaded.
    dataErrorMessage(error);
    return {};
  }
}

function mustBePossible(options: CsvOptions): void {
  for (const option of ['quote', 'escape'] as const) {
    const value = options[option];
    if (value !== undefined && !/^[\x01-\x09\x0b\x0c\x0e-\x7f]?$/.test(value)) {
      throw impossible(option, `csv_options.${option} must be one ASCII character (or empty for none).`);
    }
  }
  const { delimiter } = options;
  if (delimiter !== undefined) {
    const size = Buffer.byteLength(delimiter);
    if (size === 0 || size > MAX_DELIMITER_BYTES || /[\0\r\n]/.test(delimiter)) {
      throw impossible(
        'delimiter',
        `csv_options.delimiter must be 1 to ${MAX_DELIMITER_BYTES} bytes, without line ends.`,
      );
    }
  }
  if (options.nullString !== undefined && /[\0\r\n]/.test(options.nullString)) {
    throw impossible('null_string', 'csv_options.null_string cannot contain line ends.');
  }
}

function mustNotCollide({ delimiter, quote, nullString }: CsvDialect, escape: string): void {
  if (quote !== '' && delimiter.includes(quote)) {
    throw impossible('quote', 'csv_options.quote and csv_options.delimiter must differ.');
  }
  if (escape !== '' && delimiter.includes(escape)) {
    throw impossible('escape', 'csv_options.escape and csv_options.delimiter must differ.');
  }
  if (nullString !== '' && (nullString.includes(delimiter) || (quote !== '' && nullString.includes(quote)))) {
    throw impossible('null_string', 'csv_options.null_string cannot contain the delimiter or the quote.');
  }
  if (nullString !== '' && delimiter.includes(nullString)) {
    throw impossible('null_string', 'csv_options.null_string cannot be part of the delimiter.');
  }
}

function impossible(option: string, message: string): DomainError {
  return new DomainError('invalid_request', message, { option: `csv_options.${option}` });
}
