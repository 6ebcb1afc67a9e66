import { SqlError } from '../../../../errors/sql-error.js';
import { parseArrayText, type ArrayInput } from '../../encoding/parameters/array-input.js';

/** The elements of PostgreSQL's text form of a one-dimensional array, `{a,"b \"c\"",NULL}`; undefined for text of any other form. */
export function parseArrayLiteral(text: string): readonly (string | null)[] | undefined {
  const elements = arrayIn(text);
  return elements?.every((element): element is string | null => !Array.isArray(element)) ? elements : undefined;
}

function arrayIn(text: string): ArrayInput | undefined {
  try {
    return parseArrayText(text);
  } catch (error) {
    // Not an array: whoever runs the statement says so, in the words of the type that it should be.
    if (error instanceof SqlError) return undefined;
    throw error;
  }
}
