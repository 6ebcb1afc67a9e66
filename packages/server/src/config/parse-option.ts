import { resolve } from 'node:path';
import { ConfigError, type OptionDescription } from './option.js';
import { formatSize, parseSize } from './parse-size.js';

const TRUE_WORDS = new Set(['true', '1', 'yes', 'on']);
const FALSE_WORDS = new Set(['false', '0', 'no', 'off']);

/** Turns the text of a variable into its value, or stops with a sentence that says what would be valid. */
export function parseOption(name: string, option: OptionDescription, text: string): string | number | boolean {
  const value = parse(option, text);
  if (value !== undefined) return value;
  const shown = option.secret ? 'the given value' : `"${text}"`;
  throw new ConfigError(`${name} is ${shown}, but must be ${whatIsValid(option)}.`);
}

function parse(option: OptionDescription, text: string): string | number | boolean | undefined {
  switch (option.type) {
    case 'boolean': {
      const word = text.trim().toLowerCase();
      return TRUE_WORDS.has(word) ? true : FALSE_WORDS.has(word) ? false : undefined;
    }
    case 'integer':
      return within(option, /^[+-]?\d{1,15}$/.test(text.trim()) ? Number(text) : undefined);
    case 'size':
      return within(option, parseSize(text));
    case 'path':
      return text.includes('\0') ? undefined : resolve(text);
    case 'text':
      // Control characters in a name, key or address are always an accident (a stray line end, most often).
      if (/\p{Cc}/u.test(text)) return undefined;
      return option.choices === undefined || option.choices.includes(text) ? text : undefined;
  }
}

function within(option: OptionDescription, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  return value >= (option.min ?? 0) && value <= (option.max ?? Number.MAX_SAFE_INTEGER) ? value : undefined;
}

export function whatIsValid(option: OptionDescription): string {
  switch (option.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return option.max === undefined
        ? `a whole number of at least ${option.min ?? 0}`
        : `a whole number from ${option.min ?? 0} to ${option.max}`;
    case 'size':
      return `a size such as 4GB, 512MB or plain bytes, at least ${formatSize(option.min ?? 0)}`;
    case 'path':
      return 'a path';
    case 'text':
      return option.choices === undefined ? 'text without control characters' : `one of ${option.choices.join(', ')}`;
  }
}
