import type { LoadedColumn } from './column-mapping.js';
import { conversionFault } from './conversion.js';
import { shorten } from './import-failure.js';

export interface CsvFault {
  readonly column: string | null;
  readonly value: string | null;
  readonly reason: string;
}

/** The engine is given these names, so that no name of the table or the file can be mistaken for a part of its messages. */
export function engineColumnName(fileIndex: number): string {
  return `c${fileIndex}`;
}

/** The record number ("line" to the engine) of a reading error; undefined when the engine did not tell. */
export function recordOfError(message: string): number | undefined {
  const found = /^[A-Za-z ]+ Error: CSV Error on Line: (\d+)/.exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * What the engine may say of a line that is longer than it was told to expect. A line longer than a whole buffer is not recognised as
 * one: it is then a quote without an end, or a row it cannot read in parallel.
 */
export function mayBeLongLine(message: string): boolean {
  return (
    exceedsLineSize(message) ||
    message.includes(UNTERMINATED_QUOTE) ||
    message.startsWith('Not implemented Error: The Parallel CSV Reader')
  );
}

function exceedsLineSize(message: string): boolean {
  return message.includes('Maximum line size of ');
}

const UNTERMINATED_QUOTE = 'Value with unterminated quote found';

/** What the engine's parser says of texts with mixed line ends, for example; never with a place. */
export function isUnreadableDialect(message: string): boolean {
  return message.includes('The CSV Parser state machine reached an invalid state');
}

/**
 * Translates the engine's words about one record. Its message quotes the record before it states the fault, and the record is the
 * user's text: so the last statement counts.
 */
export function faultOf(message: string, loaded: readonly LoadedColumn[]): CsvFault {
  const conversion = lastMatch(
    message,
    /Error when converting column "c(\d+)"\. Could not convert string "([\s\S]*?)" to '[^\n]*'(?:\n|$)/g,
  );
  if (conversion !== undefined) {
    const [, index = '', value = ''] = conversion;
    const column = loaded.find(({ fileIndex }) => fileIndex === Number(index))?.column;
    return {
      column: column?.name ?? null,
      ...conversionFault(shorten(value), column),
    };
  }
  const count = lastMatch(message, /Expected Number of Columns: (\d+) Found: (\d+)/g);
  if (count !== undefined) return structural(`expected ${count[1]} columns, found ${count[2]}`);
  if (exceedsLineSize(message)) return structural('the line is longer than 16 MB; perhaps a closing quote is missing');
  if (message.includes(UNTERMINATED_QUOTE)) {
    return structural('a quoted value is not closed, or text follows its closing quote');
  }
  if (message.includes('Invalid unicode')) {
    return structural('the text is not valid UTF-8; set csv_options.encoding if it has another encoding');
  }
  return structural('the line cannot be read with these CSV options');
}

function structural(reason: string): CsvFault {
  return { column: null, value: null, reason };
}

function lastMatch(text: string, pattern: RegExp): RegExpExecArray | undefined {
  let last: RegExpExecArray | undefined;
  for (const match of text.matchAll(pattern)) last = match;
  return last;
}
