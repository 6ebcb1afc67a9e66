import type { JsonSchema, SchemaLookup } from './json-schema.js';
import { acceptsNull, branchFor, resolveSchema } from './json-schema.js';

const INTEGER_TEXT = /^\s*[+-]?\d+(?:\.0+)?\s*$/;
const TRUE_TEXTS = new Set(['1', 'true', 't', 'yes', 'y', 'on']);
const FALSE_TEXTS = new Set(['0', 'false', 'f', 'no', 'n', 'off']);

/**
 * Clients of the reference may send "12" for an integer and "no" for a boolean, in the query and in the body alike, but
 * never a number for a text. This turns such values into what the schema asks for and leaves everything else as it is, so
 * that the schema check that follows reports it. The input is not changed.
 */
export function coerce(schema: JsonSchema, value: unknown, lookup: SchemaLookup): unknown {
  const resolved = resolveSchema(schema, lookup);
  if (value === null && acceptsNull(resolved, lookup)) return null;
  const target = branchFor(resolved, value, lookup);
  switch (target.type) {
    case 'integer':
      return coerceInteger(value);
    case 'boolean':
      return coerceBoolean(value);
    case 'array':
      return coerceArray(target, value, lookup);
    case 'object':
      return coerceObject(target, value, lookup);
    default:
      return value;
  }
}

function coerceInteger(value: unknown): unknown {
  if (typeof value !== 'string' || !INTEGER_TEXT.test(value)) return value;
  const parsed = Number(value);
  return Number.isSafeInteger(parsed) ? parsed : value;
}

function coerceBoolean(value: unknown): unknown {
  if (value === 1) return true;
  if (value === 0) return false;
  if (typeof value !== 'string') return value;
  const text = value.toLowerCase();
  if (TRUE_TEXTS.has(text)) return true;
  return FALSE_TEXTS.has(text) ? false : value;
}

function coerceArray(schema: JsonSchema, value: unknown, lookup: SchemaLookup): unknown {
  const items = schema.items;
  if (!Array.isArray(value) || items === undefined) return value;
  return value.map((item: unknown) => coerce(items, item, lookup));
}

function coerceObject(schema: JsonSchema, value: unknown, lookup: SchemaLookup): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || schema.properties === undefined)
    return value;
  const properties = schema.properties;
  const members = Object.entries(value).map(([name, member]: [string, unknown]) => {
    const memberSchema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return [name, memberSchema === undefined ? member : coerce(memberSchema, member, lookup)] as const;
  });
  // fromEntries defines members, so that a member named __proto__ stays an ordinary member.
  return Object.fromEntries(members);
}
