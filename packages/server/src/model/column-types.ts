import { DomainError } from '../errors/domain-error.js';
import { nameKey } from './columns.js';
import { ENGINE_KEYWORDS } from './engine-keywords.js';
import { TypeTokens } from './type-tokens.js';

/** Deeper types than this are nobody's table, and every level costs stack in the engine. */
const MAX_DEPTH = 16;
const MAX_TEXT_LENGTH = 16_384;
/** The engine's limit for one array; here for the product of nested ones, whose vectors would otherwise not fit in memory. */
const MAX_ARRAY_ELEMENTS = 100_000;
const MAX_DECIMAL_WIDTH = 38;
const MAX_UNION_MEMBERS = 256;

/** Every name of a type without parameters, in lower case with single blanks, and what the engine calls it. */
const PLAIN_TYPES: ReadonlyMap<string, string> = new Map([
  ...alias('BOOLEAN', 'boolean', 'bool', 'logical'),
  ...alias('TINYINT', 'tinyint', 'int1'),
  ...alias('SMALLINT', 'smallint', 'int2', 'int16', 'short'),
  ...alias('INTEGER', 'integer', 'int', 'int4', 'int32', 'signed', 'integral'),
  ...alias('BIGINT', 'bigint', 'int8', 'int64', 'long', 'oid'),
  ...alias('HUGEINT', 'hugeint', 'int128'),
  ...alias('UTINYINT', 'utinyint', 'uint8'),
  ...alias('USMALLINT', 'usmallint', 'uint16'),
  ...alias('UINTEGER', 'uinteger', 'uint32'),
  ...alias('UBIGINT', 'ubigint', 'uint64'),
  ...alias('UHUGEINT', 'uhugeint', 'uint128'),
  ...alias('BIGNUM', 'bignum', 'varint'),
  ...alias('FLOAT', 'float', 'float4', 'real'),
  ...alias('DOUBLE', 'double', 'double precision', 'float8'),
  ...alias('DECIMAL(18,3)', 'decimal', 'numeric', 'dec'),
  ...alias('VARCHAR', 'varchar', 'text', 'string', 'char', 'bpchar', 'character', 'character varying', 'char varying'),
  ...alias('VARCHAR', 'nvarchar', 'nchar', 'nchar varying', 'national character', 'national character varying'),
  ...alias('BLOB', 'blob', 'bytea', 'binary', 'varbinary'),
  ...alias('BIT', 'bit', 'bitstring'),
  ...alias('UUID', 'uuid', 'guid'),
  ...alias('JSON', 'json'),
  ...alias('DATE', 'date'),
  ...alias('TIME', 'time', 'time without time zone'),
  ...alias('TIME_NS', 'time_ns'),
  ...alias('TIME WITH TIME ZONE', 'timetz', 'time with time zone'),
  ...alias('TIMESTAMP', 'timestamp', 'datetime', 'timestamp_us', 'timestamp without time zone'),
  ...alias('TIMESTAMP_S', 'timestamp_s'),
  ...alias('TIMESTAMP_MS', 'timestamp_ms'),
  ...alias('TIMESTAMP_NS', 'timestamp_ns'),
  ...alias('TIMESTAMP WITH TIME ZONE', 'timestamptz', 'timestamp with time zone'),
  ...alias('INTERVAL', 'interval'),
]);

/** Words that continue a name of several words, by the words before them. */
const CONTINUATIONS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    double: ['precision'],
    character: ['varying'],
    char: ['varying'],
    nchar: ['varying'],
    national: ['character'],
    'national character': ['varying'],
    time: ['with', 'without'],
    timestamp: ['with', 'without'],
    ...Object.fromEntries(
      ['time with', 'time without', 'timestamp with', 'timestamp without'].map((name) => [name, ['time']]),
    ),
    ...Object.fromEntries(
      ['time with time', 'time without time', 'timestamp with time', 'timestamp without time'].map((name) => [
        name,
        ['zone'],
      ]),
    ),
  }),
);

function alias(engineName: string, ...names: string[]): [string, string][] {
  return names.map((name) => [name, engineName]);
}

/**
 * The engine's own spelling of a type, so `int4[]` becomes `INTEGER[]`. The text is parsed and the answer printed from the
 * parse: whatever is not a type in its entirety is refused with `invalid_column_type`, and none of it reaches the engine.
 */
export function parseColumnType(text: string): string {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new DomainError('invalid_column_type', `The type is longer than ${MAX_TEXT_LENGTH} characters.`, {
      type: text.slice(0, 200),
    });
  }
  const tokens = new TypeTokens(text);
  const type = parseType(tokens, 1, 1);
  tokens.mustEnd();
  return type;
}

/** `arrayElements`: how many elements the arrays around this type hold together. */
function parseType(tokens: TypeTokens, depth: number, arrayElements: number): string {
  if (depth > MAX_DEPTH) throw tokens.failure(`types may be nested ${MAX_DEPTH} deep at most`);
  return parseSuffixes(tokens, parseNamedType(tokens, depth, arrayElements), depth, arrayElements);
}

