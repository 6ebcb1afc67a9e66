import { Type, type Static } from 'typebox';
import type { CsvOptions } from '../../../workers/messages.js';
import type { ExportInput, ExportReport, ImportInput, ImportReport } from '../services.js';
import { Nullable, OneOf, Shared } from './nullable.js';
import { versionChoiceMembers } from './version-choice.js';

const CsvOptionsSchema = Type.Object(
  {
    delimiter: Type.Optional(Nullable(Type.String())),
    quote: Type.Optional(Nullable(Type.String())),
    escape: Type.Optional(Nullable(Type.String())),
    header: Type.Optional(Nullable(Type.Boolean({ description: 'The first line holds names; true unless given' }))),
    null_string: Type.Optional(Nullable(Type.String({ description: 'Text that means null; empty unless given' }))),
    encoding: Type.Optional(Nullable(OneOf(['utf-8', 'utf-16', 'latin-1']))),
  },
  { $id: 'CsvOptions', description: 'What is not given is detected from the file' },
);

const ImportOptionsSchema = Type.Object(
  {
    incremental: Type.Optional(Type.Boolean({ description: 'False, the default, replaces all rows' })),
    dedup_mode: Type.Optional(
      OneOf(['update_duplicates', 'insert_duplicates', 'fail_on_duplicates'], {
        description: 'What to do when a key is there already; `update_duplicates` unless given',
      }),
    ),
    columns: Type.Optional(Nullable(Type.Array(Type.String(), { description: 'Load only these table columns' }))),
    on_error: Type.Optional(OneOf(['fail', 'skip'], { description: 'What to do with a bad row; `fail` unless given' })),
    max_bad_rows: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'With `skip`: more rejected rows than this fail the import; any number unless given',
      }),
    ),
  },
  { $id: 'ImportOptions' },
);

export const ImportBody = Type.Object(
  {
    file_id: Type.String(),
    format: Type.Optional(Type.String({ description: '`csv` (default) or `parquet`' })),
    csv_options: Type.Optional(Nullable(Shared(CsvOptionsSchema))),
    import_options: Type.Optional(Nullable(Shared(ImportOptionsSchema))),
  },
  { $id: 'ImportFile' },
);

export const ImportResultSchema = Type.Object(
  {
    imported_rows: Type.Integer({ description: 'Rows the table gained: all after a full load, else the new ones' }),
    inserted_rows: Type.Integer(),
    updated_rows: Type.Integer(),
    deleted_rows: Type.Integer(),
    rejected_count: Type.Integer(),
    rejected_rows: Type.Array(
      Type.Object({
        line: Type.Integer(),
        column: Nullable(Type.String()),
        value: Nullable(Type.String()),
        reason: Type.String(),
      }),
      { description: 'The first of them' },
    ),
    table_rows_after: Type.Integer(),
    table_size_bytes: Type.Integer(),
    warnings: Type.Array(Type.String()),
    duration_ms: Type.Integer(),
  },
  { $id: 'ImportResult' },
);

export const ExportBody = Type.Object(
  {
    format: Type.Optional(Type.String({ description: '`csv` (default) or `parquet`' })),
    compression: Type.Optional(
      Nullable(Type.String({ description: 'csv: `gzip`; parquet: `gzip`, `zstd`, `snappy`' })),
    ),
    columns: Type.Optional(Nullable(Type.Array(Type.String(), { description: 'In this order; all unless given' }))),
    where_filter: Type.Optional(Nullable(Type.String({ description: 'A condition, without the word WHERE' }))),
    order_by: Type.Optional(Nullable(Type.String({ description: '`column [asc|desc]`, separated by commas' }))),
    limit: Type.Optional(Nullable(Type.Integer({ minimum: 0, description: '0 and null mean no limit' }))),
    version: Type.Optional(Nullable(versionChoiceMembers.version)),
    as_of: Type.Optional(Nullable(versionChoiceMembers.as_of)),
  },
  { $id: 'ExportTable' },
);

export const ExportResultSchema = Type.Object(
  {
    file_id: Type.String(),
    file_path: Type.String(),
    rows_exported: Type.Integer(),
    file_size_bytes: Type.Integer(),
  },
  { $id: 'ExportResult' },
);

export const transferSchemas = [
  CsvOptionsSchema,
  ImportOptionsSchema,
  ImportBody,
  ImportResultSchema,
  ExportBody,
  ExportResultSchema,
];

export function importInput(body: Static<typeof ImportBody>): ImportInput {
  const options = body.import_options ?? {};
  return {
    fileId: body.file_id,
    format: body.format ?? 'csv',
    csv: body.csv_options ? csvOptions(body.csv_options) : null,
    incremental: options.incremental ?? false,
    dedupMode: options.dedup_mode ?? 'update_duplicates',
    columns: options.columns ?? null,
    onError: options.on_error ?? 'fail',
    maxBadRows: options.max_bad_rows ?? (options.on_error === 'skip' ? Number.MAX_SAFE_INTEGER : 0),
  };
}

/** Null counts as not given. */
function csvOptions(given: Static<typeof CsvOptionsSchema>): CsvOptions {
  return {
    ...(given.delimiter == null ? {} : { delimiter: given.delimiter }),
    ...(given.quote == null ? {} : { quote: given.quote }),
    ...(given.escape == null ? {} : { escape: given.escape }),
    ...(given.header == null ? {} : { header: given.header }),
    ...(given.null_string == null ? {} : { nullString: given.null_string }),
    ...(given.encoding == null ? {} : { encoding: given.encoding }),
  };
}

export function renderImport(report: ImportReport): Static<typeof ImportResultSchema> {
  return {
    imported_rows: report.importedRows,
    inserted_rows: report.insertedRows,
    updated_rows: report.updatedRows,
    deleted_rows: report.deletedRows,
    rejected_count: report.rejectedCount,
    rejected_rows: report.rejected.map(({ line, column, value, reason }) => ({ line, column, value, reason })),
    table_rows_after: report.tableRowsAfter,
    table_size_bytes: report.tableSizeBytes,
    warnings: [...report.warnings],
    duration_ms: Math.round(report.durationMs),
  };
}

export function exportInput(body: Static<typeof ExportBody>): ExportInput {
  return {
    format: body.format ?? 'csv',
    compression: body.compression ?? null,
    columns: body.columns ?? null,
    filter: body.where_filter ?? null,
    orderBy: body.order_by ?? null,
    limit: body.limit == null || body.limit === 0 ? null : body.limit,
  };
}

export function renderExport(report: ExportReport): Static<typeof ExportResultSchema> {
  return {
    file_id: report.file.id,
    file_path: report.file.path,
    rows_exported: report.rowsExported,
    file_size_bytes: report.file.sizeBytes,
  };
}
