import { fieldsOf, listOf, textOf, type Fields, type Json } from '../ast.js';

/** Which names mean what at one place of a statement. */
export interface Scope {
  /** Of this SELECT and those around it. */
  readonly ctes: ReadonlySet<string>;
  /** Alias to relation of the catalogue, of this SELECT first. */
  readonly relations: ReadonlyMap<string, string>;
  /** Those of this SELECT alone. */
  readonly local: readonly string[];
  /** What this SELECT reads from, as it calls them; undefined names are sub-selects and functions. */
  readonly aliases: readonly (string | undefined)[];
  /** No SELECT is around this one: its columns go to the client. */
  readonly outermost: boolean;
  /** It is one side of a UNION, whose columns take their type from both. */
  readonly merged: boolean;
}

export const OUTSIDE: Scope = {
  ctes: new Set(),
  relations: new Map(),
  local: [],
  aliases: [],
  outermost: true,
  merged: false,
};

export function enterSelect(select: Fields, outer: Scope, outermost: boolean): Scope {
  const ctes = new Set([...outer.ctes, ...cteNames(select)]);
  const own: [string, string][] = [];
  collectRelations(listOf(select['fromClause']), ctes, own);
  return {
    ctes,
    relations: new Map([...outer.relations, ...own]),
    local: own.map(([, relation]) => relation),
    aliases: aliasesIn(listOf(select['fromClause'])),
    outermost,
    merged: outer.merged,
  };
}

function aliasesIn(from: readonly Json[]): readonly (string | undefined)[] {
  return from.flatMap((item) => {
    const join = fieldsOf(item, 'JoinExpr');
    if (join !== undefined) return aliasesIn([join['larg'] ?? null, join['rarg'] ?? null]);
    const relation = fieldsOf(item, 'RangeVar');
    return [relation === undefined ? undefined : (aliasOf(relation) ?? textOf(relation['relname']))];
  });
}

export function cteNames(statement: Fields): readonly string[] {
  const clause = statement['withClause'];
  const list = typeof clause === 'object' && clause !== null && 'ctes' in clause ? listOf(clause.ctes) : [];
  return list.flatMap((one) => textOf(fieldsOf(one, 'CommonTableExpr')?.['ctename']) ?? []);
}

function collectRelations(from: readonly Json[], ctes: ReadonlySet<string>, found: [string, string][]): void {
  for (const item of from) {
    const join = fieldsOf(item, 'JoinExpr');
    if (join !== undefined) {
      collectRelations([join['larg'] ?? null, join['rarg'] ?? null], ctes, found);
      continue;
    }
    const relation = fieldsOf(item, 'RangeVar');
    const name = textOf(relation?.['relname']);
    if (relation === undefined || name === undefined) continue;
    if (relation['schemaname'] === undefined && ctes.has(name)) continue;
    found.push([aliasOf(relation) ?? name, name]);
  }
}

export function aliasOf(item: Fields): string | undefined {
  const alias = item['alias'];
  return typeof alias === 'object' && alias !== null && 'aliasname' in alias ? textOf(alias.aliasname) : undefined;
}
