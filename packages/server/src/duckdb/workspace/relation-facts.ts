import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteIdentifier } from '../quoting.js';
import { OWN_BASE, OWN_STEP } from './catalog/definitions/object-numbers.js';
import type { RelationColumns } from './catalog/result-columns.js';
import type { NamedRelation } from './catalog/result-outline.js';
import type { ObjectChanges } from './object-changes.js';

/** More are forgotten together; new versions of tables come under new names. */
const MOST_KNOWN = 1_000;

const ENTRIES_SQL = `
  SELECT database_name, schema_name, table_oid FROM duckdb_tables()
    WHERE database_name IN ('ws', 'temp') AND lower(table_name) = lower($1)
  UNION ALL
  SELECT database_name, schema_name, view_oid FROM duckdb_views()
    WHERE database_name IN ('ws', 'temp') AND lower(view_name) = lower($1)`;

/** What of the session's state a name means something by. */
export interface NamePath {
  /** The engine's search path, which the statement was planned with. */
  readonly path: string;
  /** Schemas of the workspace in it, in order. */
  readonly schemas: readonly string[];
  /** The number of a table of the project, when `relation` names one. */
  projectOid(relation: NamedRelation): number | undefined;
}

/**
 * Numbers and columns of the tables that a session's statements name, for the description of their rows. The engine is asked once for each,
 * and again after objects of the workspace have changed; for a transaction that began before that, what it sees ends with it.
 */
export class RelationFacts {
  readonly #known = new Map<string, RelationColumns | undefined>();
  #readAt = 0;
  #beganAt = 0;

  constructor(
    private readonly duckdb: DuckDBConnection,
    private readonly changes: ObjectChanges,
  ) {}

  transactionBegins(): void {
    this.#beganAt = this.changes.count;
  }

  transactionEnds(): void {
    if (this.#beganAt !== this.changes.count) this.#known.clear();
  }

  async of(relation: NamedRelation, names: NamePath): Promise<RelationColumns | undefined> {
    if (this.#readAt !== this.changes.count || this.#known.size > MOST_KNOWN) this.#known.clear();
    this.#readAt = this.changes.count;
    const key = [names.path, relation.schema ?? '', relation.name].join('\0');
    if (!this.#known.has(key)) this.#known.set(key, await this.#read(relation, names));
    return this.#known.get(key);
  }

  async #read(relation: NamedRelation, names: NamePath): Promise<RelationColumns | undefined> {
    const oid = names.projectOid(relation) ?? (await this.#ownOid(relation, names.schemas));
    if (oid === undefined) return undefined;
    const { schema, name } = relation;
    const path = schema === undefined ? [name] : [engineSchema(schema), name];
    const prepared = await this.duckdb.prepare(`SELECT * FROM ${path.map(quoteIdentifier).join('.')}`);
    try {
      return { oid, columns: Array.from({ length: prepared.columnCount }, (_, index) => prepared.columnName(index)) };
    } finally {
      prepared.destroySync();
    }
  }

  async #ownOid({ schema, name }: NamedRelation, schemas: readonly string[]): Promise<number | undefined> {
    const entries = (await this.duckdb.runAndReadAll(ENTRIES_SQL, [name])).getRows();
    const places =
      schema === undefined
        ? [['temp', 'main'], ...schemas.map((each) => ['ws', each])]
        : [[schema === 'temp' || schema === 'pg_temp' ? 'temp' : 'ws', engineSchema(schema)]];
    for (const place of places) {
      const [databaseName = '', schemaName = ''] = place.map((each) => each.toLowerCase());
      const entry = entries.find(
        ([database, of]) => database === databaseName && String(of).toLowerCase() === schemaName,
      );
      if (entry !== undefined) return OWN_BASE + OWN_STEP * Number(entry[2]);
    }
    return undefined;
  }
}

function engineSchema(schema: string): string {
  return schema === 'public' || schema === 'pg_temp' || schema === 'temp' ? 'main' : schema;
}
