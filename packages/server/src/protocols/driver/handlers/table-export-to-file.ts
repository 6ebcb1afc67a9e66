import { create } from '@bufbuild/protobuf';
import { isDomainError } from '../../../errors/domain-error.js';
import { isEmptyCondition, NO_CONDITION } from '../../../model/row-condition.js';
import type { SlicedExport, SlicedExportReport } from '../../../services/sliced-exports.js';
import { defineCommand } from '../define-command.js';
import { DRIVER_CODES, DriverFailure, invalid } from '../driver-failure.js';
import {
  ImportExportShared_FileFormat as FileFormat,
  TableExportToFileCommandSchema,
  TableExportToFileResponseSchema,
} from '../gen/proto/table_pb.js';
import { addressFrom } from '../shapes/file-path.js';
import { conditionFrom, orderFrom } from '../shapes/row-filters.js';
import { tableInfo } from '../shapes/table-info.js';

export const tableExportToFile = defineCommand({
  level: 'project',
  operation: 'table.export',
  summary:
    'Writes a choice of columns and rows to slices without header, and a manifest that lists them, in the Files API.',
  request: TableExportToFileCommandSchema,
  response: TableExportToFileResponseSchema,
  run: async (call, { source, fileFormat, filePath, exportOptions }) => {
    if (source === undefined) throw invalid('The source is missing.');
    const ref = call.table(source.path, source.tableName);
    const { root, key: prefix } = addressFrom(filePath);
    if (root !== '' && ![ref.projectId, `project_${ref.projectId}`].includes(root)) {
      throw invalid(
        `Exports go to the file storage of this service, where the bucket of the project is project_${ref.projectId}.`,
        { root },
      );
    }
    if (fileFormat !== FileFormat.CSV && fileFormat !== FileFormat.PARQUET) {
      throw invalid(`Unknown file format ${String(fileFormat)}.`);
    }
    const filters = exportOptions?.filters;
    const limit = filters?.limit ?? 0;
    if (limit < 0) throw invalid(`The limit must not be negative: ${limit}.`, { limit });
    const condition = filters === undefined ? NO_CONDITION : conditionFrom(filters);
    const order = orderFrom(exportOptions?.orderBy ?? []);
    const columns = exportOptions?.columnsToExport ?? [];
    const wanted: SlicedExport = {
      selection: {
        columns: columns.length === 0 ? null : columns,
        filter: isEmptyCondition(condition) ? null : condition,
        orderBy: order.length === 0 ? null : order,
        limit: limit === 0 ? null : limit,
      },
      format: fileFormat === FileFormat.CSV ? 'csv' : 'parquet',
      compressed: exportOptions?.isCompressed ?? false,
      prefix,
    };
    await call.mustMayRead('table.export', ref.projectId, ref);
    try {
      return await call.change(
        { operation: 'table.export', projectId: ref.projectId, resourceId: `${ref.bucketName}.${ref.tableName}` },
        (change) => call.services.slicedExports.export(change, ref, wanted, call.signal),
        {
          schema: TableExportToFileResponseSchema,
          render: ({ table }: SlicedExportReport) =>
            create(TableExportToFileResponseSchema, { tableInfo: tableInfo(table, source.path) }),
        },
      );
    } catch (error) {
      // An unknown column has a number of its own in a preview, and none here.
      if (!isDomainError(error, 'unknown_column')) throw error;
      throw new DriverFailure('invalid_argument', DRIVER_CODES.validation, error.message, { context: error.details });
    }
  },
});
