import type { StagedVersion } from '../engine/version-writer.js';
import type { VersionRecord } from '../metadata/records.js';
import { newSortableId } from '../model/ids.js';
import type { Change } from './change.js';

/** The row of a version that a worker built; `base` has no current version when it is the first one of a table. */
export function builtVersion(
  change: Change<never>,
  base: { readonly id: string; readonly projectId: string; readonly current?: VersionRecord },
  staged: StagedVersion,
): VersionRecord {
  return {
    id: staged.id,
    tableId: base.id,
    projectId: base.projectId,
    fileId: staged.id,
    parentId: base.current?.id ?? null,
    columns: staged.shape.columns,
    primaryKey: staged.shape.primaryKey,
    rowCount: staged.rowCount,
    sizeBytes: staged.sizeBytes,
    checksum: staged.checksum,
    blockSizeBytes: staged.blockSizeBytes,
    operation: change.operation,
    createdAt: change.now,
    createdBy: change.principal.actor,
  };
}

/** A new version with the file of an earlier one; the caller says which table it belongs to. */
export function repeatedVersion(change: Change<never>, earlier: VersionRecord): VersionRecord {
  return {
    ...earlier,
    id: newSortableId(change.now),
    operation: change.operation,
    createdAt: change.now,
    createdBy: change.principal.actor,
  };
}
