import { macro, type Macro } from './macro.js';

const SUMMED_TO_BIGINT = ['TINYINT', 'SMALLINT', 'INTEGER'];

/**
 * Macros of which the engine chooses a variant by the type of an argument that they do not use.
 *
 * - `sum_as(total, summed)`: PostgreSQL's type of `sum(summed)`
 * - `sum_as_bigint(total, summed)`: the same where that is bigint; for all other types there is no such macro
 */
export const TYPING_MACROS: readonly Macro[] = [
  macro(
    'sum_as',
    ...SUMMED_TO_BIGINT.map((type) => `(total, summed ${type}) AS CAST(total AS BIGINT)`),
    '(total, summed) AS total',
  ),
  macro('sum_as_bigint', ...SUMMED_TO_BIGINT.map((type) => `(total, summed ${type}) AS CAST(total AS BIGINT)`)),
];
