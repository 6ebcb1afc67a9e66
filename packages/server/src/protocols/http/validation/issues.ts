import type { ValidationIssue } from './validation-error.js';

/** The part of an Ajv error that is read here; `data` is present because Ajv runs in verbose mode. */
export interface SchemaViolation {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly data?: unknown;
}

const MAX_ISSUES = 50;
const PLACES: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

/** Ajv's findings in the form of the reference's 422 answers. */
export function issuesFrom(violations: readonly SchemaViolation[], httpPart: string): ValidationIssue[] {
  const place = PLACES[httpPart] ?? httpPart;
  return withoutBranchNoise(violations)
    .slice(0, MAX_ISSUES)
    .map((violation) => issueFrom(violation, [place, ...pathSegments(violation.instancePath)]));
}

/**
 * A nullable member fails as "not a text", "not null" and "none of these" at once; only the first says anything. All
 * unions of our request schemas are of that kind.
 */
function withoutBranchNoise(violations: readonly SchemaViolation[]): readonly SchemaViolation[] {
  return violations.filter(
    (violation) =>
      violation.keyword !== 'anyOf' && !(violation.keyword === 'type' && violation.params['type'] === 'null'),
  );
}

function pathSegments(instancePath: string): (string | number)[] {
  if (instancePath === '') return [];
  return instancePath
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
}

function issueFrom(violation: SchemaViolation, loc: readonly (string | number)[]): ValidationIssue {
  const { params, data } = violation;
  const limit = params['limit'];
  switch (violation.keyword) {
    case 'required':
      return { type: 'missing', loc: [...loc, String(params['missingProperty'])], msg: 'Field required', input: data };
    case 'type':
      return typeIssue(String(params['type']), loc, data);
    case 'minimum':
      return boundIssue('greater_than_equal', 'greater than or equal to', 'ge', limit, loc, data);
    case 'maximum':
      return boundIssue('less_than_equal', 'less than or equal to', 'le', limit, loc, data);
    case 'minItems':
      return sizeIssue('too_short', 'List', 'at least', 'min_length', limit, loc, data);
    case 'maxItems':
      return sizeIssue('too_long', 'List', 'at most', 'max_length', limit, loc, data);
    case 'minLength':
      return textIssue('string_too_short', `at least ${String(limit)} characters`, { min_length: limit }, loc, data);
    case 'maxLength':
      return textIssue('string_too_long', `at most ${String(limit)} characters`, { max_length: limit }, loc, data);
    case 'pattern':
      return {
        type: 'string_pattern_mismatch',
        loc,
        msg: `String should match pattern '${String(params['pattern'])}'`,
        input: data,
        ctx: { pattern: params['pattern'] },
      };
    case 'enum':
      return literalIssue(params['allowedValues'], loc, data);
    case 'additionalProperties':
      return {
        type: 'extra_forbidden',
        loc: [...loc, String(params['additionalProperty'])],
        msg: 'Extra inputs are not permitted',
        input: data,
      };
    default:
      return { type: violation.keyword, loc, msg: violation.message ?? 'Input is not valid', input: data };
  }
}

function typeIssue(expected: string, loc: readonly (string | number)[], input: unknown): ValidationIssue {
  if (input === undefined) return { type: 'missing', loc, msg: 'Field required', input: null };
  const [type, msg] = typeMessage(expected, input);
  return { type, loc, msg, input };
}

function typeMessage(expected: string, input: unknown): readonly [type: string, msg: string] {
  switch (expected) {
    case 'string':
      return ['string_type', 'Input should be a valid string'];
    case 'integer':
      if (typeof input === 'string') {
        return ['int_parsing', 'Input should be a valid integer, unable to parse string as an integer'];
      }
      return typeof input === 'number'
        ? ['int_from_float', 'Input should be a valid integer, got a number with a fractional part']
        : ['int_type', 'Input should be a valid integer'];
    case 'boolean':
      return typeof input === 'string' || typeof input === 'number'
        ? ['bool_parsing', 'Input should be a valid boolean, unable to interpret input']
        : ['bool_type', 'Input should be a valid boolean'];
    case 'array':
      return ['list_type', 'Input should be a valid list'];
    default:
      return ['dict_type', 'Input should be a valid dictionary'];
  }
}

function boundIssue(
  type: string,
  words: string,
  key: string,
  limit: unknown,
  loc: readonly (string | number)[],
  input: unknown,
): ValidationIssue {
  return { type, loc, msg: `Input should be ${words} ${String(limit)}`, input, ctx: { [key]: limit } };
}

function sizeIssue(
  type: string,
  kind: string,
  words: string,
  key: string,
  limit: unknown,
  loc: readonly (string | number)[],
  input: unknown,
): ValidationIssue {
  const actual = Array.isArray(input) ? input.length : 0;
  return {
    type,
    loc,
    msg: `${kind} should have ${words} ${String(limit)} item${limit === 1 ? '' : 's'} after validation, not ${actual}`,
    input,
    ctx: { field_type: kind, [key]: limit, actual_length: actual },
  };
}

function textIssue(
  type: string,
  words: string,
  ctx: Readonly<Record<string, unknown>>,
  loc: readonly (string | number)[],
  input: unknown,
): ValidationIssue {
  return { type, loc, msg: `String should have ${words}`, input, ctx };
}

function literalIssue(allowed: unknown, loc: readonly (string | number)[], input: unknown): ValidationIssue {
  const values = Array.isArray(allowed) ? allowed.map((value: unknown) => `'${String(value)}'`) : [];
  const last = values.at(-1) ?? '';
  const expected = values.length > 1 ? `${values.slice(0, -1).join(', ')} or ${last}` : last;
  return { type: 'literal_error', loc, msg: `Input should be ${expected}`, input, ctx: { expected } };
}
