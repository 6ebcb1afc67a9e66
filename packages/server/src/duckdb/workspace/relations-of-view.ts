import type { DuckDBConnection } from '@duckdb/node-api';
import { readName } from './gate/write-targets.js';
import { tokenize } from './sql-tokens.js';

/** A node of the engine's own syntax tree. */
type Node = { readonly [member: string]: unknown };

/**
 * The names of relations that the text of a view reads, each in its parts: from the engine's own syntax tree, which is not bound, so that views among
 * them stay views. PIVOT has no such tree; there a name behind FROM or JOIN counts.
 */
export async function relationsIn(
  connection: DuckDBConnection,
  viewSql: string,
): Promise<readonly (readonly string[])[]> {
  const query = queryOf(viewSql);
  const found = await connection.runAndReadAll('SELECT system.main.json_serialize_sql($1::VARCHAR)', [query]);
  const tree = parsed(String(found.getRows()[0]?.[0]));
  return tree === undefined || tree['error'] === true ? namesBehindFrom(query) : relationsOf(tree);
}

/** `CREATE VIEW a.b (x) AS SELECT …;`, as DuckDB keeps it. */
function queryOf(viewSql: string): string {
  const as = tokenize(viewSql).find(({ kind, value }) => kind === 'word' && value === 'as');
  return viewSql.slice(as?.end).replace(/;\s*$/, '');
}

/** Undefined where the engine writes numbers that JSON has not. */
function parsed(json: string): Node | undefined {
  try {
    return JSON.parse(json) as Node;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function relationsOf(tree: Node): readonly (readonly string[])[] {
  const paths: string[][] = [];
  const withNames = new Set<string>();
  const waiting: unknown[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    const { type, catalog_name: catalog, schema_name: schema, table_name: name, cte_map: ctes } = node as Node;
    if (type === 'BASE_TABLE') paths.push([catalog, schema, name].filter((part) => part !== '').map(String));
    for (const { key } of (ctes as { map?: readonly { key: string }[] } | undefined)?.map ?? []) withNames.add(key);
    waiting.push(...Object.values(node as Node));
  }
  return paths.filter(([name = '', ...others]) => others.length > 0 || !withNames.has(name));
}

function namesBehindFrom(query: string): readonly (readonly string[])[] {
  const tokens = tokenize(query);
  return tokens.flatMap(({ kind, value }, index) => {
    if (kind !== 'word' || !/^(from|join|pivot|unpivot)$/.test(value)) return [];
    const name = readName(tokens, index + 1);
    return name === undefined ? [] : [name.parts];
  });
}
