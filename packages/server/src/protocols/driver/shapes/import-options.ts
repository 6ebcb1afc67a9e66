import { create } from '@bufbuild/protobuf';
import { TIMESTAMP_COLUMN } from '../../../model/row-condition.js';
import type { LoadOptions, LoadReport } from '../../../services/table-loads.js';
import { invalid } from '../driver-failure.js';
import {
  ImportExportShared_ImportOptions_DedupType as DedupType,
  ImportExportShared_ImportOptions_ImportStrategy as ImportStrategy,
  ImportExportShared_ImportOptions_ImportType as ImportType,
  ImportExportShared_ImportOptions_TimestampMode as TimestampMode,
  TableImportResponse_TimerSchema,
  TableImportResponseSchema,
  type ImportExportShared_ImportOptions as ImportOptions,
  type TableImportResponse,
} from '../gen/proto/table_pb.js';

/** What is left out is its default: full, deduplicated by the key, as text, with the time of change as far as a column for it is named. */
export function loadOptionsFrom(options: ImportOptions): LoadOptions {
  const { importType, dedupType, dedupColumnsNames, importStrategy, convertEmptyValuesToNullOnColumns } = options;
  return {
    incremental: importType === ImportType.INCREMENTAL,
    identifiedBy: dedupType === DedupType.INSERT_DUPLICATES ? [] : dedupColumnsNames,
    onDuplicates: dedupType === DedupType.FAIL_ON_DUPLICATES ? 'fail' : 'replace',
    textual: importStrategy === ImportStrategy.STRING_TABLE,
    emptyAsNull: convertEmptyValuesToNullOnColumns,
    timeOfChange: timeOfChangeFrom(options),
  };
}

function timeOfChangeFrom({ timestampMode, timestampColumn }: ImportOptions): LoadOptions['timeOfChange'] {
  switch (timestampMode) {
    case TimestampMode.CURRENT_TIME:
      // Only a column of this name is looked after; any other is the business of who loads.
      return timestampColumn === TIMESTAMP_COLUMN ? 'now' : 'none';
    case TimestampMode.NONE:
      return 'none';
    case TimestampMode.FROM_SOURCE:
      return 'source';
    default:
      throw invalid(`Unknown timestamp mode ${String(timestampMode)}.`);
  }
}

export function importResponse(report: LoadReport): TableImportResponse {
  return create(TableImportResponseSchema, {
    importedRowsCount: BigInt(report.importedRows),
    tableRowsCount: BigInt(report.tableRowsAfter),
    tableSizeBytes: BigInt(report.tableSizeBytes),
    timers: [
      create(TableImportResponse_TimerSchema, { name: 'load', duration: (report.durationMs / 1000).toFixed(3) }),
    ],
    importedColumns: [...report.importedColumns],
  });
}
