/**
 * PostgreSQL parse trees as libpg-query gives them: JSON, each node an object with one key, its kind. The rules here look at a few
 * kinds and walk over all the others, so the trees stay plain JSON instead of the union of 270 node types.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Fields = { readonly [key: string]: Json };

/** The fields of a node of this kind; undefined for any other. */
export function fieldsOf(node: Json | undefined, kind: string): Fields | undefined {
  if (!isFields(node)) return undefined;
  const fields = node[kind];
  return isFields(fields) ? fields : undefined;
}

export function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The texts of a list of String nodes; anything else (a star, a subscript) is left out. */
export function namesOf(value: Json | undefined): readonly string[] {
  return listOf(value).flatMap((one) => {
    const name = textOf(fieldsOf(one, 'String')?.['sval']);
    return name === undefined ? [] : [name];
  });
}

export const nameNode = (name: string): Json => ({ String: { sval: name } });

export const textNode = (text: string): Json => ({ A_Const: { sval: { sval: text } } });

export const integerNode = (value: number): Json => ({ A_Const: { ival: value === 0 ? {} : { ival: value } } });

export const nullNode: Json = { A_Const: { isnull: true } };

export function columnNode(...names: readonly string[]): Json {
  return { ColumnRef: { fields: names.map(nameNode) } };
}

export function callNode(name: readonly string[], args: readonly Json[]): Json {
  return { FuncCall: { funcname: name.map(nameNode), args, funcformat: 'COERCE_EXPLICIT_CALL' } };
}

export function operatorNode(operator: string, left: Json, right: Json): Json {
  return { A_Expr: { kind: 'AEXPR_OP', name: [nameNode(operator)], lexpr: left, rexpr: right } };
}

export function notNode(argument: Json): Json {
  return { BoolExpr: { boolop: 'NOT_EXPR', args: [argument] } };
}

export function castNode(argument: Json, typeName: readonly string[], isArray = false): Json {
  const typeNameNode: Fields = {
    names: typeName.map(nameNode),
    typemod: -1,
    ...(isArray ? { arrayBounds: [{ Integer: { ival: -1 } }] } : {}),
  };
  return { TypeCast: { arg: argument, typeName: typeNameNode } };
}

export function arrayNode(elements: readonly Json[]): Json {
  return { A_ArrayExpr: { elements } };
}

export function targetNode(value: Json, name: string): Json {
  return { ResTarget: { name, val: value } };
}

/** The text of a constant, if it is one of text. */
export function constantText(node: Json | undefined): string | undefined {
  const value = fieldsOf(node, 'A_Const')?.['sval'];
  if (!isFields(value)) return undefined;
  // An empty string has no `sval` inside.
  return textOf(value['sval']) ?? '';
}

/** The value of an integer constant; libpg-query leaves a zero out. */
export function constantInteger(node: Json | undefined): number | undefined {
  const constant = fieldsOf(node, 'A_Const');
  if (constant === undefined || !isFields(constant['ival'])) return undefined;
  const value = constant['ival']['ival'];
  return typeof value === 'number' ? value : 0;
}

/** Calls `visit` for every object in the tree, outer ones first. */
export function walk(value: Json | undefined, visit: (fields: Fields) => void): void {
  if (Array.isArray(value)) {
    for (const one of value as readonly Json[]) walk(one, visit);
  } else if (isFields(value)) {
    visit(value);
    for (const one of Object.values(value)) walk(one, visit);
  }
}
