import { fieldsOf, isFields, namesOf, textOf, walk, type Fields, type Json } from './ast.js';
import { MACROS, VALUE_FUNCTION_MACROS } from './rewrite/functions.js';
import { schemaOfRelation } from './rewrite/relations.js';
import { ROW_FUNCTIONS } from './user-sql/row-function-edits.js';
import { REG_TYPES } from './rewrite/types.js';

/** Words without one of which no statement concerns the catalogue; most statements of users need not be parsed. */
const HINT =
  /pg_|information_schema|\b(?:show|version|reg[a-z]+|oid|current_|session_user|has_\w+_privilege|to_reg\w+|\w+_description|format_type|quote_\w+|set_config|inet_\w+|txid_\w+|user)/i;

export function mayConcernCatalog(sql: string): boolean {
  return HINT.test(sql);
}

/**
 * Whether a statement reads nothing but the catalogue, so that it may be rewritten as a tree. User SQL must not be: PostgreSQL's grammar
 * reads some of DuckDB's as something else (`a ASOF JOIN b` is a table `a` called `asof`).
 */
export function isCatalogStatement(node: Fields): boolean {
  if (fieldsOf(node, 'VariableShowStmt') !== undefined) return true;
  if (fieldsOf(node, 'SelectStmt') === undefined) return false;
  const ctes = new Set<string>();
  let relations = 0;
  let foreign = 0;
  let speaksOfCatalog = false;
  let computes = false;
  walk(node, (fields) => {
    const cte = textOf(fieldsOf(fields, 'CommonTableExpr')?.['ctename']);
    if (cte !== undefined) ctes.add(cte);
  });
  walk(node, (fields) => {
    const relation = fieldsOf(fields, 'RangeVar');
    if (relation !== undefined) {
      const name = textOf(relation['relname']) ?? '';
      const schema = textOf(relation['schemaname']);
      if (schema === undefined && ctes.has(name)) return;
      if (schemaOfRelation(schema, name) !== undefined) relations++;
      else foreign++;
    }
    if (fields['intoClause'] !== undefined || callsRowFunction(fieldsOf(fields, 'RangeFunction'))) foreign++;
    speaksOfCatalog ||= isCatalogExpression(fields);
    computes ||= isComputation(fields);
  });
  return foreign === 0 && (relations > 0 || (speaksOfCatalog && !computes));
}

/** Rows of a value and not of the catalogue. */
function callsRowFunction(range: Fields | undefined): boolean {
  let calls = false;
  if (range !== undefined) {
    walk(range, (fields) => {
      calls ||= ROW_FUNCTIONS.has(namesOf(fieldsOf(fields, 'FuncCall')?.['funcname']).at(-1) ?? '');
    });
  }
  return calls;
}

/** What the rules for users' statements make PostgreSQL's: a statement with these and `current_user` is one of a user's. */
function isComputation(fields: Fields): boolean {
  const operation = fieldsOf(fields, 'A_Expr');
  if (operation !== undefined) return /^[/%]$/.test(namesOf(operation['name']).at(-1) ?? '');
  const call = fieldsOf(fields, 'FuncCall');
  return /^(sum|mod|to_char|to_date|to_timestamp)$/.test(namesOf(call?.['funcname']).at(-1) ?? '');
}

function isCatalogExpression(fields: Fields): boolean {
  const call = fieldsOf(fields, 'FuncCall');
  if (call !== undefined) {
    const names = namesOf(call['funcname']);
    const target = MACROS.get(names.at(-1) ?? '');
    return (
      // `extract(… FROM …)` is one of these, too, and nobody has written so.
      (names.length === 2 && names[0] === 'pg_catalog' && textOf(call['funcformat']) !== 'COERCE_SQL_SYNTAX') ||
      (names.length === 1 && target !== undefined && target.length > 1)
    );
  }
  const value = fieldsOf(fields, 'SQLValueFunction');
  if (value !== undefined) return (textOf(value['op']) ?? '') in VALUE_FUNCTION_MACROS;
  const type: Json | undefined = fieldsOf(fields, 'TypeCast')?.['typeName'];
  const typeName = isFields(type) ? namesOf(type['names']).at(-1) : undefined;
  return typeName !== undefined && (REG_TYPES.has(typeName) || typeName === 'oid');
}
