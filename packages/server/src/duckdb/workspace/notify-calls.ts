import { SqlError } from '../../errors/sql-error.js';
import { TokenList, type TextEdit } from './catalog/user-sql/token-list.js';
import { formatAt } from './encoding/row-encoder.js';
import type { ParameterValues } from './sql-engine.js';

/** What a statement does beside its rows when it runs; `types` are those of its parameters. */
export type SessionAction = (parameters: ParameterValues, types: readonly number[]) => void;

export interface NotifyCalls {
  readonly edits: readonly TextEdit[];
  readonly apply: readonly SessionAction[];
}

const NONE: NotifyCalls = { edits: [], apply: [] };
const TEXT_OIDS: ReadonlySet<number> = new Set([0, 19, 25, 705, 1043]);

/** A literal, or the number of a parameter. */
type Argument = { readonly text: string } | { readonly parameter: number };

/**
 * `pg_notify('channel', 'payload')` and `pg_notify($1, $2)`: the function form of NOTIFY, which drivers use because it takes parameters. The
 * engine cannot call the session, so the call becomes an empty text, and the session is told when the statement runs.
 */
export function notifyCalls(sql: string, notify: (channel: string, payload: string) => void): NotifyCalls {
  if (!/pg_notify/i.test(sql)) return NONE;
  const list = new TokenList(sql);
  const calls = list.tokens.flatMap((_, index) => {
    if (!list.matches(index, 'pg_notify', '(')) return [];
    const args = list.args(index + 1).map(([first, last]) => argumentAt(list, first, last));
    const [channel, payload, ...others] = args;
    if (channel === undefined || payload === undefined || others.length > 0) {
      throw new SqlError('0A000', 'pg_notify() is supported with literals and parameters only');
    }
    const parameters = args.flatMap((one) =>
      one !== undefined && 'parameter' in one ? [`$${one.parameter}::VARCHAR`] : [],
    );
    const text = parameters.length === 0 ? `''` : `left(concat(${parameters.join(', ')}), 0)`;
    const first = list.matches(index - 2, 'pg_catalog', '.') ? index - 2 : index;
    const edit = list.replace(first, list.partner(index + 1), text);
    const action: SessionAction = (values, types) => {
      notify(valueOf(channel, values, types), valueOf(payload, values, types));
    };
    return [{ edit, action }];
  });
  return { edits: calls.map(({ edit }) => edit), apply: calls.map(({ action }) => action) };
}

function argumentAt(list: TokenList, first: number, last: number): Argument | undefined {
  const token = list.at(first);
  const isCast =
    last === first + 2 && list.matches(first + 1, '::') && /^(text|varchar)$/.test(list.at(last)?.value ?? '');
  if (token === undefined || (last !== first && !isCast)) return undefined;
  if (token.kind === 'parameter') return { parameter: Number(token.value) };
  if (token.kind === 'string') return { text: token.value };
  return list.matches(first, 'null') ? { text: '' } : undefined;
}

function valueOf(argument: Argument, { formats, values }: ParameterValues, types: readonly number[]): string {
  if ('text' in argument) return argument.text;
  const index = argument.parameter - 1;
  if (formatAt(formats, index) === 1 && !TEXT_OIDS.has(types[index] ?? 0)) {
    throw new SqlError('42883', 'function pg_notify takes texts');
  }
  const bytes = values[index];
  return bytes === null || bytes === undefined ? '' : Buffer.from(bytes).toString();
}
