import { link, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DomainError } from '../../errors/domain-error.js';
import type { JobContext, JobHandler } from '../../workers/job-context.js';
import type { ImportRequest, ImportResult } from '../../workers/messages.js';
import { EarlyChecksum } from '../early-checksum.js';
import { loadFully } from '../import/full-load.js';
import { mustNotBeCancelled } from '../import/import-failure.js';
import type { ImportSource } from '../import/import-source.js';
import { loadIncrementally } from '../import/incremental-load.js';
import { openCsv } from '../import/open-csv.js';
import { openParquet } from '../import/parquet-source.js';
import { withScratchDirectory } from '../import/scratch-directory.js';
import { inflateSource } from '../import/source-compression.js';

/**
 * Builds the next version of a table from its base version and a file.
 *
 *   file ─ inflate ─► plain file ─ dialect or schema, column mapping ─► ImportSource ─ full or incremental load ─► staged file
 *
 * All temporary files are in one scratch directory, which goes with the job; the staged file is the service's.
 */
export const importFile: JobHandler<'importFile'> = (request, context) =>
  withScratchDirectory(context.tempDirectory, async (scratch) => {
    const { database, signal } = context;
    const source = await openSource(request, scratch, context);
    const load = request.incremental ? loadIncrementally : loadFully;
    const checksum = new EarlyChecksum(request.stagingPath, signal);
    try {
      const { value: loaded, blockSizeBytes } = await load(database, request, source, signal, checksum);
      mustNotBeCancelled(signal);
      const file = await checksum.finish();
      const { rejected, warnings, unchangedRows: _, ...counts } = loaded;
      return {
        ...counts,
        ...file,
        shape: request.shape,
        blockSizeBytes,
        rejectedCount: rejected.count,
        rejected: rejected.first,
        warnings: [...source.warnings, ...warnings],
      } satisfies ImportResult;
    } finally {
      await checksum.close();
    }
  });

async function openSource(request: ImportRequest, scratch: string, context: JobContext): Promise<ImportSource> {
  const { database, signal } = context;
  const inflated = join(scratch, 'inflated');
  const plain = await inflateSource(request.source.path, inflated, request.maxInflatedBytes, signal).catch(sourceGone);
  mustNotBeCancelled(signal);
  // The engine takes `*`, `?` and `[` in a path for a pattern and an ending for a format; this name has neither.
  const path = join(scratch, 'source');
  await linkContent(plain, path);
  return database.withConnection<ImportSource>(signal, (connection) =>
    request.source.format === 'csv'
      ? openCsv(path, request, scratch, connection, signal)
      : openParquet(path, request, connection),
  );
}

/** A hard link keeps the content when the file is deleted during the import; across disks only the name can be linked. */
async function linkContent(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') sourceGone(error);
    await symlink(resolve(from), to);
  }
}

/** The file was found when the request came; somebody may have deleted it while the job waited. */
function sourceGone(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    throw new DomainError('file_content_not_found', 'The file was deleted before it was read.', {}, { cause: error });
  }
  throw error;
}
