import { conversionError } from './conversion-error.js';
import { SqlError, type SqlErrorDetails } from '../../errors/sql-error.js';

/** What DuckDB says with `errors_as_json`; all values are text. */
interface EngineError {
  readonly exception_type?: string;
  readonly exception_message?: string;
  readonly error_subtype?: string;
  /** Of a missing or existing catalog entry: `Table`, `Schema`, `Scalar Function`. */
  readonly type?: string;
  readonly name?: string;
  /** Byte of the statement, from 0. */
  readonly position?: string;
  readonly candidates?: string;
}

type Rule = readonly [pattern: RegExp, sqlState: string];

/** Most specific first; the last rule of a type has no condition. */
const RULES: Readonly<Record<string, readonly Rule[]>> = {
  Catalog: [
    [/Column with name .* already exists/i, '42701'],
    [/main key table|depend on it|Cannot drop entry/i, '2BP01'],
    [/is of type \w+, trying to (drop|alter|replace|modify)/i, '42809'],
    [/Existing object .* is of type/i, '42809'],
    [/Cannot (create|drop) .*system|in (the )?system catalog|attached in read-only mode|read-only mode/i, '25006'],
    // Of a table in a schema that is not there PostgreSQL says that the table is not.
    [/^(Table|View) with name .* does not exist/i, '42P01'],
    [/schema .* does not exist|Schema with name .* does not exist/i, '3F000'],
    [/Schema with name .* already exists/i, '42P06'],
    [/Type with name .* already exists/i, '42710'],
    [/(Macro )?Function with name .* already exists/i, '42723'],
    [/already exists/i, '42P07'],
    [/unrecognized configuration parameter/i, '42704'],
    [/(Table|View|Sequence|Index)( Function)? with name .* does not exist/i, '42P01'],
    [/Function with name .* does not exist/i, '42883'],
    [/Type with name .* does not exist/i, '42704'],
    [/(Table|View) .* does not exist/i, '42P01'],
    [/./s, '42704'],
  ],
  Binder: [
    [/Referenced column .* not found|does not have a column|column .* not found|Column .* does not exist/i, '42703'],
    [/Referenced table .* not found|Table .* does not exist|missing FROM-clause/i, '42P01'],
    [/Ambiguous reference/i, '42702'],
    [
      /must appear in the GROUP BY|GROUP BY clause cannot contain aggregate|aggregates? .* in (the )?WHERE|WHERE clause cannot contain aggregates/i,
      '42803',
    ],
    [/cannot contain window|window functions? .* not allowed/i, '42P20'],
    [/No function matches|No operator matches|Could not choose a best candidate function/i, '42883'],
    [/LIMIT\/OFFSET cannot be negative/, '2201W'],
    [/values were supplied|columns but .* values|expected number of .* columns/i, '42601'],
    [/duplicate column name|specified more than once|Duplicate alias/i, '42701'],
    [/read-only|read only/i, '25006'],
    [/Cannot (mix|compare|cast)|Cannot compare values of type|explicit cast/i, '42804'],
    [/Values were not provided|parameters? .* (not provided|missing)|could not determine data type/i, '42P18'],
    [/already exists/i, '42P07'],
    [/not (yet )?supported|not implemented|unsupported/i, '0A000'],
    [/./s, '42601'],
  ],
  Parser: [
    [/out of range/i, '22003'],
    [/not (yet )?supported|not implemented/i, '0A000'],
    [/./s, '42601'],
  ],
  Syntax: [[/./s, '42601']],
  Conversion: [
    [/field value out of range|date field|timestamp field|time field/i, '22008'],
    [
      /out of range|Could not cast value .* to|Type .* with value .* can't be cast because the value is out of range/i,
      '22003',
    ],
    [/UTF-?8|unicode/i, '22021'],
    [/./s, '22P02'],
  ],
  'Out of Range': [[/./s, '22003']],
  Constraint: [
    [/duplicate key|unique constraint|PRIMARY KEY or UNIQUE|Duplicate key/i, '23505'],
    [/NOT NULL constraint/i, '23502'],
    [/foreign key/i, '23503'],
    [/CHECK constraint/i, '23514'],
    [/./s, '23000'],
  ],
  'Invalid Input': [
    [/read-only mode|read-only database|read only/i, '25006'],
    [/Values were not provided|parameters? (were )?not provided|excess parameters|expected \d+ parameters/i, '08P01'],
    [/regular expression|regex|invalid perl operator|missing argument to repetition|missing \]/i, '2201B'],
    [/UTF-?8|unicode/i, '22021'],
    [/max_temp_directory_size|failed to offload/i, '53100'],
    // What the macros of the catalogue say of names.
    [/^relation ".*" does not exist/s, '42P01'],
    [/^function ".*" does not exist/s, '42883'],
    [/^schema ".*" does not exist/s, '3F000'],
    [/^(type|role) ".*" does not exist|^unrecognized configuration parameter/s, '42704'],
    [/^More than one row returned by a subquery/, '21000'],
    // What `division-edits.ts` has the engine say.
    [/^division by zero$/, '22012'],
    [/./s, '22023'],
  ],
  Permission: [[/./s, '42501']],
  'Not implemented': [[/./s, '0A000']],
  TransactionContext: [
    [/duplicate key|PRIMARY KEY or UNIQUE/i, '23505'],
    [/foreign key/i, '23503'],
    [/conflict|altered|write-write/i, '40001'],
    [/no transaction is active/i, '25P01'],
    [/within a transaction/i, '25001'],
    [/aborted/i, '25P02'],
    [/write to database|modified database/i, '0A000'],
    [/./s, '40001'],
  ],
  Transaction: [
    [/conflict/i, '40001'],
    [/./s, '40001'],
  ],
  INTERRUPT: [[/./s, '57014']],
  'Out of Memory': [
    [/max_temp_directory_size/i, '53100'],
    [/./s, '53200'],
  ],
  IO: [
    [/No space left|Disk quota|disk full|File too large/i, '53100'],
    [/lock/i, '55006'],
    [/./s, '58030'],
  ],
  'Missing Extension': [[/./s, '0A000']],
  'Object Size': [[/./s, '54000']],
  'Mismatch Type': [[/./s, '42804']],
  'Invalid type': [[/./s, '42804']],
  'Parameter Not Resolved': [[/./s, '42P18']],
  'Parameter Not Allowed': [[/./s, '42P02']],
  Sequence: [[/./s, '2200H']],
  Dependency: [[/./s, '2BP01']],
  'Divide by Zero': [[/./s, '22012']],
  Decimal: [[/./s, '22003']],
  Expression: [[/./s, '22000']],
};

