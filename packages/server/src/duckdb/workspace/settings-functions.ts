import { SqlError } from '../../errors/sql-error.js';
import { quoteLiteral } from '../quoting.js';
import { tokenize } from './sql-tokens.js';
import type { SqlToken } from './sql-tokens.js';
import type { SettingsView } from './sql-engine.js';
import type { TextEdit } from './statement-edits.js';

export interface SettingsCalls {
  readonly edits: readonly TextEdit[];
  /** What `set_config()` does, when the statement runs. */
  readonly apply: readonly (() => void)[];
}

const NONE: SettingsCalls = { edits: [], apply: [] };
const MENTIONED = /current_setting|set_config/i;

/**
 * `current_setting('name')` and `set_config('name', 'value', false)`: the settings live in the session, which DuckDB cannot ask, so calls
 * with literals are replaced by their value. Clients send them that way.
 */
export function settingsCalls(sql: string, settings: SettingsView): SettingsCalls {
  if (!MENTIONED.test(sql)) return NONE;
  const tokens = tokenize(sql);
  const edits: TextEdit[] = [];
  const apply: (() => void)[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word' || tokens[index + 1]?.value !== '(') continue;
    if (token.value !== 'current_setting' && token.value !== 'set_config') continue;
    const start = qualifierStart(tokens, index) ?? token.start;
    const call = literalArguments(tokens, index + 2);
    // Another `current_setting()` is the catalogue's to answer, from what it was told of the session.
    if (call === undefined && token.value === 'current_setting') continue;
    if (call === undefined) throw new SqlError('0A000', 'set_config() is supported with literal arguments only');
    edits.push({ start, end: call.end, text: valueOf(token.value, call.values, settings, apply) });
  }
  return { edits, apply };
}

function valueOf(
  name: string,
  args: readonly (string | undefined)[],
  settings: SettingsView,
  apply: (() => void)[],
): string {
  const [setting, second, third] = args;
  if (setting === undefined) return 'NULL::VARCHAR';
  if (name === 'current_setting') {
    const value = settings.get(setting);
    if (value === undefined && !isTrue(second)) {
      throw new SqlError('42704', `unrecognized configuration parameter "${setting}"`);
    }
    return value === undefined ? 'NULL::VARCHAR' : quoteLiteral(value);
  }
  const value = second ?? '';
  apply.push(() => settings.set(setting, value, isTrue(third)));
  return quoteLiteral(value);
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(t|true|on|yes|1)$/i.test(text);
}

/** `pg_catalog.` in front belongs to the call. */
function qualifierStart(tokens: readonly SqlToken[], index: number): number | undefined {
  const [schema, dot] = tokens.slice(Math.max(0, index - 2), index);
  return dot?.value === '.' && schema?.value === 'pg_catalog' ? schema.start : undefined;
}

/** Literals up to the closing bracket; NULL is undefined, casts to text are passed over. */
function literalArguments(
  tokens: readonly SqlToken[],
  from: number,
): { readonly values: readonly (string | undefined)[]; readonly end: number } | undefined {
  const values: (string | undefined)[] = [];
  for (let at = from; ;) {
    const token = tokens[at];
    if (token === undefined) return undefined;
    if (token.kind === 'string' || token.kind === 'number') values.push(token.value);
    else if (token.kind === 'word' && ['true', 'false'].includes(token.value)) values.push(token.value);
    else if (token.kind === 'word' && token.value === 'null') values.push(undefined);
    else return undefined;
    at += 1;
    if (tokens[at]?.value === '::' && /^(text|varchar|boolean|bool)$/.test(tokens[at + 1]?.value ?? '')) at += 2;
    const mark = tokens[at];
    if (mark?.value === ')') return { values, end: mark.end };
    if (mark?.value !== ',') return undefined;
    at += 1;
  }
}
