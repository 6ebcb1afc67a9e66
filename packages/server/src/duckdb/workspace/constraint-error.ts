import { SqlError, type ErrorOrigin } from '../../errors/sql-error.js';
import { writeTargets } from './gate/write-targets.js';
import { tokenize } from './sql-tokens.js';

/** A row that breaks a constraint, as the engine tells it. */
const DUPLICATE = /^Duplicate key "(.*)" violates (primary key|unique) constraint\.?$/s;
/** Of rows that are new together; it does not say which constraint. */
const DUPLICATE_OF_SOME = /^PRIMARY KEY or UNIQUE constraint violation: duplicate key "(.*)"$/s;
const NOT_NULL = /^NOT NULL constraint failed: (.+)\.([^.]+)$/;
const CHECK = /^CHECK constraint failed on table (.+?) with expression CHECK\((.*)\)$/s;
const NO_PARENT = /^Violates foreign key constraint because key "(.*)" does not exist in the referenced table/s;

/** Words of an expression that are no columns. */
const NO_COLUMN =
  /^(and|or|not|is|null|in|like|ilike|between|case|when|then|else|end|cast|as|true|false|any|all|similar|to|escape|collate|distinct|from|interval|date|time|timestamp|varchar|integer|bigint|smallint|double|decimal|boolean|text)$/;

/** PostgreSQL cuts longer names. */
const MAX_NAME = 63;

/**
 * An error about a constraint in PostgreSQL's words, with the schema, table, column and constraint that programs look at. DuckDB keeps no
 * names of constraints, so they are what PostgreSQL calls constraints without one, as in the catalogue.
 */
export function withConstraint(error: SqlError, statement: string, schemaOfNames: string): SqlError {
  if (!error.sqlState.startsWith('23')) return error;
  const target = writeTargets(tokenize(statement)).find(({ object }) => object === 'relation');
  const written = target?.schema ?? schemaOfNames;
  const schema = written === 'main' ? 'public' : written;
  const { message } = error;
  const as = (text: string, origin: ErrorOrigin, detail?: string): SqlError =>
    new SqlError(error.sqlState, text, {
      ...(detail === undefined ? {} : { detail }),
      origin: { schema, ...origin },
      cause: error.cause,
    });

  const notNull = NOT_NULL.exec(message);
  if (notNull !== null) {
    const [, table = '', column = ''] = notNull;
    return as(`null value in column "${column}" of relation "${table}" violates not-null constraint`, {
      table,
      column,
    });
  }
  const check = CHECK.exec(message);
  if (check !== null) {
    const [, table = '', expression = ''] = check;
    const columns = columnsIn(expression);
    const constraint = nameOf(table, columns.length === 1 ? columns : [], 'check');
    return as(`new row for relation "${table}" violates check constraint "${constraint}"`, { table, constraint });
  }
  if (target === undefined) return error;
  const table = target.name;
  const duplicate = DUPLICATE.exec(message);
  if (duplicate !== null) {
    const [, key = '', kind] = duplicate;
    const { names, values } = keyOf(key);
    const constraint = kind === 'unique' ? nameOf(table, names, 'key') : nameOf(table, [], 'pkey');
    return as(
      `duplicate key value violates unique constraint "${constraint}"`,
      { table, constraint },
      `Key (${names.join(', ')})=(${values.join(', ')}) already exists.`,
    );
  }
  const ofSome = DUPLICATE_OF_SOME.exec(message);
  if (ofSome !== null) {
    const detail = `The key ${ofSome[1] ?? ''} is there more than once.`;
    return as(`duplicate key value violates unique constraint of relation "${table}"`, { table }, detail);
  }
  const noParent = NO_PARENT.exec(message);
  if (noParent !== null) {
    const { names, values } = keyOf(noParent[1] ?? '');
    // Of this table or of the other: the engine does not tell the columns of which the constraint has its name.
    return as(
      `insert or update on table "${table}" violates a foreign key constraint`,
      { table },
      `Key (${names.join(', ')})=(${values.join(', ')}) is not present in the referenced table.`,
    );
  }
  return as(message, { table });
}

/** `a: 1, b: x` */
function keyOf(key: string): { readonly names: readonly string[]; readonly values: readonly string[] } {
  const parts = key.split(/, (?=[^,:]+: )/).map((part) => {
    const colon = part.indexOf(': ');
    return [part.slice(0, colon), part.slice(colon + 2)] as const;
  });
  return { names: parts.map(([name]) => name), values: parts.map(([, value]) => value) };
}

function columnsIn(expression: string): string[] {
  const tokens = tokenize(expression);
  const names = tokens.flatMap(({ kind, value }, at) => {
    const isCall = tokens[at + 1]?.kind === 'punctuation' && tokens[at + 1]?.value === '(';
    const isColumn = kind === 'quoted' || (kind === 'word' && !NO_COLUMN.test(value));
    return isColumn && !isCall ? [value] : [];
  });
  return [...new Set(names)];
}

/** As the catalogue calls it, see `own-views.ts`. */
function nameOf(table: string, columns: readonly string[], label: 'pkey' | 'key' | 'check'): string {
  if (label === 'pkey') return `${table.slice(0, MAX_NAME - '_pkey'.length)}_pkey`;
  return [table, ...columns, label].join('_').slice(0, MAX_NAME);
}
