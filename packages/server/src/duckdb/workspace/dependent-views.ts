import type { DuckDBConnection } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import { quoteIdentifier } from '../quoting.js';
import { readName } from './gate/write-targets.js';
import { namesIn } from './names-in-sql.js';
import { relationsIn } from './relations-of-view.js';
import type { SqlNotice } from './sql-engine.js';
import { tokenize } from './sql-tokens.js';

/** A table or view of the workspace. */
interface Relation {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
  /** Of a view. */
  readonly sql: string | null;
}

interface Dependency {
  readonly view: Relation;
  readonly on: Relation;
}

export interface Drop {
  /** To run before the statement: views over what it drops, the outermost first. */
  readonly before: readonly string[];
  readonly notices: readonly SqlNotice[];
}

/** Schemas of the session's path first. */
const RELATIONS_SQL = `
  SELECT database_name, schema_name, name, sql FROM (
    SELECT database_name, schema_name, table_name AS name, NULL AS sql FROM system.main.duckdb_tables() WHERE NOT internal
    UNION ALL
    SELECT database_name, schema_name, view_name, sql FROM system.main.duckdb_views() WHERE NOT internal)
  WHERE database_name IN ('ws', 'temp')
  ORDER BY database_name, list_position(current_schemas(true), schema_name) NULLS LAST, schema_name, name`;

/**
 * `DROP TABLE` and `DROP VIEW` where views read what they drop: 2BP01 with the list of them, or with CASCADE they go, too. DuckDB keeps the text of a
 * view and nothing of what it reads, and would leave views behind that fail. Undefined for every other statement.
 */
export async function dropOf(connection: DuckDBConnection, sql: string): Promise<Drop | undefined> {
  const asked = parseDrop(sql);
  if (asked === undefined) return undefined;
  const found = await connection.runAndReadAll(RELATIONS_SQL);
  const relations = found.getRows().map(([database, schema, name, text]): Relation => ({
    database: String(database),
    schema: String(schema),
    name: String(name),
    sql: typeof text === 'string' ? text : null,
  }));
  const targets = asked.names.flatMap((path) => relations.find((relation) => isCalled(relation, path)) ?? []);
  const dependencies = await dependenciesOn(targets, relations, connection);
  if (dependencies.length === 0) return { before: [], notices: [] };
  if (!asked.cascade) throw dependsOn(targets, dependencies);
  const views = dependencies.map(({ view }) => view);
  return {
    before: views.toReversed().map((view) => `DROP VIEW ${pathOf(view).map(quoteIdentifier).join('.')}`),
    notices: [cascades(views)],
  };
}

function parseDrop(
  sql: string,
): { readonly names: readonly (readonly string[])[]; readonly cascade: boolean } | undefined {
  const tokens = tokenize(sql);
  const word = (at: number): string => (tokens[at]?.kind === 'word' ? (tokens[at]?.value ?? '') : '');
  if (word(0) !== 'drop' || !/^(table|view)$/.test(word(1))) return undefined;
  const names: (readonly string[])[] = [];
  let at = word(2) === 'if' ? 4 : 2;
  for (;;) {
    const name = readName(tokens, at);
    if (name === undefined) return undefined;
    names.push(name.parts);
    at = name.next;
    if (tokens[at]?.value !== ',') break;
    at += 1;
  }
  return { names, cascade: word(at) === 'cascade' };
}

/** Each view once, behind all that it reads; those that are dropped themselves left out. */
async function dependenciesOn(
  targets: readonly Relation[],
  relations: readonly Relation[],
  connection: DuckDBConnection,
): Promise<readonly Dependency[]> {
  const readBy = new Map<Relation, readonly Relation[]>();
  const reads = async (view: Relation, other: Relation): Promise<boolean> => {
    // Most views do not even have the word in their text.
    if (view.sql === null || !namesIn(view.sql).words.has(other.name.toLowerCase())) return false;
    const known = readBy.get(view);
    if (known !== undefined) return known.includes(other);
    const paths = await relationsIn(connection, view.sql);
    const read = paths.flatMap((path) => relationRead(path, view, relations) ?? []);
    readBy.set(view, read);
    return read.includes(other);
  };
  const gone = new Set(targets);
  const dependencies: Dependency[] = [];
  const waiting = [...targets];
  for (let on = waiting.shift(); on !== undefined; on = waiting.shift()) {
    for (const view of relations) {
      if (gone.has(view) || !(await reads(view, on))) continue;
      gone.add(view);
      dependencies.push({ view, on });
      waiting.push(view);
    }
  }
  return dependencies;
}

/** A view finds names without a schema where it stands itself, then in `public`. */
function relationRead(path: readonly string[], view: Relation, relations: readonly Relation[]): Relation | undefined {
  if (path.length > 1) return relations.find((relation) => isCalled(relation, path));
  return [view.schema, 'main']
    .map((schema) => relations.find((relation) => isCalled(relation, [schema, ...path])))
    .find((relation) => relation !== undefined);
}

function isCalled({ database, schema, name }: Relation, path: readonly string[]): boolean {
  const [last = '', schemaName, databaseName] = path.map((part) => part.toLowerCase()).toReversed();
  const inEngine = schemaName === 'public' ? 'main' : schemaName;
  return (
    name.toLowerCase() === last &&
    (inEngine === undefined || inEngine === schema.toLowerCase()) &&
    (databaseName === undefined || databaseName === database.toLowerCase())
  );
}

function dependsOn(targets: readonly Relation[], dependencies: readonly Dependency[]): SqlError {
  const [only, ...others] = targets;
  const what = only === undefined || others.length > 0 ? 'desired object(s)' : described(only);
  const them = others.length > 0 ? 'them' : 'it';
  return new SqlError('2BP01', `cannot drop ${what} because other objects depend on ${them}`, {
    detail: dependencies.map(({ view, on }) => `${described(view)} depends on ${described(on)}`).join('\n'),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  });
}

function cascades(views: readonly Relation[]): SqlNotice {
  const lines = views.map((view) => `drop cascades to ${described(view)}`);
  const notice = { severity: 'NOTICE', sqlState: '00000' } as const;
  if (lines.length === 1) return { ...notice, message: lines[0] ?? '' };
  return { ...notice, message: `drop cascades to ${lines.length} other objects`, detail: lines.join('\n') };
}

function described({ schema, name, sql }: Relation): string {
  return `${sql === null ? 'table' : 'view'} ${schema === 'main' ? name : `${schema}.${name}`}`;
}

function pathOf({ database, schema, name }: Relation): readonly string[] {
  return [database, schema, name];
}
