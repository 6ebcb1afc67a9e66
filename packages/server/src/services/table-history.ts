import { DomainError } from '../errors/domain-error.js';
import type { Clock } from '../lib/clock.js';
import type { Listed, MetadataReader, Page } from '../metadata/metadata-store.js';
import type { KeptVersionRecord, TableRecord } from '../metadata/records.js';
import type { TableVersionRef, VersionChoice } from '../model/refs.js';
import { bucketIsLinked, requireTable } from './require-bucket.js';

/** A version with the moment at which history lets go of it; null while it is current. */
export interface HistoryEntry extends KeptVersionRecord {
  readonly expiresAt: Date | null;
}

/**
 * The states a table had: the current version and the replaced ones that history keeps, for so many days and so many at
 * most. A table that was dropped has none, and one that was made again under its name begins a new one.
 */
export class TableHistory {
  constructor(
    private readonly metadata: MetadataReader,
    private readonly clock: Clock,
    private readonly limits: { readonly maxAgeMs: number },
  ) {}

  /** The table with the version that the reference asks for in the place of its current one. */
  async requireTable(ref: TableVersionRef): Promise<TableRecord> {
    const table = await requireTable(this.metadata, ref);
    if (ref.at === undefined) return table;
    mustBeOwnHistory(table);
    return { ...table, current: await this.requireVersion(this.metadata, table, ref.at) };
  }

  async requireVersion(reader: MetadataReader, table: TableRecord, at: VersionChoice): Promise<KeptVersionRecord> {
    const since = this.#replacedSince();
    const found =
      'versionId' in at
        ? await reader.getTableVersion(table.id, at.versionId, since)
        : await reader.getTableVersionAt(table.id, at.asOf, since);
    if (found === undefined) throw await this.#versionNotFound(reader, table, at);
    return found;
  }

  /** Newest first. */
  async list(table: TableRecord, page: Page): Promise<Listed<HistoryEntry>> {
    mustBeOwnHistory(table);
    const { items, total } = await this.metadata.listTableVersions(table.id, this.#replacedSince(), page);
    const expiryOf = (replacedAt: Date | null): Date | null =>
      replacedAt === null ? null : new Date(replacedAt.getTime() + this.limits.maxAgeMs);
    return { items: items.map((item) => ({ ...item, expiresAt: expiryOf(item.retiredAt) })), total };
  }

  #replacedSince(): Date {
    return new Date(this.clock.now().getTime() - this.limits.maxAgeMs);
  }

  async #versionNotFound(reader: MetadataReader, table: TableRecord, at: VersionChoice): Promise<DomainError> {
    const since = this.#replacedSince();
    const { total } = await reader.listTableVersions(table.id, since, { limit: 1, offset: 0 });
    const { items } = await reader.listTableVersions(table.id, since, { limit: 1, offset: Math.max(0, total - 1) });
    const oldest = items[0] ?? table.current;
    const reachesBackTo = oldest.createdAt.toISOString();
    const name = `${table.bucketName}.${table.name}`;
    const missing =
      'versionId' in at
        ? `Version ${at.versionId} is not in the history of table ${name}`
        : `The history of table ${name} does not reach back to ${at.asOf.toISOString()}`;
    return new DomainError(
      'version_not_found',
      `${missing}: it has ${total} ${total === 1 ? 'version' : 'versions'}, the oldest of ${reachesBackTo}`,
      {
        project_id: table.projectId,
        bucket_name: table.bucketName,
        table_name: table.name,
        ...('versionId' in at ? { version_id: at.versionId } : { as_of: at.asOf.toISOString() }),
        oldest_version_id: oldest.id,
        reaches_back_to: reachesBackTo,
      },
    );
  }
}

/** What is shared is the present of a table: rows that its owner has deleted are nobody else's business. */
function mustBeOwnHistory({ projectId, bucketName, linkedFrom }: TableRecord): void {
  if (linkedFrom !== null) throw bucketIsLinked(projectId, bucketName, linkedFrom);
}
