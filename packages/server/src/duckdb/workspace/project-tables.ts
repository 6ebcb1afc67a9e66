import type { DuckDBConnection } from '@duckdb/node-api';
import { join } from 'node:path';
import type { WorkspaceTable, WorkspaceTableName } from '../../model/workspace-view.js';
import { AttachedVersions, attachReadOnly, type HeldVersion, type VersionFile } from '../attached-versions.js';
import { quoteIdentifier } from '../quoting.js';
import { NamesCache, pairKey, type NamesInSql } from './names-in-sql.js';
import { changedNames, engineSchema, isReadOnly, type PathSchema } from './search-path.js';
import { StoredSql } from './stored-sql.js';
import type { ResolveTables, SearchPath, TablePins } from './workspace-database.js';

/** Views over views end somewhere; circles cannot be made, but the names may look like one. */
const MAX_STORED_TEXTS = 500;

/** Last, where the path has no schema of the workspace: without one, the engine would not look for names that have a schema in the workspace. */
const LAST = 'ws.main';

interface TableVersion extends VersionFile {
  readonly table: WorkspaceTable;
}

interface PinnedTable {
  readonly table: WorkspaceTable;
  readonly held: HeldVersion;
}

export class Pins implements TablePins {
  /** By `pairKey`; null: looked up and not there. */
  readonly tables = new Map<string, PinnedTable | null>();
  readonly heldByVersion = new Map<string, HeldVersion>();
  storesSql = false;
  #released = false;

  constructor(
    readonly connection: DuckDBConnection,
    private readonly onRelease: (pins: Pins) => void,
  ) {}

  get released(): boolean {
    return this.#released;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.onRelease(this);
  }
}

/**
 * Tables of the project in the search path of a statement.
 *
 *     v__7   the version's file, READ_ONLY
 *     t__7   in memory: for each spelling of the bucket a schema with one view, named like the table, over v__7
 *
 * A statement that names `in_c_sales.orders` gets the path `ws.main, t__7.in_c_sales`, and the next transaction, after a new version, `t__9…`.
 * t__7 is never changed once it is made, so a transaction that writes `ws` may read it.
 */
export class ProjectTables {
  readonly #names = new NamesCache();
  readonly #attached: AttachedVersions<TableVersion>;
  readonly #stored: StoredSql;

