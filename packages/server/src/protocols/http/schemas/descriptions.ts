import { Type } from 'typebox';
import { Nullable } from './nullable.js';

export const MAX_DESCRIPTION_LENGTH = 10_000;

/** What people say about a thing, in requests. */
export function descriptionInput(effect = 'null or an empty text: none'): ReturnType<typeof nullableText> {
  return nullableText(`Free text, up to ${MAX_DESCRIPTION_LENGTH.toLocaleString('en')} characters; ${effect}`);
}

function nullableText(description: string) {
  return Nullable(Type.String({ maxLength: MAX_DESCRIPTION_LENGTH, description }));
}

/** An empty text says nothing. */
export function descriptionFrom(text: string | null | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

/** For changes, where an absent member leaves the description as it is. */
export function descriptionChange(text: string | null | undefined): { description?: string | null } {
  return text === undefined ? {} : { description: descriptionFrom(text) };
}
