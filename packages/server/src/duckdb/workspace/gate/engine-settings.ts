import { SqlError } from '../../../errors/sql-error.js';
import { CATALOG_DATABASE, FAST_FUNCTIONS, FUNCTIONS } from '../catalog/names.js';
import { tokenize } from '../sql-tokens.js';

/** The catalogue's functions of that name, over its views and over the picture of them: they know the session's settings. */
const OWN_QUALIFIERS: ReadonlySet<string> = new Set(
  [FUNCTIONS, FAST_FUNCTIONS].map((schema) => `${CATALOG_DATABASE} . ${schema} .`),
);
const QUALIFIER_TOKENS = 4;

/**
 * The engine's `current_setting()` tells where its directories are. Calls with literals were replaced by the session's answer; what is left
 * in the text that the engine is about to get would be answered by the engine.
 */
export function mustNotAskEngineSettings(sql: string): void {
  if (!/current_setting/i.test(sql)) return;
  const tokens = tokenize(sql);
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== 'word' && token.kind !== 'quoted') continue;
    if (token.value.toLowerCase() !== 'current_setting' || tokens[at + 1]?.value !== '(') continue;
    const qualifier = tokens.slice(Math.max(0, at - QUALIFIER_TOKENS), at).map(({ value }) => value);
    if (OWN_QUALIFIERS.has(qualifier.join(' '))) continue;
    throw new SqlError('0A000', 'current_setting() is supported in queries, with a literal argument');
  }
}
