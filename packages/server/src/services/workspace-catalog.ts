import type { StoredCatalogue, StoredCatalogueBucket, StoredCatalogueTable } from '../metadata/workspace-records.js';
import { columnDescription } from '../model/column-descriptions.js';
import { nameKey } from '../model/columns.js';
import { schemaSpellings } from '../model/bucket-schemas.js';
import { DEFAULT_BRANCH_ID, type BranchRef } from '../model/refs.js';
import type { WorkspaceCatalogBucket, WorkspaceCatalogTable } from '../model/workspace-view.js';

interface Layers {
  own?: StoredCatalogueBucket;
  main?: StoredCatalogueBucket;
}

/**
 * The whole of a branch at once, by the rules of `branch-view.ts`: the branch's own bucket lies over main's of that name, its own
 * tables over main's, what it has deleted is hidden, and a linked bucket hides main's.
 */
export function catalogueBuckets(stored: StoredCatalogue, branch: BranchRef): readonly WorkspaceCatalogBucket[] {
  const deleted = new Set(stored.deletions.map(({ bucketKey, tableKey }) => keyOf(bucketKey, tableKey)));
  const layers = new Map<string, Layers>();
  for (const bucket of stored.buckets) {
    const key = nameKey(bucket.name);
    const layer = layers.get(key) ?? {};
    layers.set(key, layer);
    if (bucket.branchId === branch.branchId) layer.own = bucket;
    else if (bucket.branchId === DEFAULT_BRANCH_ID && !deleted.has(keyOf(key, ''))) layer.main = bucket;
  }
  const visible = [...layers].flatMap(([key, { own, main }]) => {
    const top = own ?? main;
    return top === undefined ? [] : [{ bucket: top, tables: visibleTables(key, { own, main }, deleted) }];
  });
  const spellings = schemaSpellings(visible.map(({ bucket }) => bucket.name));
  return visible
    .map(({ bucket, tables }) => ({
      name: bucket.name,
      schemaSpellings: spellings.get(bucket.name) ?? [bucket.name],
      description: bucket.description,
      tables: tables.map(toCatalogTable),
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

function visibleTables(
  bucketKey: string,
  { own, main }: { own: StoredCatalogueBucket | undefined; main: StoredCatalogueBucket | undefined },
  deleted: ReadonlySet<string>,
): readonly StoredCatalogueTable[] {
  if (own === undefined)
    return (main?.tables ?? []).filter(({ name }) => !deleted.has(keyOf(bucketKey, nameKey(name))));
  if (own.isLinked || main === undefined) return own.tables;
  const ownNames = new Set(own.tables.map(({ name }) => nameKey(name)));
  const shown = main.tables.filter(({ name }) => {
    const key = nameKey(name);
    return !ownNames.has(key) && !deleted.has(keyOf(bucketKey, key));
  });
  return [...own.tables, ...shown].sort((left, right) => (left.name < right.name ? -1 : 1));
}

function toCatalogTable(table: StoredCatalogueTable): WorkspaceCatalogTable {
  return {
    name: table.name,
    description: table.description,
    columns: describedColumns(table),
    primaryKey: table.primaryKey,
    rowCount: table.rowCount,
  };
}

function describedColumns({ columns, columnDescriptions }: StoredCatalogueTable): WorkspaceCatalogTable['columns'] {
  // Most tables have none, and looking each column up in nothing is what takes the time of a large catalogue.
  const hasAny = Object.keys(columnDescriptions).length > 0;
  return columns.map(({ name, type, nullable, default: preset }) => ({
    name,
    type,
    nullable,
    default: preset,
    description: hasAny ? columnDescription(columnDescriptions, name) : null,
  }));
}

/** No name of a bucket or a table has a slash. */
function keyOf(bucketKey: string, tableKey: string): string {
  return `${bucketKey}/${tableKey}`;
}
