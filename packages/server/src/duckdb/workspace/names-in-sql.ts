import type { WorkspaceTableName } from '../../model/workspace-view.js';
import { tokenize, type SqlToken } from './sql-tokens.js';

/** What a text names, as far as words tell. */
export interface NamesInSql {
  /** Every `a.b` that could be a table of a bucket; most are columns of an alias. */
  readonly pairs: readonly WorkspaceTableName[];
  /** Every name, in lower case: views and macros of the workspace may be among them. */
  readonly words: ReadonlySet<string>;
  /** It changes nothing but rows, if anything. */
  readonly isQuery: boolean;
  /** The text may make or change a view or a macro. */
  readonly storesSql: boolean;
}

/** A statement names no more tables than this; a text with more dots is data, not a query. */
const MAX_PAIRS = 2_000;

const QUERY_VERB = /^(select|with|from|values|table|explain|describe|summarize|show)$/;

const MAX_CACHED_TEXTS = 500;
const MAX_CACHED_CHARACTERS = 20_000;

/** Remembers what was found in short texts: programs say the same again and again. */
export class NamesCache {
  readonly #known = new Map<string, NamesInSql>();

  of(sql: string): NamesInSql {
    const known = this.#known.get(sql);
    if (known !== undefined) {
      this.#known.delete(sql);
      this.#known.set(sql, known);
      return known;
    }
    const found = namesIn(sql);
    if (sql.length <= MAX_CACHED_CHARACTERS) {
      this.#known.set(sql, found);
      const oldest = this.#known.keys().next();
      if (this.#known.size > MAX_CACHED_TEXTS && oldest.done !== true) this.#known.delete(oldest.value);
    }
    return found;
  }
}

export function namesIn(sql: string): NamesInSql {
  const tokens = tokenize(sql);
  const pairs = new Map<string, WorkspaceTableName>();
  const words = new Set<string>();
  for (let at = 0; at < tokens.length; at += 1) {
    const first = tokens[at];
    if (!isName(first)) continue;
    words.add(first.value.toLowerCase());
    const dot = tokens[at + 1];
    const second = tokens[at + 2];
    if (dot?.kind !== 'punctuation' || dot.value !== '.' || !isName(second)) continue;
    const after = tokens[at + 3];
    if (after?.kind === 'punctuation' && after.value === '(') continue;
    if (pairs.size < MAX_PAIRS)
      pairs.set(pairKey(first.value, second.value), { schema: first.value, table: second.value });
  }
  const verb = tokens[0]?.value;
  const storesSql =
    (verb === 'create' || verb === 'alter') && ['view', 'macro', 'function'].some((word) => words.has(word));
  const isQuery = tokens[0]?.value === '(' || QUERY_VERB.test(verb ?? '');
  return { pairs: [...pairs.values()], words, isQuery, storesSql };
}

/** Names compare without case. */
export function pairKey(schema: string, table: string): string {
  return `${schema.toLowerCase()}\0${table.toLowerCase()}`;
}

function isName(token: SqlToken | undefined): token is SqlToken {
  return token?.kind === 'word' || token?.kind === 'quoted';
}
