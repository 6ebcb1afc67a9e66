import { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import { TIMESTAMP_COLUMN } from '../../model/row-condition.js';
import type { JobContext, JobHandler } from '../../workers/job-context.js';
import type { FileRows, ImportRequest, LoadRequest, LoadResult } from '../../workers/messages.js';
import { EarlyChecksum } from '../early-checksum.js';
import { mapColumns } from '../import/column-mapping.js';
import { EmptySource } from '../import/empty-source.js';
import { loadFully } from '../import/full-load.js';
import { mustNotBeCancelled } from '../import/import-failure.js';
import type { ImportSource } from '../import/import-source.js';
import { loadIncrementally } from '../import/incremental-load.js';
import { joinFiles } from '../import/joined-files.js';
import { openCsv } from '../import/open-csv.js';
import { openParquet } from '../import/parquet-source.js';
import { PreparedSource, readableShape } from '../import/prepared-source.js';
import { withScratchDirectory } from '../import/scratch-directory.js';
import { RelationSource, unloadedRelation, versionRelation } from '../import/relation-source.js';

/** Stands for NULL when nothing in the file does: no text of a file is this one. */
const NO_NULL_TEXT = 'e3b0c44298fc1c149afbf4c8996fb924-stands-for-no-text';

/**
 * Builds the next version of a table from rows of files or of another version, by the rules of the storage driver:
 *
 *   files ─ inflate, join ─┐
 *                          ├─► source ─ prepare: NULLs, time of change ─► the full or incremental load of `importFile`
 *   version ─ choose rows ─┘
 */
export const loadRows: JobHandler<'loadRows'> = (request, context) =>
  withScratchDirectory(context.tempDirectory, (scratch) =>
    withSource(request, scratch, context, async (source) => {
      const { database, signal } = context;
      const target = importRequestOf(request);
      const load = request.incremental ? loadIncrementally : loadFully;
      const checksum = new EarlyChecksum(request.stagingPath, signal);
      try {
        const prepared = new PreparedSource(source, request);
        const { value: loaded, blockSizeBytes } = await load(database, target, prepared, signal, checksum);
        mustNotBeCancelled(signal);
        const file = await checksum.finish();
        return {
          ...file,
          shape: request.shape,
          blockSizeBytes,
          rowCount: loaded.rowCount,
          sourceRows: loaded.sourceRows,
          insertedRows: loaded.insertedRows,
          updatedRows: loaded.updatedRows,
          unchangedRows: loaded.unchangedRows ?? 0,
          loadedColumns: loadedColumnsOf(request, source),
        } satisfies LoadResult;
      } finally {
        await checksum.close();
      }
    }),
  );

function withSource<T>(
  request: LoadRequest,
  scratch: string,
  context: JobContext,
  use: (source: ImportSource) => Promise<T>,
): Promise<T> {
  const { rows } = request;
  if (rows.kind === 'version') {
    return context.database.withVersion(rows.from.version, (alias) =>
      use(new RelationSource(versionRelation(alias, rows, request.base.sizeBytes), rows, request)),
    );
  }
  if (rows.kind === 'unloaded') return use(new RelationSource(unloadedRelation(rows), rows, request));
  return openFiles(request, rows, scratch, context).then(use);
}

async function openFiles(
  request: LoadRequest,
  rows: FileRows,
  scratch: string,
  { database, signal }: JobContext,
): Promise<ImportSource> {
  const shape = { ...readableShape(request), primaryKey: request.identifiedBy };
  // A single header line is passed over by the reader itself, which saves copying the file.
  const ignoresHeader = rows.format === 'csv' && rows.paths.length === 1 && rows.skippedLines === 1;
  const limits = {
    skippedLines: ignoresHeader || rows.format === 'parquet' ? 0 : rows.skippedLines,
    maxInflatedBytes: request.maxInflatedBytes,
  };
  if (rows.format === 'parquet' && rows.paths.length > 1) {
    throw new DomainError('invalid_format', 'Parquet is loaded from one file at a time.', { files: rows.paths.length });
  }
  const path = await joinFiles(rows.paths, scratch, limits, signal);
  mustNotBeCancelled(signal);
  const columns = rows.columns.length === 0 ? null : rows.columns;
  const given: ImportRequest = {
    ...importRequestOf(request),
    shape,
    columns,
    csv: {
      delimiter: rows.delimiter,
      quote: rows.quote,
      escape: rows.escape === '' ? rows.quote : rows.escape,
      header: ignoresHeader,
      ignoresHeader,
      nullString: rows.nullTexts[0] ?? NO_NULL_TEXT,
      encoding: 'utf-8',
    },
  };
  if (path === null) {
    const { loaded } = mapColumns(shape, null, null, columns);
    return new EmptySource(loaded.map(({ column }) => column));
  }
  return await database.withConnection<ImportSource>(signal, (connection) =>
    rows.format === 'csv' ? openCsv(path, given, scratch, connection, signal) : openParquet(path, given, connection),
  );
}

/** The same load in the terms of `importFile`, whose two ways of loading do the rest. */
function importRequestOf(request: LoadRequest): ImportRequest {
  const { stagingPath, base, shape, incremental, identifiedBy, onDuplicates, maxInflatedBytes } = request;
  return {
    stagingPath,
    base,
    shape: { ...shape, primaryKey: identifiedBy },
    source: { path: '', format: 'csv' },
    csv: {},
    columns: null,
    incremental,
    dedupMode: onDuplicates === 'fail' ? 'fail_on_duplicates' : 'update_duplicates',
    onError: 'fail',
    maxBadRows: 0,
    maxInflatedBytes,
    keepUnchangedBut: [TIMESTAMP_COLUMN],
  };
}

function loadedColumnsOf({ rows, changedAt }: LoadRequest, source: ImportSource): string[] {
  const known = new Map(source.columns.map(({ name }) => [nameKey(name), name]));
  const inOrder =
    rows.kind !== 'files'
      ? rows.columns.map(({ to }) => to)
      : rows.columns.length > 0
        ? rows.columns
        : source.columns.map(({ name }) => name);
  const names = inOrder.map((name) => known.get(nameKey(name)) ?? name);
  return changedAt === null ? names : names.filter((name) => nameKey(name) !== TIMESTAMP_COLUMN);
}
