import { DomainError } from '../../../errors/domain-error.js';
import type { ErrorCode } from '../../../errors/catalogue.js';
import { nameKey } from '../../../model/columns.js';
import { NO_CONDITION } from '../../../model/row-condition.js';
import type { Change } from '../../../services/change.js';
import type { LoadReport } from '../../../services/workspace-load.js';
import { defineCommand } from '../define-command.js';
import { DRIVER_CODES, DriverFailure, invalid } from '../driver-failure.js';
import {
  ImportExportShared_ImportOptions_CreateMode as CreateMode,
  ImportExportShared_ImportOptions_ImportStrategy as ImportStrategy,
  ImportExportShared_ImportOptions_ImportType as ImportType,
  TableImportResponseSchema,
} from '../gen/proto/table_pb.js';
import { LoadTableToWorkspaceCommandSchema } from '../gen/proto/workspace_pb.js';
import { importResponse, loadOptionsFrom } from '../shapes/import-options.js';
import { comparisonsFrom } from '../shapes/row-filters.js';

export const loadTableToWorkspace = defineCommand({
  level: 'project',
  operation: 'workspace.load',
  onceInRun: ({ importOptions }) => importOptions?.importType === ImportType.INCREMENTAL,
  summary: 'Copies a table of the project, or a choice of its columns and rows, into a workspace.',
  request: LoadTableToWorkspaceCommandSchema,
  response: TableImportResponseSchema,
  run: async (call, { source, destination, importOptions }) => {
    if (source === undefined) throw invalid('The source is missing.');
    if (destination === undefined || destination.tableName === '') throw invalid('The destination is missing.');
    if (importOptions === undefined) throw invalid('The import options are missing.');
    if (importOptions.importType === ImportType.VIEW) {
      throw invalid(
        'A workspace reads the tables of the project as they are, so that it needs no view; load a copy, or nothing.',
      );
    }
    const startedAt = performance.now();
    const from = call.table(source.path, source.tableName);
    const workspace = call.workspace(destination.path.at(-1) ?? '');
    await call.mustMayRead('table.preview', from.projectId, from);
    const { workspaces, tables } = call.services;
    const table = await tables.get(from);
    const madeObject = async () => {
      const { objects } = await workspaces.get(workspace, call.signal);
      return objects.find(({ schema, name }) => schema === 'main' && nameKey(name) === nameKey(destination.tableName));
    };
    const isClone = importOptions.importType === ImportType.CLONE;
    if (isClone && importOptions.createMode === CreateMode.CREATE) {
      if ((await madeObject()) !== undefined) {
        const message = `Object "${destination.tableName}" already exists.`;
        throw new DriverFailure('already_exists', DRIVER_CODES.alreadyExists, message);
      }
    }
    const options = loadOptionsFrom(importOptions);
    const mappings = isClone ? [] : source.columnMappings;
    const columns =
      mappings.length > 0
        ? mappings.map((one) => ({ from: one.sourceColumnName, to: one.destinationColumnName }))
        : table.current.columns.map(({ name }) => ({ from: name, to: name }));
    const comparisons = isClone ? [] : comparisonsFrom(source.whereFilters);
    const input = {
      source: `${from.bucketName}.${from.tableName}`,
      destination: destination.tableName,
      columns: columns.map((column) => column.from),
      where: comparisons.length === 0 ? null : { ...NO_CONDITION, comparisons },
      form: {
        names: columns.map((column) => column.to),
        ...(!isClone && source.limit > 0n ? { limit: Number(source.limit) } : {}),
        ...(!isClone && options.textual && importOptions.importStrategy === ImportStrategy.STRING_TABLE
          ? { textual: true }
          : {}),
        ...(options.incremental ? { appendBy: options.identifiedBy } : {}),
      },
    };
    const response = await call.change(
      {
        operation: 'workspace.load',
        projectId: workspace.projectId,
        resourceId: `${workspace.workspaceId}/${destination.tableName}`,
      },
      (change: Change<LoadReport>) => workspaces.load(change, workspace, [input]),
      {
        schema: TableImportResponseSchema,
        render: ({ loaded: [outcome] }) => {
          if (outcome === undefined) throw new Error('a load of one table has one outcome');
          if (outcome.error !== null) throw new DomainError(outcome.error.code as ErrorCode, outcome.error.message);
          return importResponse({
            importedRows: isClone ? 0 : outcome.rows,
            tableRowsAfter: outcome.rows,
            tableSizeBytes: 0,
            importedColumns: isClone ? [] : columns.map(({ to }) => to),
            durationMs: performance.now() - startedAt,
          });
        },
      },
      {
        workOn: () => Promise.resolve(table.current.id),
        // Sessions change the tables of a workspace without telling anybody: at least that many rows must still be there.
        stands: async ({ importedRowsCount }) => ((await madeObject())?.rows ?? -1) >= Number(importedRowsCount),
      },
    );
    const rows = (await madeObject())?.rows;
    return rows === undefined || rows === null ? response : { ...response, tableRowsCount: BigInt(rows) };
  },
});
