import type { FastifyInstance } from 'fastify';
import { ValidationError } from './validation-error.js';
import { coerce } from './coerce.js';
import { issuesFrom } from './issues.js';
import type { JsonSchema, SchemaLookup } from './json-schema.js';

/** Ajv as this door wants it: it only judges (the coercion is ours), fills defaults, and reports every finding. */
export const AJV_OPTIONS = {
  coerceTypes: false,
  useDefaults: true,
  removeAdditional: false,
  allErrors: true,
  verbose: true,
} as const;

/** What a route gets instead of a body when the request body is not JSON. */
export class NotJsonBody {
  constructor(readonly contentType: string) {}
}

/**
 * Puts coercion before the schema check of every body and query. Bodies that are not JSON and lone surrogates (which no
 * store could keep) are refused here too.
 */
export function prepareForValidation(
  schema: JsonSchema,
  httpPart: 'body' | 'querystring',
  value: unknown,
  lookup: SchemaLookup,
): unknown {
  if (httpPart === 'querystring') return coerce(schema, lastValues(schema, value), lookup);
  if (value === undefined || value === null) {
    throw new ValidationError([{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }]);
  }
  if (value instanceof NotJsonBody) {
    throw new ValidationError([
      {
        type: 'model_attributes_type',
        loc: ['body'],
        msg: 'Input should be a valid dictionary or object to extract fields from; send it as Content-Type: application/json',
        input: value.contentType,
      },
    ]);
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    const msg = 'Input should be a valid dictionary or object to extract fields from';
    throw new ValidationError([{ type: 'model_attributes_type', loc: ['body'], msg, input: value }]);
  }
  return coerce(schema, value, lookup);
}

/** A query parameter that is given twice counts once, with its last value, unless it is a list. */
function lastValues(schema: JsonSchema, query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return {};
  return Object.fromEntries(
    Object.entries(query).map(([name, value]: [string, unknown]) => {
      const isList = schema.properties?.[name]?.type === 'array';
      if (isList) return [name, Array.isArray(value) ? value : [value]];
      return [name, Array.isArray(value) ? value.at(-1) : value];
    }),
  );
}

/** Turns Ajv's findings into a ValidationError, for every route of the instance. */
export function reportSchemaViolations(app: FastifyInstance): void {
  app.setSchemaErrorFormatter((errors, httpPart) => new ValidationError(issuesFrom(errors, httpPart)));
}
