import duckdb from '@duckdb/node-bindings';
import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import { quoteLiteral } from '../../../quoting.js';
import type { CopyTextFormat } from '../copy/copy-options.js';
import { COPY_DATA, COPY_TEXT_ESCAPES, isOfPlainText } from '../copy/copy-out.js';
import type { ChunkEncoder } from '../row-encoder.js';
import type { WireBuffer } from '../wire-buffer.js';
import type { WireSettings } from '../wire-settings.js';
import { around, columnName, textName, type Composition } from './composition.js';
import { RowStrings } from './row-strings.js';
import { builtIn, valueTextOf, type ValueText } from './value-text.js';

const HEADER_BYTES = 5;

/** CopyData messages of COPY … TO STDOUT in text or csv, one for each row: DuckDB writes the line, with room for the message's header. */
export function composeCopy(
  types: readonly DuckDBType[],
  format: CopyTextFormat,
  settings: WireSettings,
): Composition | undefined {
  // What may be part of a number or a date would have to be looked for everywhere.
  if (isOfPlainText(format.delimiter)) return undefined;
  if (format.format === 'csv' && (isOfPlainText(format.quote) || format.nullText !== '')) return undefined;
  const texts: ValueText[] = [];
  for (const [index, type] of types.entries()) {
    const text = valueTextOf(columnName(index), type, settings);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  const fields = texts.map(({ characters }, index) => {
    const field =
      format.format === 'csv'
        ? csvField(index, characters, types.length, format)
        : textField(index, characters, format);
    return `coalesce(${field}, ${quoteLiteral(format.nullText)})`;
  });
  const delimiter = quoteLiteral(String.fromCharCode(format.delimiter));
  const line = fields.flatMap((field, index) => (index === 0 ? [field] : [delimiter, field]));
  const row = builtIn('concat', `'${' '.repeat(HEADER_BYTES)}'`, ...line, "'\n'");
  return {
    ...around(
      types.length,
      texts.map(({ sql }) => sql),
      [row],
    ),
    createEncoder: () => new ComposedCopy(),
  };
}

function textField(index: number, characters: ValueText['characters'], { delimiter }: CopyTextFormat): string {
  const text = textName(index);
  if (characters !== 'any') return text;
  const escapes = new Map(COPY_TEXT_ESCAPES).set(
    delimiter,
    delimiter === 0x09 ? '\\t' : `\\${String.fromCharCode(delimiter)}`,
  );
  return whereNeeded(text, [...escapes.keys()], replaced(text, escapes));
}

function csvField(
  index: number,
  characters: ValueText['characters'],
  columnCount: number,
  { delimiter, quote, escape, forceQuote }: CopyTextFormat,
): string {
  const text = textName(index);
  const [quoteText, escapeText] = [String.fromCharCode(quote), String.fromCharCode(escape)];
  const escapes = new Map([[escape, escapeText + escapeText]]).set(quote, escapeText + quoteText);
  const quoted = `${quoteLiteral(quoteText)} || ${replaced(text, escapes)} || ${quoteLiteral(quoteText)}`;
  if (forceQuote[index] === true) return quoted;
  if (characters !== 'any') return text;
  // An empty text would read as NULL; a lone `\.` in a line as the end.
  const others = [`${text} = ''`, ...(columnCount === 1 ? [`${text} = '\\.'`] : [])];
  return whereNeeded(text, [delimiter, quote, 0x0a, 0x0d], quoted, others);
}

/** Looking for single bytes is many times faster than replacing them, and most texts have none. */
function whereNeeded(text: string, bytes: readonly number[], escaped: string, others: readonly string[] = []): string {
  const finds = bytes.map((byte) => builtIn('contains', text, quoteLiteral(String.fromCharCode(byte))));
  return `CASE WHEN ${[...others, ...finds].join(' OR ')} THEN ${escaped} ELSE ${text} END`;
}

/** The escape character itself is the first of `escapes`, so that those which are added stay as they are. */
function replaced(text: string, escapes: ReadonlyMap<number, string>): string {
  let sql = text;
  for (const [byte, replacement] of escapes) {
    sql = builtIn('replace', sql, quoteLiteral(String.fromCharCode(byte)), quoteLiteral(replacement));
  }
  return sql;
}

class ComposedCopy implements ChunkEncoder {
  readonly #rows = new RowStrings();

  encode(chunk: DuckDBDataChunk, from: number, to: number, out: WireBuffer): number {
    this.#rows.bind(duckdb.data_chunk_get_vector(chunk.chunk, 0), chunk.rowCount);
    let row = from;
    while (row < to && !out.isFull) {
      let position = out.length;
      const end = this.#rows.copyRun(row, to, out);
      for (; row < end; row++) {
        const byteCount = this.#rows.byteCount(row);
        out.bytes[position] = COPY_DATA;
        out.view.setInt32(position + 1, byteCount - 1);
        position += byteCount;
      }
    }
    return row;
  }
}
