import { ValidationError } from './validation/validation-error.js';

/** Finished JSON, sent as it is. */
export class JsonText {
  constructor(readonly text: string) {}
}

/** Deeper than any sensible document, and far from the depth at which writing it back would overflow the stack. */
const MAX_DEPTH = 100;
const LONE_SURROGATE = /\p{Surrogate}/u;
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * Parses a request body. What a JavaScript number or text cannot hold exactly is refused rather than changed: integers
 * beyond 2^53, numbers beyond the range of a double, lone surrogates.
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  const value = parse(text);
  mustSurviveParsing(text);
  if (ESCAPED_SURROGATE.test(text)) mustBeWellFormed(value, ['body']);
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalidJson(0, 'The body is not valid UTF-8', cause);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const position = /at position (\d+)/.exec(reason)?.[1];
    const offset = position !== undefined ? Number(position) : reason.includes('end of JSON') ? text.length : 0;
    throw invalidJson(offset, reason, cause);
  }
}

function invalidJson(offset: number, reason: string, cause: unknown): ValidationError {
  const issue = {
    type: 'json_invalid',
    loc: ['body', offset],
    msg: 'JSON decode error',
    input: {},
    ctx: { error: reason },
  };
  return new ValidationError([issue], { cause });
}

interface OpenContainer {
  readonly isObject: boolean;
  key: string | number;
  expectsKey: boolean;
}

/** Walks over text that is known to be JSON and looks at its numbers and its depth. */
function mustSurviveParsing(text: string): void {
  const open: OpenContainer[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    const container = open.at(-1);
    if (character === '"') {
      const end = endOfString(text, at);
      if (container?.expectsKey === true) container.key = JSON.parse(text.slice(at, end)) as string;
      at = end - 1;
    } else if (character === '{' || character === '[') {
      open.push({ isObject: character === '{', key: 0, expectsKey: character === '{' });
      if (open.length > MAX_DEPTH)
        throw invalidJson(at, `The body is nested deeper than ${MAX_DEPTH} levels`, undefined);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === ':' && container !== undefined) {
      container.expectsKey = false;
    } else if (character === ',' && container !== undefined) {
      if (container.isObject) container.expectsKey = true;
      else if (typeof container.key === 'number') container.key += 1;
    } else if (character === '-' || (character !== undefined && character >= '0' && character <= '9')) {
      const end = endOfNumber(text, at);
      mustBeExactNumber(text.slice(at, end), ['body', ...open.map(({ key }) => key)]);
      at = end - 1;
    }
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && '0123456789+-.eE'.includes(text[at] ?? ' ')) at++;
  return at;
}

function mustBeExactNumber(literal: string, loc: readonly (string | number)[]): void {
  const value = Number(literal);
  if (!Number.isFinite(value)) throw inexactNumber(literal, loc, 'is beyond the range of a double');
  const isPlain = !/e/i.test(literal);
  if (isPlain && !Number.isSafeInteger(Math.trunc(value))) {
    throw inexactNumber(literal, loc, 'has more digits than a JSON number can carry exactly (beyond 2^53)');
  }
}

function inexactNumber(literal: string, loc: readonly (string | number)[], reason: string): ValidationError {
  const msg = `Number ${literal.slice(0, 60)} ${reason}; send it as a string`;
  return new ValidationError([{ type: 'int_parsing_size', loc, msg, input: literal }]);
}

function mustBeWellFormed(value: unknown, loc: readonly (string | number)[]): void {
  if (typeof value === 'string') {
    if (!LONE_SURROGATE.test(value)) return;
    const msg = 'Input should be a valid string, unable to parse raw data as a unicode string';
    throw new ValidationError([{ type: 'string_unicode', loc, msg, input: null }]);
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value) as [string, unknown][]) {
    mustBeWellFormed(key, loc);
    mustBeWellFormed(member, [...loc, Array.isArray(value) ? Number(key) : key]);
  }
}
