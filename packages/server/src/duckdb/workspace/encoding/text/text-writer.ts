import type { VectorWriter } from '../vector-writer.js';
import { FixedWidthWriter } from '../vector-writer.js';
import { StringVectorWriter } from '../string-vector.js';

/**
 * Which characters a value's text may hold: `plain` is letters, digits and `.:+-`, `spaced` has blanks too, `any` says nothing. Arrays, COPY
 * and JSON look for what they must escape only where there may be something.
 */
export type TextCharacters = 'plain' | 'spaced' | 'any';

/** Writes values as PostgreSQL's output functions print them. */
export type TextWriter = VectorWriter & { readonly characters: TextCharacters };

export abstract class FixedTextWriter extends FixedWidthWriter implements Pick<TextWriter, 'characters'> {
  readonly characters: TextCharacters = 'plain';
}

export abstract class StringTextWriter extends StringVectorWriter implements Pick<TextWriter, 'characters'> {
  readonly characters: TextCharacters = 'any';
}