/** By the kind of entry, for what is missing and what is there already. */
const MISSING: Readonly<Record<string, string>> = {
  Table: '42P01',
  View: '42P01',
  Sequence: '42P01',
  Index: '42704',
  Schema: '3F000',
  'Scalar Function': '42883',
  'Table Function': '42883',
  'Aggregate Function': '42883',
  'Macro Function': '42883',
  'Table Macro Function': '42883',
  Type: '42704',
};
const EXISTING: Readonly<Record<string, string>> = {
  Schema: '42P06',
  'Scalar Function': '42723',
  'Macro Function': '42723',
  'Table Macro Function': '42723',
  Type: '42710',
};

/** Paths of the worker are nobody's business. Errors about files quote them, whatever they are made of; elsewhere they stand as they are. */
const QUOTED_PATH = /"[^"\n]*\/[^"\n]*"|'[^'\n]*\/[^'\n]*'/g;
/** Of databases that hold tables of the project; nobody can write them. */
const OWN_NAMES = /\b[tv]__\d+\b/;
const PATH = /(?<![\w.@-])(?:\/[\w.@-]+){2,}/g;

/** An engine that said this cannot be used any more: the session ends and the process is replaced. */
export class BrokenEngineError extends SqlError {
  constructor(cause: unknown) {
    super('XX000', 'the engine of the workspace failed; reconnect', { severity: 'FATAL', cause });
  }
}

/** What the client is told about an error of DuckDB; `position` is left to whoever knows the client's text. */
export function sqlErrorOf(error: unknown): { readonly error: SqlError; readonly bytePosition: number | undefined } {
  if (error instanceof SqlError) return { error, bytePosition: undefined };
  const text = error instanceof Error ? error.message : String(error);
  const parsed = parseEngineError(text);
  const type = parsed.exception_type ?? '';
  const message = parsed.exception_message ?? text;
  if (isBroken(type, message)) {
    return { error: new BrokenEngineError(error), bytePosition: undefined };
  }
  const position = parsed.position === undefined ? undefined : Number(parsed.position);
  const conversion = /^(Conversion|Invalid Input)$/.test(type) ? conversionError(firstLine(message)) : undefined;
  if (conversion !== undefined) {
    const { sqlState, message: told, detail } = conversion;
    const details = { ...(detail === undefined ? {} : { detail }), cause: error };
    return { error: new SqlError(sqlState, told, details), bytePosition: position };
  }
  return {
    error: new SqlError(stateOf(type, message, parsed), ...wording(type, message, error)),
    bytePosition: position,
  };
}

/** Told by the type: a message of most types may quote whatever somebody wrote or stored. */
function isBroken(type: string, message: string): boolean {
  return /^(FATAL|INTERNAL)$/i.test(type) || (type === 'IO' && /has been invalidated/.test(message));
}

function stateOf(type: string, message: string, { error_subtype: subtype, type: entry, name }: EngineError): string {
  if (type === 'Catalog' && subtype === 'MISSING_ENTRY') {
    if (
      /schema .* does not exist/i.test(message) &&
      entry !== 'Schema' &&
      name !== undefined &&
      message.includes('.')
    ) {
      if (/Schema with name/i.test(message)) return '3F000';
    }
    return MISSING[entry ?? ''] ?? '42704';
  }
  if (type === 'Catalog' && subtype === 'ENTRY_ALREADY_EXISTS') return EXISTING[entry ?? ''] ?? '42P07';
  if (type === 'Binder' && subtype === 'COLUMN_NOT_FOUND') return '42703';
  if (type === 'Binder' && subtype === 'NO_MATCHING_FUNCTION') return '42883';
  const rules = RULES[type];
  return rules?.find(([pattern]) => pattern.test(message))?.[1] ?? 'XX000';
}

/** Of a value that has several lines itself, all of them. */
function firstLine(message: string): string {
  return message.replace(/\n*LINE \d+:[\s\S]*$/, '').trim();
}

/** What programs and people know from PostgreSQL. */
const NOT_THERE: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:Table|View|Sequence) with name (?:"(.+?)"|(.+?)) does not exist(?:!| because .*)$/s,
    'relation "$1$2" does not exist',
  ],
  [/^Referenced column "(.+?)" not found in FROM clause!$/s, 'column "$1" does not exist'],
  [/^Referenced table "(.+?)" not found!$/s, 'missing FROM-clause entry for table "$1"'],
];

