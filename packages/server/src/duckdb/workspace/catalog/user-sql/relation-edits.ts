import { CATALOG_DATABASE, INFORMATION_SCHEMA, PG_CATALOG, WORKSPACE_DATABASE } from '../names.js';
import { schemaOfRelation } from '../rewrite/relations.js';
import type { TextEdit, TokenList } from './token-list.js';

/** Words after which an unqualified name is a relation. */
const BEFORE_RELATION = new Set(['from', 'join', 'into', 'table', 'only', 'update', 'using']);

/** Gives the text of a view of PostgreSQL's own, as a sub-select that DuckDB can run; undefined for relations that exist. */
export type ViewText = (schema: 'pg_catalog' | 'information_schema', name: string) => string | undefined;

/** `public` is DuckDB's `main`; the database is called by its name of the outside. */
export function schemaEdits(list: TokenList, databaseName: string): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    if (!list.isName(index)) return [];
    if (token.value === databaseName && list.matches(index + 1, '.') && list.matches(index + 3, '.')) {
      return list.matches(index - 1, '.') ? [] : [list.replace(index, index, WORKSPACE_DATABASE)];
    }
    if (token.value !== 'public') return [];
    const isSchema = list.matches(index + 1, '.') || list.matches(index - 1, 'schema');
    const isAfterDatabase = list.matches(index - 1, '.') && list.at(index - 2)?.value !== databaseName;
    return isSchema && !isAfterDatabase ? [list.replace(index, index, 'main')] : [];
  });
}

/** Relations of the catalogue in a statement that reads others as well. */
export function catalogRelationEdits(list: TokenList, viewText: ViewText): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    if (!list.isName(index) || list.matches(index + 1, '(') || list.matches(index + 1, '.')) return [];
    const isQualified = list.matches(index - 1, '.');
    const schema = isQualified ? list.at(index - 2)?.value : undefined;
    if (isQualified && schema !== 'pg_catalog' && schema !== 'information_schema') return [];
    const first = isQualified ? index - 2 : index;
    const before = list.at(first - 1);
    const isPlace =
      (before?.kind === 'word' && BEFORE_RELATION.has(before.value)) || (before?.value === ',' && isQualified);
    if (!isPlace) return [];
    const found = schemaOfRelation(schema, token.value);
    if (found === undefined) return [];
    const view = viewText(found, token.value);
    const place = found === 'pg_catalog' ? PG_CATALOG : INFORMATION_SCHEMA;
    const name = view === undefined ? `${CATALOG_DATABASE}.${place}.${token.value}` : `(${view})`;
    const hasAlias = list.matches(index + 1, 'as') || (list.isName(index + 1) && !list.isBoundary(index + 1));
    return [list.replace(first, index, hasAlias ? name : `${name} AS ${token.value}`)];
  });
}
