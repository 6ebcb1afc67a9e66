import { join } from 'node:path';
import type { Layout } from '../engine/layout.js';
import type { VersionPins } from '../engine/version-pins.js';
import { DomainError } from '../errors/domain-error.js';
import { errnoOf } from '../errors/storage-failure.js';
import type { FileSystem } from '../lib/file-system.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { TableRecord } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';
import { schemaKey, schemaSpellings } from '../model/bucket-schemas.js';
import type { BranchRef, TableRef } from '../model/refs.js';
import type { WorkspaceTable, WorkspaceTableName } from '../model/workspace-view.js';
import { findBucket, findTable } from './branch-view.js';

/** As in the table engine: more attempts than this mean a defect. */
const MAX_PIN_ATTEMPTS = 100;

interface Bucket {
  readonly name: string;
  readonly schemaSpellings: readonly string[];
}

/**
 * Gives the worker of a workspace the tables that a statement names, by hard links in its attach directory. A link is permission and pin
 * in one: the worker reaches no other version, and this one stays until the link is gone. Only while linking is the
 * version pinned.
 *
 * A workspace reads what a key that may write in its project or branch reads: linked buckets included, whether or not their owners let
 * keys read them that may only read. Whoever may make a workspace has such a key.
 */
export class WorkspaceTables {
  constructor(
    private readonly metadata: MetadataReader,
    private readonly pins: VersionPins,
    private readonly layout: Layout,
    private readonly fileSystem: FileSystem,
  ) {}

  async link(
    branch: BranchRef,
    names: readonly WorkspaceTableName[],
    attachDirectory: string,
  ): Promise<readonly (WorkspaceTable | null)[]> {
    const buckets = new Map<string, Promise<Bucket | undefined>>();
    const bucketOf = (schema: string): Promise<Bucket | undefined> => {
      const key = nameKey(schema);
      const found = buckets.get(key) ?? this.#findBucket(branch, schema);
      buckets.set(key, found);
      return found;
    };
    const tables: (WorkspaceTable | null)[] = [];
    for (const { schema, table } of names) {
      const bucket = await bucketOf(schema);
      tables.push(
        bucket === undefined
          ? null
          : await this.#link({ ...branch, bucketName: bucket.name, tableName: table }, bucket, attachDirectory),
      );
    }
    return tables;
  }

  /** The bucket that a schema name means, see `schemaSpellings`. */
  async #findBucket(branch: BranchRef, schema: string): Promise<Bucket | undefined> {
    const visible: string[] = [];
    for (const name of await this.metadata.listBucketNames(branch, schemaKey(schema))) {
      const bucket = await findBucket(this.metadata, { ...branch, bucketName: name });
      if (bucket !== undefined && !visible.includes(bucket.name)) visible.push(bucket.name);
    }
    for (const [name, spellings] of schemaSpellings(visible)) {
      if (spellings.some((each) => nameKey(each) === nameKey(schema))) return { name, schemaSpellings: spellings };
    }
    return undefined;
  }

  async #link(ref: TableRef, bucket: Bucket, attachDirectory: string): Promise<WorkspaceTable | null> {
    for (let attempt = 0; attempt < MAX_PIN_ATTEMPTS; attempt += 1) {
      const table = await findTable(this.metadata, ref);
      if (table === undefined) return null;
      using pin = this.pins.pin(table.current.id);
      // Collected between finding and pinning: then there is a newer version, or no table.
      if (pin === undefined || (await this.metadata.getVersion(table.current.id)) === undefined) continue;
      const linkName = `${table.current.id}.duckdb`;
      await this.#linkVersion(table, join(attachDirectory, linkName));
      return {
        versionId: table.current.id,
        linkName,
        schemaSpellings: bucket.schemaSpellings,
        tableName: table.name,
      };
    }
    throw new DomainError('version_conflict', 'The table changes faster than it can be read; repeat the request');
  }

  async #linkVersion({ current }: TableRecord, path: string): Promise<void> {
    try {
      await this.fileSystem.link(this.layout.versionPath(current.projectId, current.fileId), path);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return;
      throw new DomainError('storage_error', 'The stored file of the table cannot be read.', {}, { cause: error });
    }
  }
}