  constructor(
    private readonly input: {
      readonly control: (sql: string) => Promise<readonly (readonly unknown[])[]>;
      readonly resolveTables: ResolveTables;
      readonly attachDirectory: string;
      readonly limit: number;
      readonly onDetachFailed: (error: unknown) => void;
      readonly onAttached: (durationMs: number) => void;
    },
  ) {
    this.#stored = new StoredSql(input.control);
    this.#attached = new AttachedVersions(
      input.control,
      () => undefined,
      input.limit,
      ({ path, table }, number) => {
        const file = quoteIdentifier(`v__${number}`);
        const views = quoteIdentifier(`t__${number}`);
        const name = quoteIdentifier(table.tableName);
        return {
          alias: file,
          attach: [
            attachReadOnly(path, file),
            `ATTACH ':memory:' AS ${views}`,
            ...table.schemaSpellings.flatMap((spelling) => {
              const schema = quoteIdentifier(spelling);
              return [
                `CREATE SCHEMA IF NOT EXISTS ${views}.${schema}`,
                `CREATE VIEW IF NOT EXISTS ${views}.${schema}.${name} AS SELECT * FROM ${file}.main.data`,
              ];
            }),
          ],
          detach: [`DETACH ${views}`, `DETACH ${file}`],
        };
      },
      input.onAttached,
    );
  }

  begin(connection: DuckDBConnection): Pins {
    return new Pins(connection, (pins) => this.#release(pins));
  }

  async pathFor(sql: string, pins: Pins, schemas: readonly PathSchema[]): Promise<SearchPath> {
    if (pins.released) throw new Error('the pins of this transaction were released');
    const { isQuery } = this.#names.of(sql);
    const { pairs, words } = await this.#namesIn(sql, pins);
    const buckets = schemas.filter(({ isBucket }) => isBucket);
    const inBuckets = buckets.map(({ name }) => namesOf(name, words));
    await this.#resolve([...pairs, ...inBuckets.flat()], pins);
    const changed = isQuery || buckets.length === 0 ? new Set<string>() : changedNames(sql);
    // A view over a bucket's table is everybody's: not even its name may be found by what changes a table.
    const usable = inBuckets.map((names) => names.filter(({ table }) => !changed.has(table)));
    const [firstSchema] = schemas;
    if (firstSchema?.isBucket === true && this.#entriesOf(namesOf(firstSchema.name, changed), pins).length > 0) {
      throw isReadOnly(/\w+/.exec(sql)?.[0].toUpperCase() ?? '', firstSchema.name);
    }
    const places = schemas.map((schema) =>
      schema.isBucket
        ? this.#entriesOf(usable[buckets.indexOf(schema)] ?? [], pins)
        : [`ws.${quoteIdentifier(engineSchema(schema.name))}`],
    );
    const own = places.flat().filter((place) => place.startsWith('ws.'));
    // What is made has its place in the first: never beside the views over a bucket's table, which others use, too.
    const first = isQuery ? [] : own.length > 0 ? own : [LAST];
    const entries = new Set([...first, ...places.flat(), ...this.#entriesOf(pairs, pins)]);
    if (own.length === 0) entries.add(LAST);
    const value = [...entries].join(',');
    return { value, key: value };
  }

  /** Holds one table, for trusted statements that name it directly. */
  async hold(table: WorkspaceTable): Promise<HeldVersion> {
    return this.#attached.hold({ id: table.versionId, path: join(this.input.attachDirectory, table.linkName), table });
  }

  async #resolve(pairs: readonly WorkspaceTableName[], pins: Pins): Promise<void> {
    const unknown = pairs.filter(({ schema, table }) => !pins.tables.has(pairKey(schema, table)));
    if (unknown.length === 0) return;
    const answers = await this.input.resolveTables(unknown);
    for (const [index, { schema, table }] of unknown.entries()) {
      pins.tables.set(pairKey(schema, table), await this.#pin(answers[index] ?? null, pins));
    }
  }

  /** Where those of the names are that the project has. */
  #entriesOf(pairs: readonly WorkspaceTableName[], pins: Pins): readonly string[] {
    const entries = new Set<string>();
    for (const { schema, table } of pairs) {
      const pinned = pins.tables.get(pairKey(schema, table));
      if (pinned === null || pinned === undefined) continue;
      const said = schema.toLowerCase();
      const spelling = pinned.table.schemaSpellings.find((one) => one.toLowerCase() === said) ?? schema;
      entries.add(`t__${pinned.held.number}.${quoteIdentifier(spelling)}`);
    }
    return [...entries];
  }

  async #pin(table: WorkspaceTable | null, pins: Pins): Promise<PinnedTable | null> {
    if (table === null) return null;
    const known = pins.heldByVersion.get(table.versionId);
    const held = known ?? (await this.hold(table));
    pins.heldByVersion.set(table.versionId, held);
    return { table, held };
  }

  /** Of the text, and of every view and macro it uses, and of those they use. */
  async #namesIn(sql: string, pins: Pins): Promise<Pick<NamesInSql, 'pairs' | 'words'>> {
    const found = this.#names.of(sql);
    if (found.storesSql) {
      pins.storesSql = true;
      this.#stored.willStore(pins.connection, found.words.has('temp') || found.words.has('temporary'));
    }
    const stored = await this.#stored.of(pins.connection, pins.storesSql);
    if (stored.size === 0) return found;

    const pairs = [...found.pairs];
    const words = new Set(found.words);
    const seen = new Set([sql]);
    const waiting = [found];
    for (let names = waiting.pop(); names !== undefined && seen.size < MAX_STORED_TEXTS; names = waiting.pop()) {
      for (const word of names.words) {
        for (const text of stored.get(word) ?? []) {
          if (seen.has(text)) continue;
          seen.add(text);
          const inner = this.#names.of(text);
          pairs.push(...inner.pairs);
          for (const each of inner.words) words.add(each);
          waiting.push(inner);
        }
      }
    }
    return { pairs, words };
  }

  #release(pins: Pins): void {
    if (pins.storesSql) this.#stored.forget();
    const held = [...pins.heldByVersion.values()];
    pins.heldByVersion.clear();
    pins.tables.clear();
    Promise.all(held.map((one) => one.release())).catch((error: unknown) => this.input.onDetachFailed(error));
  }
}

function namesOf(schema: string, tables: Iterable<string>): readonly WorkspaceTableName[] {
  return [...tables].map((table) => ({ schema, table }));
}
