import { create } from '@bufbuild/protobuf';
import { isDomainError } from '../../../errors/domain-error.js';
import type { TableRecord } from '../../../metadata/records.js';
import type { TableRef, WorkspaceRef } from '../../../model/refs.js';
import type { Change } from '../../../services/change.js';
import type { LoadReport, TableLoad } from '../../../services/table-loads.js';
import type { UnloadedObject } from '../../../services/workspace-output.js';
import { defineCommand } from '../define-command.js';
import type { ChangeSubject, DriverCall } from '../driver-call.js';
import { invalid } from '../driver-failure.js';
import {
  ImportExportShared_ImportOptions_CreateMode as CreateMode,
  ImportExportShared_ImportOptions_ImportType as ImportType,
  TableImportFromTableCommandSchema,
  TableImportResponseSchema,
  type TableImportResponse,
} from '../gen/proto/table_pb.js';
import { isWorkspaceName } from '../object-names.js';
import { importResponse, loadOptionsFrom } from '../shapes/import-options.js';
import { comparisonsFrom } from '../shapes/row-filters.js';
import { NO_CONDITION } from '../../../model/row-condition.js';

interface OutputImport {
  readonly load: TableLoad;
  readonly subject: ChangeSubject;
  readonly answer: {
    readonly schema: typeof TableImportResponseSchema;
    readonly render: (report: LoadReport) => TableImportResponse;
  };
}

export const tableImportFromTable = defineCommand({
  level: 'project',
  operation: 'table.import',
  summary: 'Loads the rows of another table of the project, or clones that table without copying anything.',
  onceInRun: ({ importOptions }) => importOptions?.importType === ImportType.INCREMENTAL,
  request: TableImportFromTableCommandSchema,
  response: TableImportResponseSchema,
  run: async (call, { source, destination, importOptions }) => {
    if (source === undefined) throw invalid('The source is missing.');
    if (destination === undefined) throw invalid('The destination is missing.');
    if (importOptions === undefined) throw invalid('The import options are missing.');
    const container = source.path.at(-1) ?? '';
    const from = call.table(source.path, source.tableName);
    const to = call.table(destination.path, destination.tableName);
    if (isWorkspaceName(container)) await call.mustMayRead('workspace.get', from.projectId);
    else await call.mustMayRead('table.preview', from.projectId, from);
    const subject = {
      operation: 'table.import',
      projectId: to.projectId,
      resourceId: `${to.bucketName}.${to.tableName}`,
    } as const;
    switch (importOptions.importType) {
      case ImportType.CLONE:
        if (isWorkspaceName(container)) throw invalid('A table of a workspace is imported in full or incrementally.');
        return await clone(call, from, to, importOptions.createMode === CreateMode.REPLACE);
      case ImportType.VIEW:
        throw invalid('Buckets of this backend hold tables only; import with CLONE, which copies nothing either.');
      case ImportType.FULL:
      case ImportType.INCREMENTAL: {
        const since = source.seconds > 0n ? Math.floor(Date.now() / 1000) - Number(source.seconds) : null;
        const comparisons = comparisonsFrom(source.whereFilters);
        const load: TableLoad = {
          ...loadOptionsFrom(importOptions),
          source: from,
          columns: source.columnMappings.map((one) => ({ from: one.sourceColumnName, to: one.destinationColumnName })),
          filter:
            comparisons.length === 0 && since === null ? null : { ...NO_CONDITION, comparisons, changedSince: since },
          limit: source.limit > 0n ? Number(source.limit) : null,
        };
        const answer = { schema: TableImportResponseSchema, render: importResponse };
        if (isWorkspaceName(container)) {
          const place = { ...call.workspace(container), objectName: source.tableName };
          return await importOutput(call, place, to, { load, subject, answer });
        }
        const { loads, tables } = call.services;
        return await call.change(subject, (change: Change<LoadReport>) => loads.loadTable(change, to, load), answer, {
          workOn: async () => `${(await tables.get(from)).current.id} ${(await tables.get(to)).id}`,
        });
      }
      default:
        throw invalid(`Unknown import type ${String(importOptions.importType)}.`);
    }
  },
});

/** Sessions change the tables of a workspace at any time, so that its rows say whether a repeated command means the same work. */
async function importOutput(
  call: DriverCall,
  from: WorkspaceRef & { readonly objectName: string },
  to: TableRef,
  { load, subject, answer }: OutputImport,
): Promise<TableImportResponse> {
  const { tables, workspaceOutput } = call.services;
  let unloaded: UnloadedObject | undefined;
  const unload = async (fingerprinted: boolean): Promise<UnloadedObject> =>
    (unloaded ??= await workspaceOutput.unload(from, to, { fingerprinted }));
  try {
    return await call.change(
      subject,
      async (change: Change<LoadReport>) => await workspaceOutput.load(change, await unload(false), to, load),
      answer,
      { workOn: async () => `${(await unload(true)).fingerprint} ${(await tables.get(to)).id}` },
    );
  } finally {
    await unloaded?.[Symbol.asyncDispose]();
  }
}

/** Of a table that cannot be cloned, because another project has it, the rows are copied. */
async function clone(call: DriverCall, from: TableRef, to: TableRef, replace: boolean): Promise<TableImportResponse> {
  const subject = {
    operation: 'table.create',
    projectId: to.projectId,
    resourceId: `${to.bucketName}.${to.tableName}`,
  } as const;
  const render = ({ current }: TableRecord): TableImportResponse =>
    create(TableImportResponseSchema, {
      tableRowsCount: BigInt(current.rowCount),
      tableSizeBytes: BigInt(current.sizeBytes),
    });
  try {
    return await call.change(
      subject,
      (change) => call.services.copies.copy(change, from, to, { replace, keepsKey: true }),
      { schema: TableImportResponseSchema, render },
    );
  } catch (error) {
    if (!isDomainError(error, 'bucket_is_linked') || error.details['bucket_name'] !== from.bucketName) throw error;
  }
  return await copyRows(call, from, to, replace);
}

async function copyRows(
  call: DriverCall,
  from: TableRef,
  to: TableRef,
  replace: boolean,
): Promise<TableImportResponse> {
  const { services } = call;
  const { current } = await services.tables.get(from);
  const resourceId = `${to.bucketName}.${to.tableName}`;
  const input = {
    name: to.tableName,
    description: null,
    columnDescriptions: {},
    columns: current.columns,
    primaryKey: current.primaryKey,
  };
  if (replace) {
    try {
      await call.step<void>({ operation: 'table.delete', projectId: to.projectId, resourceId }, (change) =>
        services.tables.delete(change, to),
      );
    } catch (error) {
      if (!isDomainError(error, 'table_not_found')) throw error;
    }
  }
  await call.step({ operation: 'table.create', projectId: to.projectId, resourceId }, (change) =>
    services.tables.create(change, to, input),
  );
  const load: TableLoad = {
    source: from,
    columns: current.columns.map(({ name }) => ({ from: name, to: name })),
    filter: null,
    limit: null,
    incremental: false,
    identifiedBy: [],
    onDuplicates: 'replace',
    textual: false,
    emptyAsNull: [],
    timeOfChange: 'none',
  };
  const report = await call.step<LoadReport>(
    { operation: 'table.import', projectId: to.projectId, resourceId },
    (change) => services.loads.loadTable(change, to, load),
  );
  return { ...importResponse(report), importedColumns: [] };
}
