import { SqlError } from '../../../../errors/sql-error.js';

/** Nested as deep as the array has dimensions; elements are text, or null. */
export type ArrayInput = readonly (string | null | ArrayInput)[];

const MAX_DIMENSIONS = 6;

/** PostgreSQL's blanks. Other spaces of Unicode are part of an element, at its ends as well. */
const BLANK = /^[ \t\n\r\v\f]$/;
const BLANKS_AT_END = /[ \t\n\r\v\f]+$/;

/** PostgreSQL's array literal: `{1,NULL,"a \"b\""}`, `{{1,2},{3,4}}`, `[0:1]={1,2}` whose bounds are checked and forgotten. */
export function parseArrayText(text: string): ArrayInput {
  return new ArrayParser(text).parse();
}

class ArrayParser {
  #position = 0;

  constructor(readonly text: string) {}

  parse(): ArrayInput {
    this.#skipBlanks();
    const bounds = /^(\[[+-]?\d+(:[+-]?\d+)?\])+\s*=\s*/.exec(this.text.slice(this.#position));
    if (bounds !== null) this.#position += bounds[0].length;
    const array = this.#array(1);
    this.#skipBlanks();
    if (this.#position !== this.text.length) throw this.#malformed('Junk after closing right brace.');
    mustBeRectangular(array);
    return array;
  }

  #array(depth: number): ArrayInput {
    if (this.text[this.#position] !== '{') {
      throw this.#malformed('Array value must start with "{" or dimension information.');
    }
    if (depth > MAX_DIMENSIONS) {
      throw new SqlError('54000', `number of array dimensions exceeds the maximum allowed (${MAX_DIMENSIONS})`);
    }
    this.#position++;
    const items: (string | null | ArrayInput)[] = [];
    this.#skipBlanks();
    if (this.text[this.#position] === '}') {
      this.#position++;
      return items;
    }
    for (;;) {
      this.#skipBlanks();
      items.push(this.text[this.#position] === '{' ? this.#array(depth + 1) : this.#element());
      this.#skipBlanks();
      const next = this.text[this.#position++];
      if (next === '}') return items;
      if (next !== ',')
        throw this.#malformed(next === undefined ? 'Unexpected end of input.' : 'Unexpected array element.');
    }
  }

  #element(): string | null {
    if (this.text[this.#position] === '"') return this.#quoted();
    let value = '';
    let isEscaped = false;
    for (;;) {
      const character = this.text[this.#position];
      if (character === undefined) throw this.#malformed('Unexpected end of input.');
      if (character === ',' || character === '}') break;
      if (character === '{' || character === '"') throw this.#malformed(`Unexpected "${character}" character.`);
      this.#position++;
      if (character !== '\\') value += character;
      else {
        isEscaped = true;
        value += this.#escaped();
      }
    }
    const trimmed = isEscaped ? value : value.replace(BLANKS_AT_END, '');
    if (trimmed === '') throw this.#malformed(`Unexpected "${this.text[this.#position] ?? ''}" character.`);
    return !isEscaped && trimmed.toUpperCase() === 'NULL' ? null : trimmed;
  }

  #quoted(): string {
    this.#position++;
    let value = '';
    for (;;) {
      const character = this.text[this.#position++];
      if (character === undefined) throw this.#malformed('Unexpected end of input.');
      if (character === '"') return value;
      value += character === '\\' ? this.#escaped() : character;
    }
  }

  #escaped(): string {
    const character = this.text[this.#position++];
    if (character === undefined) throw this.#malformed('Unexpected end of input.');
    return character;
  }

  #skipBlanks(): void {
    while (BLANK.test(this.text[this.#position] ?? '')) this.#position++;
  }

  #malformed(detail: string): SqlError {
    return new SqlError('22P02', `malformed array literal: "${this.text}"`, { detail });
  }
}

/** Answers the lengths of the dimensions; all arrays of one level must have the same. */
export function mustBeRectangular(array: ArrayInput): readonly number[] {
  const nested = array.filter((item): item is ArrayInput => Array.isArray(item));
  if (nested.length === 0) return [array.length];
  const shapes = new Set(nested.map((item) => mustBeRectangular(item).join()));
  if (nested.length !== array.length || shapes.size > 1) {
    throw new SqlError('22P02', 'malformed array literal', {
      detail: 'Multidimensional arrays must have sub-arrays with matching dimensions.',
    });
  }
  return [array.length, ...mustBeRectangular(nested[0] ?? [])];
}
