import { SqlError } from '../../../errors/sql-error.js';
import type { CopyOptions } from '../sql-statement.js';
import type { TokenCursor } from './token-cursor.js';

type MutableCopyOptions = { -readonly [K in keyof CopyOptions]: CopyOptions[K] };

/**
 * The options behind COPY … FROM STDIN or TO STDOUT: the list in brackets, and the older words without. What goes with what is checked by
 * whoever reads or writes the data.
 */
export function copyOptions(cursor: TokenCursor, binary: boolean): CopyOptions {
  const options: MutableCopyOptions = { format: binary ? 'binary' : 'text' };
  cursor.accept('with');
  if (cursor.sees('(')) bracketed(cursor, options);
  else bare(cursor, options);
  if (cursor.sees('where')) throw new SqlError('0A000', 'COPY FROM … WHERE is not supported');
  cursor.end();
  return options;
}

function bracketed(cursor: TokenCursor, options: MutableCopyOptions): void {
  cursor.expect('(');
  const seen = new Set<string>();
  do {
    const name = cursor.name();
    if (seen.has(name)) throw new SqlError('42601', 'conflicting or redundant options');
    seen.add(name);
    switch (name) {
      case 'format':
        options.format = formatOf(word(cursor));
        break;
      case 'delimiter':
        options.delimiter = cursor.string();
        break;
      case 'null':
        options.nullText = cursor.string();
        break;
      case 'header':
        options.header = headerOf(cursor);
        break;
      case 'quote':
        options.quote = cursor.string();
        break;
      case 'escape':
        options.escape = cursor.string();
        break;
      case 'force_quote':
        options.forceQuote = columns(cursor);
        break;
      case 'force_not_null':
        options.forceNotNull = columns(cursor);
        break;
      case 'force_null':
        options.forceNull = columns(cursor);
        break;
      case 'encoding':
        mustBeUtf8(cursor.string());
        break;
      case 'freeze':
        // Rows are frozen as it is: there is nothing to do differently.
        if (!cursor.sees(',') && !cursor.sees(')')) word(cursor);
        break;
      default:
        throw new SqlError('42601', `option "${name}" not recognized`);
    }
  } while (cursor.accept(','));
  cursor.expect(')');
}

function bare(cursor: TokenCursor, options: MutableCopyOptions): void {
  while (!cursor.done && !cursor.sees('where')) {
    if (cursor.accept('binary')) options.format = 'binary';
    else if (cursor.accept('csv')) options.format = 'csv';
    else if (cursor.accept('header')) options.header = true;
    else if (cursor.accept('freeze')) continue;
    else if (cursor.accept('delimiter') || cursor.accept('delimiters')) options.delimiter = stringAfterAs(cursor);
    else if (cursor.accept('null')) options.nullText = stringAfterAs(cursor);
    else if (cursor.accept('quote')) options.quote = stringAfterAs(cursor);
    else if (cursor.accept('escape')) options.escape = stringAfterAs(cursor);
    else if (cursor.accept('force', 'quote')) options.forceQuote = bareColumns(cursor);
    else if (cursor.accept('force', 'not', 'null')) options.forceNotNull = bareColumns(cursor);
    else if (cursor.accept('force', 'null')) options.forceNull = bareColumns(cursor);
    else if (cursor.accept('encoding')) mustBeUtf8(cursor.string());
    else throw cursor.syntaxError();
  }
}

function stringAfterAs(cursor: TokenCursor): string {
  cursor.accept('as');
  return cursor.string();
}

function word(cursor: TokenCursor): string {
  const token = cursor.take();
  return token.value.toLowerCase();
}

function formatOf(name: string): CopyOptions['format'] {
  if (name === 'text' || name === 'csv' || name === 'binary') return name;
  throw new SqlError('22023', `COPY format "${name}" not recognized`);
}

function headerOf(cursor: TokenCursor): boolean | 'match' {
  if (cursor.sees(',') || cursor.sees(')')) return true;
  const value = word(cursor);
  if (value === 'match') return 'match';
  if (['true', 'on', '1'].includes(value)) return true;
  if (['false', 'off', '0'].includes(value)) return false;
  throw new SqlError('42601', 'header requires a Boolean value or "match"');
}

function columns(cursor: TokenCursor): readonly string[] | '*' {
  return cursor.accept('*') ? '*' : cursor.nameList();
}

function bareColumns(cursor: TokenCursor): readonly string[] | '*' {
  if (cursor.accept('*')) return '*';
  const names = [cursor.name()];
  while (cursor.accept(',')) names.push(cursor.name());
  return names;
}

function mustBeUtf8(encoding: string): void {
  if (/^utf-?8$/i.test(encoding)) return;
  throw new SqlError('22023', `only the encoding UTF8 is supported, not "${encoding}"`);
}