function inKnownWords(message: string): string {
  const found = NOT_THERE.find(([pattern]) => pattern.test(message));
  return found === undefined ? message : message.replace(found[0], found[1]);
}

/** DuckDB's first line is the message; "Did you mean" is a hint, the picture of the position is ours to make. */
function wording(type: string, message: string, cause: unknown): [string, SqlErrorDetails] {
  const shown = type === 'IO' ? message.replace(QUOTED_PATH, '"…"') : message;
  const withoutPicture = shown
    .replace(/\n*LINE \d+:[\s\S]*$/, '')
    .replace(PATH, '…')
    .trim();
  const [first = '', ...rest] = withoutPicture.split('\n');
  const said = rest.join('\n').trim().replace(/^\s+/gm, ' ');
  const hint = OWN_NAMES.test(said) ? '' : said;
  return [inKnownWords(first.trim()), { ...(hint === '' ? {} : { hint }), cause }];
}

/** JSON stands alone, or behind what the parser and the client library say; behind anything else it is what somebody wrote. */
const JSON_ERROR = /^(?:Failed to extract statements: (?:[A-Z][a-z ]+ Error: )?|(?:Parser|Catalog) Error: )?(?=\{")/;

function parseEngineError(text: string): EngineError {
  const prefix = JSON_ERROR.exec(text)?.[0];
  if (prefix !== undefined) {
    try {
      const value: unknown = JSON.parse(text.slice(prefix.length));
      if (isEngineError(value)) return value;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const plain = /^([A-Za-z ]+?) Error: ([\s\S]*)$/.exec(text);
  if (plain?.[1] !== undefined && plain[2] !== undefined) {
    return { exception_type: plain[1], exception_message: plain[2] };
  }
  return { exception_message: text };
}

function isEngineError(value: unknown): value is EngineError {
  return typeof value === 'object' && value !== null && 'exception_message' in value;
}
