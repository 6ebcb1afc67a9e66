import { quoteIdentifier, quoteLiteral } from '../../../quoting.js';
import type { TextEdit, TokenList } from './token-list.js';

const SERIAL: Readonly<Record<string, string>> = {
  smallserial: 'SMALLINT',
  serial2: 'SMALLINT',
  serial: 'INTEGER',
  serial4: 'INTEGER',
  bigserial: 'BIGINT',
  serial8: 'BIGINT',
};

export interface DefinitionEdits {
  readonly edits: readonly TextEdit[];
  /** Statements that must run before, in the same transaction. */
  readonly before: readonly string[];
}

/** Where the name of what is created stands: after CREATE [OR REPLACE] [TEMP] TABLE [IF NOT EXISTS]. */
function tableName(
  list: TokenList,
): { readonly first: number; readonly last: number; readonly ifNotExists: boolean } | undefined {
  if (!list.matches(0, 'create')) return undefined;
  const table = list.tokens.findIndex((token, index) => index < 6 && token.kind === 'word' && token.value === 'table');
  if (table < 0) return undefined;
  const ifNotExists = list.matches(table + 1, 'if', 'not', 'exists');
  const first = ifNotExists ? table + 4 : table + 1;
  if (!list.isName(first)) return undefined;
  let last = first;
  while (list.matches(last + 1, '.') && list.isName(last + 2)) last += 2;
  return { first, last, ifNotExists };
}

/**
 * Columns that number themselves: a sequence of its own, called as PostgreSQL calls it, and a default that asks it. DuckDB has neither
 * `serial` nor `GENERATED … AS IDENTITY`.
 */
export function serialEdits(list: TokenList): DefinitionEdits {
  const name = tableName(list);
  if (name === undefined || !list.matches(name.last + 1, '(')) return { edits: [], before: [] };
  const path = [];
  for (let at = name.first; at <= name.last; at += 2) path.push(list.at(at)?.value ?? '');
  const schema = path.slice(0, -1).map((part) => (part === 'public' ? 'main' : part));
  const isTemporary = list.tokens.slice(0, name.first).some(({ value }) => value === 'temp' || value === 'temporary');
  const edits: TextEdit[] = [];
  const before: string[] = [];
  for (const [from, to] of list.args(name.last + 1)) {
    const column = list.at(from)?.value ?? '';
    const sequence = `${path.at(-1) ?? ''}_${column}_seq`.slice(0, 63);
    const full = [...schema, sequence].map(quoteIdentifier).join('.');
    const create = (options: string): string =>
      `CREATE ${name.ifNotExists ? '' : 'OR REPLACE '}${isTemporary ? 'TEMP ' : ''}SEQUENCE ${name.ifNotExists ? 'IF NOT EXISTS ' : ''}${full}${options}`;
    const called = [...schema, sequence].map((part) =>
      /^[a-z_][a-z0-9_]*$/.test(part) ? part : quoteIdentifier(part),
    );
    const byDefault = ` DEFAULT nextval(${quoteLiteral(called.join('.'))})`;
    const serial = list.isWord(from + 1) ? SERIAL[list.at(from + 1)?.value ?? ''] : undefined;
    if (serial !== undefined) {
      before.push(create(''));
      edits.push(list.replace(from + 1, from + 1, `${serial} NOT NULL${byDefault}`));
      continue;
    }
    for (let at = from + 2; at <= to; at++) {
      const start = list.matches(at, 'generated', 'always', 'as', 'identity')
        ? 4
        : list.matches(at, 'generated', 'by', 'default', 'as', 'identity')
          ? 5
          : 0;
      if (start === 0) continue;
      const hasOptions = list.matches(at + start, '(');
      const end = hasOptions ? list.partner(at + start) : at + start - 1;
      const options = hasOptions ? ` ${list.sql.slice(list.endOf(at + start), list.startOf(end))}` : '';
      before.push(create(options));
      edits.push(list.replace(at, end, `NOT NULL${byDefault}`));
      at = end;
    }
  }
  return { edits, before };
}

/** Words that say nothing to DuckDB: how an index is built, how a table is logged, which rows are locked. */
export function droppedEdits(list: TokenList): TextEdit[] {
  const isIndex = list.matches(0, 'create', 'index') || list.matches(0, 'create', 'unique', 'index');
  const isDefinition = list.matches(0, 'create') || list.matches(0, 'alter');
  return list.tokens.flatMap((token, index) => {
    if (token.kind !== 'word') return [];
    if (isIndex && token.value === 'using' && /^(btree|hash)$/.test(list.at(index + 1)?.value ?? '')) {
      return [list.replace(index, index + 1, '')];
    }
    if (isIndex && token.value === 'concurrently') return [list.replace(index, index, '')];
    if (token.value === 'unlogged' && list.matches(index - 1, 'create')) return [list.replace(index, index, '')];
    if (token.value === 'jsonb' && isTypePosition(list, index)) return [list.replace(index, index, 'json')];
    // DuckDB computes such a column when it is read; that it is kept makes no difference to anybody who reads.
    if (token.value === 'stored' && list.matches(index - 1, ')') && isDefinition)
      return [list.replace(index, index, '')];
    if (token.value === 'for') return lockingEdits(list, index);
    return [];
  });
}

/** `CREATE INDEX ON t (a, lower(b))` makes `t_a_lower_idx`. */
export function indexNameEdits(list: TokenList): TextEdit[] {
  const index = list.matches(1, 'unique') ? 2 : 1;
  if (!list.matches(0, 'create') || !list.matches(index, 'index')) return [];
  const on = list.matches(index + 1, 'concurrently') ? index + 2 : index + 1;
  if (!list.matches(on, 'on')) return [];
  let table = list.matches(on + 1, 'only') ? on + 2 : on + 1;
  while (list.matches(table + 1, '.')) table += 2;
  const open = list.tokens.findIndex((_, at) => at > table && list.matches(at, '('));
  if (open < 0) return [];
  const columns = list.args(open).map(([first]) => (list.isName(first) ? list.at(first)?.value : 'expr'));
  const name = [list.at(table)?.value, ...columns, 'idx'].join('_').slice(0, 63);
  return [list.insertBefore(on, `${quoteIdentifier(name)} `)];
}

/** Behind `::` or `AS`, or behind the name of a column. */
function isTypePosition(list: TokenList, index: number): boolean {
  if (list.matches(index + 1, '.') || list.matches(index + 1, '(') || list.matches(index - 1, '.')) return false;
  return list.matches(index - 1, '::') || list.matches(index - 1, 'as') || list.isName(index - 1);
}

/** `FOR UPDATE OF t SKIP LOCKED`: readers never wait for writers here, so there is nothing to lock. */
function lockingEdits(list: TokenList, index: number): TextEdit[] {
  const strengths = [['update'], ['share'], ['no', 'key', 'update'], ['key', 'share']];
  const strength = strengths.find((words) => list.matches(index + 1, ...words));
  if (strength === undefined) return [];
  let last = index + strength.length;
  if (list.matches(last + 1, 'of')) {
    last += 2;
    while (list.matches(last + 1, '.') || list.matches(last + 1, ',')) last += 2;
  }
  if (list.matches(last + 1, 'nowait')) last += 1;
  else if (list.matches(last + 1, 'skip', 'locked')) last += 2;
  return [list.replace(index, last, '')];
}