function parseSuffixes(tokens: TypeTokens, element: string, depth: number, outerElements: number): string {
  let type = element;
  let elements = outerElements;
  for (let level = depth; ; level++) {
    const arrayWord = tokens.takeWord('array');
    if (!tokens.take('[')) return arrayWord ? `${type}[]` : type;
    if (level >= MAX_DEPTH) throw tokens.failure(`types may be nested ${MAX_DEPTH} deep at most`);
    if (tokens.take(']')) {
      type = `${type}[]`;
      continue;
    }
    const size = tokens.integer('the size of the array');
    elements *= size;
    if (size < 1 || elements > MAX_ARRAY_ELEMENTS) {
      throw tokens.failure(`an array holds 1 to ${MAX_ARRAY_ELEMENTS} elements, nested ones counted together`);
    }
    tokens.must(']');
    type = `${type}[${size}]`;
  }
}

function parseNamedType(tokens: TypeTokens, depth: number, arrayElements: number): string {
  const start = tokens.position;
  const name = parseTypeName(tokens);
  switch (name) {
    case 'struct':
    case 'row':
      return `STRUCT(${parseFields(tokens, depth, arrayElements).join(', ')})`;
    case 'union': {
      const members = parseFields(tokens, depth, arrayElements);
      if (members.length > MAX_UNION_MEMBERS)
        throw tokens.failure(`a UNION has ${MAX_UNION_MEMBERS} members at most`, start);
      return `UNION(${members.join(', ')})`;
    }
    case 'map': {
      tokens.must('(');
      const key = parseType(tokens, depth + 1, arrayElements);
      tokens.must(',');
      const value = parseType(tokens, depth + 1, arrayElements);
      tokens.must(')');
      return `MAP(${key}, ${value})`;
    }
    case 'enum':
      return `ENUM(${parseEnumValues(tokens).join(', ')})`;
  }
  const plain = PLAIN_TYPES.get(name);
  if (plain === undefined) throw tokens.failure(`unknown type "${name}"`, start);
  return tokens.take('(') ? applyParameters(tokens, name, plain) : plain;
}

function parseTypeName(tokens: TypeTokens): string {
  let name = tokens.word('a type');
  for (;;) {
    const next = (CONTINUATIONS.get(name) ?? []).find((word) => tokens.takeWord(word));
    if (next === undefined) return name;
    name = `${name} ${next}`;
  }
}

/** The opening bracket is taken already. */
function applyParameters(tokens: TypeTokens, name: string, plain: string): string {
  const start = tokens.position;
  const first = tokens.integer('a number');
  const second = tokens.take(',') ? tokens.integer('a number') : undefined;
  tokens.must(')');
  if (plain.startsWith('DECIMAL')) {
    const scale = second ?? 0;
    if (first < 1 || first > MAX_DECIMAL_WIDTH)
      throw tokens.failure(`the width of a DECIMAL is 1 to ${MAX_DECIMAL_WIDTH}`, start);
    if (scale > first) throw tokens.failure('the scale of a DECIMAL cannot be greater than its width', start);
    return `DECIMAL(${first},${scale})`;
  }
  if (second !== undefined) throw tokens.failure(`${plain} takes one parameter at most`, start);
  if (plain === 'VARCHAR' || plain === 'BIT') return plain;
  if (name === 'float') {
    if (first < 1 || first > 53) throw tokens.failure('the precision of a FLOAT is 1 to 53 bits', start);
    return first <= 24 ? 'FLOAT' : 'DOUBLE';
  }
  if (name === 'timestamp' || name === 'datetime') {
    if (first > 9) throw tokens.failure('the precision of a TIMESTAMP is 0 to 9 digits', start);
    return first === 0 ? 'TIMESTAMP_S' : first <= 3 ? 'TIMESTAMP_MS' : first <= 6 ? 'TIMESTAMP' : 'TIMESTAMP_NS';
  }
  throw tokens.failure(`${plain} takes no parameters`, start);
}

function parseFields(tokens: TypeTokens, depth: number, arrayElements: number): string[] {
  tokens.must('(');
  const seen = new Set<string>();
  const fields: string[] = [];
  do {
    const start = tokens.position;
    const name = tokens.name('a field name');
    // JavaScript objects, which carry structures from the engine, lose a field of that name.
    if (name === '__proto__') throw tokens.failure('a field cannot be named __proto__', start);
    if (seen.has(nameKey(name))) throw tokens.failure(`the field "${name}" is there twice`, start);
    seen.add(nameKey(name));
    fields.push(`${printFieldName(name)} ${parseType(tokens, depth + 1, arrayElements)}`);
  } while (tokens.take(','));
  tokens.must(')');
  return fields;
}

function parseEnumValues(tokens: TypeTokens): string[] {
  tokens.must('(');
  const values = new Set<string>();
  do {
    const start = tokens.position;
    const value = tokens.string('an ENUM value in single quotes');
    if (values.has(value)) throw tokens.failure(`the value '${value}' is there twice`, start);
    values.add(value);
  } while (tokens.take(','));
  tokens.must(')');
  return [...values].map((value) => `'${value.replaceAll("'", "''")}'`);
}

/** Quotes where the engine does, so that the printed type is the one it shows. */
function printFieldName(name: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !ENGINE_KEYWORDS.has(name.toLowerCase());
  return plain ? name : `"${name.replaceAll('"', '""')}"`;
}
