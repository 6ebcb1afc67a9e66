import {
  DuckDBArrayType,
  DuckDBEnumType,
  DuckDBListType,
  type DuckDBConnection,
  type DuckDBType,
} from '@duckdb/node-api';
import { PG_TYPES } from '../../model/pg-types.js';
import { OWN_BASE, OWN_STEP } from './catalog/definitions/object-numbers.js';
import type { EnumResolver } from './encoding/wire-type.js';

interface EnumType {
  readonly oid: number;
  readonly arrayOid: number;
  readonly name: string;
}

const ENUMS_SQL = `
  SELECT type_oid, type_name, labels FROM system.main.duckdb_types()
  WHERE database_name IN ('ws', 'temp') AND NOT internal AND logical_type = 'ENUM' ORDER BY type_oid DESC`;

/**
 * The types made by CREATE TYPE … AS ENUM, under the numbers that `pg_type` has for them. A result of DuckDB says the labels of such a
 * type and not its name, so the oldest type with these labels it is. Labels travel as text in every format.
 */
export class EnumTypes {
  static readonly none = new EnumTypes([]);
  readonly #byLabels: ReadonlyMap<string, EnumType>;
  readonly #byOid: ReadonlyMap<number, number>;

  private constructor(types: readonly (readonly [labels: readonly string[], type: EnumType])[]) {
    this.#byLabels = new Map(types.map(([labels, type]) => [JSON.stringify(labels), type]));
    this.#byOid = new Map(
      types.flatMap(([, { oid, arrayOid }]) => [
        [oid, PG_TYPES.text.oid],
        [arrayOid, PG_TYPES.text.arrayOid],
      ]),
    );
  }

  /** As this connection sees them, within its transaction. */
  static async of(connection: DuckDBConnection): Promise<EnumTypes> {
    const rows = (await connection.runAndReadAll(ENUMS_SQL)).getRowsJS();
    return new EnumTypes(
      rows.map(([number, name, labels]) => {
        const oid = OWN_BASE + OWN_STEP * Number(number);
        return [labels as string[], { oid, arrayOid: oid + 2, name: String(name) }];
      }),
    );
  }

  readonly resolve: EnumResolver = (type) => this.#byLabels.get(JSON.stringify(type.values));

  /** The type as which values of a parameter are read. */
  inputOid(oid: number): number {
    return this.#byOid.get(oid) ?? oid;
  }
}

/** Whether a type is a user's, or made of one. */
export function isOfEnum(type: DuckDBType): boolean {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) return isOfEnum(type.valueType);
  return type instanceof DuckDBEnumType;
}
