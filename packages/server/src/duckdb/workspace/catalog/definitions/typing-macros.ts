import { WIDE_NUMERIC } from '../user-sql/numeric-edits.js';
import { macro, type Macro } from './macro.js';

const SUMMED_TO_BIGINT = ['TINYINT', 'SMALLINT', 'INTEGER'];
const WHOLE_NUMBERS = [...SUMMED_TO_BIGINT, 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'];

/**
 * Macros of which the engine chooses a variant by the type of an argument that they do not use.
 *
 * - `sum_as(total, summed)`: PostgreSQL's type of `sum(summed)`
 * - `sum_as_bigint(total, summed)`: the same where that is bigint; for all other types there is no such macro
 * - `as_numeric(value)`: a cast to `numeric` without digits
 */
export const TYPING_MACROS: readonly Macro[] = [
  macro(
    'sum_as',
    ...SUMMED_TO_BIGINT.map((type) => `(total, summed ${type}) AS CAST(total AS BIGINT)`),
    '(total, summed) AS total',
  ),
  macro(
    'as_numeric',
    ...WHOLE_NUMBERS.map((type) => `(value ${type}) AS CAST(value AS DECIMAL(38, 0))`),
    `(value) AS CAST(value AS ${WIDE_NUMERIC})`,
  ),
  macro('sum_as_bigint', ...SUMMED_TO_BIGINT.map((type) => `(total, summed ${type}) AS CAST(total AS BIGINT)`)),
];
