import { SqlError } from '../../../../errors/sql-error.js';

export type CopyFormatName = 'text' | 'csv' | 'binary';
export type CopyDirection = 'from' | 'to';

/** The options of a COPY as the statement gives them; what is absent has the default of its format. */
export interface CopyOptions {
  readonly format: CopyFormatName;
  readonly delimiter?: string;
  readonly nullText?: string;
  readonly header?: boolean | 'match';
  readonly quote?: string;
  readonly escape?: string;
  readonly forceQuote?: readonly string[] | '*';
  readonly forceNotNull?: readonly string[] | '*';
  readonly forceNull?: readonly string[] | '*';
}

/** All options of a COPY in text or csv, checked. Characters are single bytes. */
export interface CopyTextFormat {
  readonly format: 'text' | 'csv';
  readonly delimiter: number;
  readonly nullText: string;
  readonly header: boolean | 'match';
  readonly quote: number;
  readonly escape: number;
  /** By column, in the order of the COPY. */
  readonly forceQuote: readonly boolean[];
  readonly forceNotNull: readonly boolean[];
  readonly forceNull: readonly boolean[];
}

export type CopyFormat = CopyTextFormat | { readonly format: 'binary' };

/** Bytes that text format uses itself. */
const NO_TEXT_DELIMITERS = '\\.abcdefghijklmnopqrstuvwxyz0123456789';

/** Applies defaults and PostgreSQL's rules about what goes with what; errors are those of its `ProcessCopyOptions`. */
export function copyFormatOf(
  options: CopyOptions,
  direction: CopyDirection,
  columnNames: readonly string[],
): CopyFormat {
  const { format } = options;
  if (format === 'binary') {
    for (const [name, value] of [
      ['DELIMITER', options.delimiter],
      ['NULL', options.nullText],
    ]) {
      if (value !== undefined) throw new SqlError('42601', `cannot specify ${name} in BINARY mode`);
    }
    if (options.header !== undefined && options.header !== false) {
      throw new SqlError('0A000', 'cannot specify HEADER in BINARY mode');
    }
    mustBeCsvOnly(options);
    return { format };
  }
  if (format === 'text') mustBeCsvOnly(options);
  const isCsv = format === 'csv';
  const delimiter = options.delimiter ?? (isCsv ? ',' : '\t');
  const nullText = options.nullText ?? (isCsv ? '' : '\\N');
  const quote = options.quote ?? '"';
  const escape = options.escape ?? quote;

  mustBeOneByte('delimiter', delimiter);
  if (/[\r\n]/.test(delimiter)) throw invalid('COPY delimiter cannot be newline or carriage return');
  if (/[\r\n]/.test(nullText)) throw invalid('COPY null representation cannot use newline or carriage return');
  if (!isCsv && NO_TEXT_DELIMITERS.includes(delimiter)) {
    throw invalid(`COPY delimiter cannot be "${delimiter}"`);
  }
  if (isCsv) {
    mustBeOneByte('quote', quote);
    mustBeOneByte('escape', escape);
    if (delimiter === quote) throw invalid('COPY delimiter and quote must be different');
    if (nullText.includes(quote)) throw invalid('CSV quote character must not appear in the NULL specification');
  }
  if (nullText.includes(delimiter)) throw invalid('COPY delimiter must not appear in the NULL specification');
  if (options.forceQuote !== undefined && direction === 'from') {
    throw new SqlError('0A000', 'COPY force quote only available using COPY TO');
  }
  if (options.forceNotNull !== undefined && direction === 'to') {
    throw new SqlError('0A000', 'COPY force not null only available using COPY FROM');
  }
  if (options.forceNull !== undefined && direction === 'to') {
    throw new SqlError('0A000', 'COPY force null only available using COPY FROM');
  }
  if (options.header === 'match' && direction === 'to') {
    throw new SqlError('42601', 'cannot use "match" with HEADER in COPY TO');
  }
  return {
    format,
    delimiter: delimiter.charCodeAt(0),
    nullText,
    header: options.header ?? false,
    quote: quote.charCodeAt(0),
    escape: escape.charCodeAt(0),
    forceQuote: columnFlags('FORCE_QUOTE', options.forceQuote, columnNames),
    forceNotNull: columnFlags('FORCE_NOT_NULL', options.forceNotNull, columnNames),
    forceNull: columnFlags('FORCE_NULL', options.forceNull, columnNames),
  };
}

function mustBeCsvOnly(options: CopyOptions): void {
  const csvOnly: readonly (readonly [string, unknown])[] = [
    ['quote', options.quote],
    ['escape', options.escape],
    ['force quote', options.forceQuote],
    ['force not null', options.forceNotNull],
    ['force null', options.forceNull],
  ];
  const given = csvOnly.find(([, value]) => value !== undefined);
  if (given !== undefined) throw new SqlError('0A000', `COPY ${given[0]} available only in CSV mode`);
}

function mustBeOneByte(name: string, text: string): void {
  if (text.length === 1 && text.charCodeAt(0) < 0x80) return;
  throw new SqlError('0A000', `COPY ${name} must be a single one-byte character`);
}

function columnFlags(option: string, chosen: readonly string[] | '*' | undefined, names: readonly string[]): boolean[] {
  if (chosen === '*') return names.map(() => true);
  const unknown = chosen?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new SqlError('42P10', `${option} column "${unknown}" not referenced by COPY`);
  return names.map((name) => chosen?.includes(name) === true);
}

function invalid(message: string): SqlError {
  return new SqlError('22023', message);
}
