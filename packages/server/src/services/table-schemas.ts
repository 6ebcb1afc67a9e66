import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { StagedVersion } from '../engine/version-writer.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { JsonObject, JsonValue, TableRecord } from '../metadata/records.js';
import {
  dropColumnDescription,
  renameColumnDescription,
  withColumnDescription,
  type ColumnDescriptions,
} from '../model/column-descriptions.js';
import type { ColumnChanges, ColumnDefinition, TableAlteration, TableShape } from '../model/columns.js';
import { mustBeValidColumnName } from '../model/names.js';
import type { TableRef } from '../model/refs.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { requireTableToChange } from './require-bucket.js';
import * as plans from './schema-plans.js';
import { columnIdOf, lockOf, resourceIdOf } from './table-names.js';
import type { Publication, TablePublisher } from './table-publisher.js';

type TableChange = Change<TableRecord>;

/** A change that the table permits as far as its columns and its key say. */
interface Plan {
  readonly alteration: TableAlteration;
  readonly publication: Omit<Publication<TableRecord>, 'result' | 'also'>;
  /** What is said about the columns afterwards: descriptions belong to the table, not to its versions. */
  readonly describe?: (descriptions: ColumnDescriptions) => ColumnDescriptions;
}

/**
 * Changes of columns and keys. Each is one version: everything a request asks for becomes visible together, or nothing does. Rows keep
 * their order, and columns their types, defaults and NOT NULL.
 */
