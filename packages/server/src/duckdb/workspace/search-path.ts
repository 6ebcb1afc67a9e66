import type { DuckDBConnection } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import { quoteIdentifier } from '../quoting.js';
import { writeTargets } from './gate/write-targets.js';
import { tokenize } from './sql-tokens.js';

/** A schema of a `search_path` that is there. */
export interface PathSchema {
  /** As PostgreSQL calls it: `public`. */
  readonly name: string;
  readonly isBucket: boolean;
}

export const DEFAULT_SCHEMAS: readonly PathSchema[] = [{ name: 'public', isBucket: false }];

const ITEM = /\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/gy;
const SCHEMAS_SQL = `SELECT lower(schema_name) FROM system.main.duckdb_schemas() WHERE database_name = 'ws'`;

/** The names in the value of the setting; `$user` is the login, which has no schema of its own, and PostgreSQL's own is always searched. */
export function namesInSearchPath(value: string, user: string): readonly string[] {
  const names = [...value.matchAll(ITEM)].map(([, quoted, plain = '']) =>
    quoted === undefined ? plain.trim().toLowerCase() : quoted.replaceAll('""', '"'),
  );
  return names.filter((name) => name !== '' && name !== '$user' && name !== user && name !== 'pg_catalog');
}

/** One name as the setting shows it. */
export function searchPathItem(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteIdentifier(name);
}

/** What of a path is there, in its order; the rest is passed over, as in PostgreSQL, until it is. */
export async function existingSchemas(
  names: readonly string[],
  connection: DuckDBConnection,
  isBucketSchema: (name: string) => Promise<boolean>,
): Promise<readonly PathSchema[]> {
  if (names.length === 1 && names[0] === 'public') return DEFAULT_SCHEMAS;
  const own = new Set((await connection.runAndReadAll(SCHEMAS_SQL)).getRows().map(([name]) => name));
  const found: PathSchema[] = [];
  for (const name of names) {
    if (own.has(engineSchema(name).toLowerCase())) found.push({ name, isBucket: false });
    else if (await isBucketSchema(name)) found.push({ name, isBucket: true });
  }
  return found;
}

export function engineSchema(name: string): string {
  return name === 'public' ? 'main' : name;
}

/** Tables without a schema that a statement changes or drops, in lower case; what it creates is not there yet. */
export function changedNames(sql: string): ReadonlySet<string> {
  const tokens = tokenize(sql);
  const targets = tokens[0]?.value === 'create' ? [] : writeTargets(tokens);
  return new Set(targets.filter(({ schema }) => schema === null).map(({ name }) => name.toLowerCase()));
}

export function isReadOnly(verb: string, schema: string): SqlError {
  return new SqlError('25006', `cannot execute ${verb} in ${JSON.stringify(schema)}: project data is read-only`, {
    hint: 'Put a schema of the workspace first in search_path, or write its name.',
  });
}

/** A new object without a schema is made in the first of the path: which must be there, and no bucket. */
export function mustHavePlaceToCreate(sql: string, schemas: readonly PathSchema[]): void {
  const [first] = schemas;
  if (first?.isBucket === false) return;
  const tokens = tokenize(sql);
  const words = tokens.slice(0, 6).map(({ kind, value }) => (kind === 'word' ? value : ''));
  if (words[0] !== 'create' || words.some((word) => /^(temp|temporary|schema|index)$/.test(word))) return;
  if (!writeTargets(tokens).some(({ schema }) => schema === null)) return;
  if (first === undefined) throw new SqlError('3F000', 'no schema has been selected to create in');
  throw isReadOnly('CREATE', first.name);
}
