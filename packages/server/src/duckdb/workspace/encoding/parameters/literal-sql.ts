import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import { PG_TYPES } from '../../../../model/pg-types.js';
import { quoteLiteral } from '../../../quoting.js';
import { engineText } from '../copy/engine-text.js';
import type { WireSettings } from '../wire-settings.js';
import { isShownAsJson, wireTypeOf, type WireType } from '../wire-type.js';
import { parseArrayText, type ArrayInput } from './array-input.js';
import { inputFor } from './bind-parameter.js';
import { numericText, parseNumericText } from './numeric-input.js';

/**
 * A literal as PostgreSQL reads it for a type, in the engine's SQL: `{x,y}` for an array, `\x00ff` for bytes, times in all their forms.
 * Undefined where both read the text in the same way. SqlError as PostgreSQL has it when the text is none of that type.
 */
export function literalSql(text: string, type: DuckDBType, settings: WireSettings): string | undefined {
  if (isShownAsJson(type)) return undefined;
  const wireType = wireTypeOf(type);
  if (wireType.element !== undefined) {
    return `CAST(${listSql(parseArrayText(text), wireType.element, settings)} AS ${type.toString()})`;
  }
  if (type.typeId === DuckDBTypeId.VARCHAR || type.typeId === DuckDBTypeId.ENUM) return undefined;
  return scalarSql(text, wireType, settings);
}

function scalarSql(text: string, { oid }: WireType, settings: WireSettings): string {
  // A numeric may have more digits than the engine's decimals.
  if (oid === PG_TYPES.numeric.oid) return quoteLiteral(numericText(parseNumericText(text)));
  const written = quoteLiteral(engineText(inputFor(oid, 0).fromText(text, settings)));
  return oid === PG_TYPES.bytea.oid ? `unhex(${written})` : written;
}

function listSql(items: ArrayInput, element: WireType, settings: WireSettings): string {
  const parts = items.map((item) => {
    if (item === null) return 'NULL';
    return typeof item === 'string' ? scalarSql(item, element, settings) : listSql(item, element, settings);
  });
  return `[${parts.join(', ')}]`;
}
