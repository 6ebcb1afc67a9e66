import { SqlError } from '../../../errors/sql-error.js';
import { tokenize } from '../sql-tokens.js';

/** The catalogue's function of that name, which knows the session's settings. */
const OWN_QUALIFIER = ['__pg', '.', 'fn', '.'];

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
    const qualifier = tokens.slice(Math.max(0, at - OWN_QUALIFIER.length), at).map(({ value }) => value);
    if (qualifier.join(' ') === OWN_QUALIFIER.join(' ')) continue;
    throw new SqlError('0A000', 'current_setting() is supported in queries, with a literal argument');
  }
}
