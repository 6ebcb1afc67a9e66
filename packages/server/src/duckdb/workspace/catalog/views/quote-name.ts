import { QUOTED_WORDS } from '../definitions/text-macros.js';

const KEYWORDS = new Set(QUOTED_WORDS.split(' '));

/** `quote_ident()`. */
export function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !KEYWORDS.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