export class TableSchemas {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly locks: TableLocks,
    private readonly publisher: TablePublisher,
    private readonly diskGuard: DiskGuard,
  ) {}

  async addColumn(
    change: TableChange,
    ref: TableRef,
    column: ColumnDefinition,
    description: string | null,
  ): Promise<TableRecord> {
    mustBeValidColumnName(column.name);
    return await this.#alter(change, ref, (table) => {
      plans.mustHaveNoColumn(table, column.name);
      return {
        alteration: { kind: 'addColumn', column },
        publication: { resourceId: columnIdOf(table, column.name), details: { type: excerpt(column.type) } },
        describe: (descriptions) => withColumnDescription(descriptions, column.name, description),
      };
    });
  }

  async alterColumn(
    change: TableChange,
    ref: TableRef,
    columnName: string,
    changes: ColumnChanges,
  ): Promise<TableRecord> {
    if (changes.name !== undefined) mustBeValidColumnName(changes.name);
    return await this.#alter(change, ref, (table) => {
      const column = plans.requireColumn(table, columnName);
      plans.mustChangeSomething(changes);
      plans.newNameMustBeFree(table, column, changes);
      plans.keyMustPermitNulls(table, column, changes);
      return {
        alteration: { kind: 'alterColumn', column: column.name, changes },
        publication: { resourceId: columnIdOf(table, column.name), details: { changes: shownChanges(changes) } },
        describe: (descriptions) => renameColumnDescription(descriptions, column.name, changes.name ?? column.name),
      };
    });
  }

  dropColumn(change: TableChange, ref: TableRef, columnName: string): Promise<TableRecord> {
    return this.#alter(change, ref, (table) => {
      const column = plans.requireColumn(table, columnName);
      plans.mustNotBeLastColumn(table);
      plans.mustNotBeInKey(table, column);
      const resourceId = columnIdOf(table, column.name);
      return {
        alteration: { kind: 'dropColumn', column: column.name },
        publication: { resourceId, loses: { trigger: 'drop_column', subject: resourceId } },
        describe: (descriptions) => dropColumnDescription(descriptions, column.name),
      };
    });
  }

  /** Columns of a key are NOT NULL: nullable ones become that when no value is missing, or are refused. */
  addPrimaryKey(
    change: TableChange,
    ref: TableRef,
    columnNames: readonly string[],
    options: { readonly nullableColumns: 'tighten' | 'refuse' } = { nullableColumns: 'tighten' },
  ): Promise<TableRecord> {
    return this.#alter(change, ref, (table) => {
      const keyColumns = plans.keyColumns(table, columnNames);
      const columns = keyColumns.map(({ name }) => name);
      plans.mustHaveNoKey(table);
      if (options.nullableColumns === 'refuse') plans.mustNotBeNullable(table, keyColumns);
      return {
        alteration: { kind: 'addPrimaryKey', columns },
        publication: { details: { primary_key: columns } },
      };
    });
  }

  /** The key is a fact of metadata alone: the file stays as it is. */
  async dropPrimaryKey(change: TableChange, ref: TableRef): Promise<TableRecord> {
    const found = await requireTableToChange(this.metadata, ref);
    return await this.locks.runExclusive(lockOf(found), undefined, async () => {
      const table = await requireTableToChange(this.metadata, ref);
      plans.mustHaveKey(table);
      const details = { primary_key: table.current.primaryKey };
      return await this.#publish(change, ref, table, { ...table.current, primaryKey: [] }, null, { details });
    });
  }

  async #alter(change: TableChange, ref: TableRef, plan: (table: TableRecord) => Plan): Promise<TableRecord> {
    const found = await requireTableToChange(this.metadata, ref);
    return await this.locks.runExclusive(lockOf(found), undefined, () =>
      this.engine.withPinned(
        () => requireTableToChange(this.metadata, ref),
        async (table) => {
          const { alteration, publication, describe } = plan(table);
          await this.diskGuard.mustHaveRoom(table.current.sizeBytes);
          return await this.engine.alter(table.current, alteration, ({ shape }, staged) =>
            this.#publish(change, ref, table, shape, staged, {
              ...publication,
              ...(describe === undefined ? {} : { also: describing(change, describe) }),
            }),
          );
        },
      ),
    );
  }

  /** Without a file of its own, the version stands on the file of the one before; a change that changes nothing makes none. */
  async #publish(
    change: TableChange,
    ref: TableRef,
    table: TableRecord,
    shape: TableShape,
    staged: StagedVersion | null,
    publication: Omit<Publication<TableRecord>, 'result'>,
  ): Promise<TableRecord> {
    const whole = { ...publication, result: (published: TableRecord) => published };
    if (staged !== null) return await this.publisher.publish(change, ref, table, staged, whole);
    const { columns, primaryKey } = shape;
    if (isSameShape(table.current, shape)) return await this.#commitUnchanged(change, ref, publication.resourceId);
    return await this.publisher.republish(change, ref, table, { ...table.current, columns, primaryKey }, whole);
  }

  #commitUnchanged(change: TableChange, ref: TableRef, resourceId: string | undefined): Promise<TableRecord> {
    return this.metadata.transaction(async (tx) => {
      const table = await requireTableToChange(tx, ref);
      const subject = { projectId: table.projectId, resourceId: resourceId ?? resourceIdOf(table) };
      await change.commit(tx, { ...subject, details: { version_id: table.current.id, unchanged: true } }, table);
      return table;
    });
  }
}

function describing(
  change: TableChange,
  describe: NonNullable<Plan['describe']>,
): NonNullable<Publication<never>['also']> {
  return async (tx, published) => {
    const columnDescriptions = describe(published.columnDescriptions);
    await tx.updateTable(published.id, { columnDescriptions, updatedAt: change.now });
  };
}

/** Types and defaults can be long; the audit shows their beginning. */
function excerpt(text: string): string {
  return text.slice(0, 200);
}

function shownChanges(changes: ColumnChanges): JsonObject {
  const entries: [string, JsonValue][] = Object.entries({ ...changes } satisfies JsonObject);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'string' ? excerpt(value) : value]));
}

function isSameShape(a: TableShape, b: TableShape): boolean {
  const text = ({ columns, primaryKey }: TableShape): string =>
    JSON.stringify([columns.map((column) => [column.name, column.type, column.nullable, column.default]), primaryKey]);
  return text(a) === text(b);
}
