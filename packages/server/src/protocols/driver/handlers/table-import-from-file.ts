import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { FileRecord } from '../../../metadata/records.js';
import type { Change } from '../../../services/change.js';
import type { FetchedFiles } from '../../../services/remote-loads.js';
import type { FileLoad, LoadReport } from '../../../services/table-loads.js';
import { defineCommand } from '../define-command.js';
import type { DriverCall } from '../driver-call.js';
import { DRIVER_CODES, DriverFailure, invalid } from '../driver-failure.js';
import {
  ImportExportShared_FileFormat as FileFormat,
  ImportExportShared_ImportOptions_ImportType as ImportType,
  TableImportFromFileCommand_CsvTypeOptions_SourceType as SourceType,
  TableImportFromFileCommand_CsvTypeOptionsSchema,
  TableImportFromFileCommandSchema,
  TableImportResponseSchema,
  type TableImportFromFileCommand,
  type TableImportFromFileCommand_CsvTypeOptions as CsvTypeOptions,
} from '../gen/proto/table_pb.js';
import { addressFrom, remoteAddressFrom } from '../shapes/file-path.js';
import { importResponse, loadOptionsFrom } from '../shapes/import-options.js';

export const tableImportFromFile = defineCommand({
  level: 'project',
  operation: 'table.import',
  summary: 'Loads a CSV file, its slices by a manifest, or a Parquet file, in full or incrementally.',
  onceInRun: ({ importOptions }) => importOptions?.importType === ImportType.INCREMENTAL,
  request: TableImportFromFileCommandSchema,
  response: TableImportResponseSchema,
  run: async (call, command) => {
    const { destination, importOptions } = command;
    if (destination === undefined) throw invalid('The destination is missing.');
    if (importOptions === undefined) throw invalid('The import options are missing.');
    if (importOptions.importType !== ImportType.FULL && importOptions.importType !== ImportType.INCREMENTAL) {
      throw invalid('A file is imported in full or incrementally; VIEW and CLONE are for tables.');
    }
    const ref = call.table(destination.path, destination.tableName);
    const csv = csvOptionsOf(command);
    const format = formatOf(command, csv);
    const sourceType = csv?.sourceType ?? SourceType.SINGLE_FILE;
    if (sourceType !== SourceType.SINGLE_FILE && sourceType !== SourceType.SLICED_FILE) {
      throw invalidFile('A directory cannot be imported; list its files in a manifest.');
    }
    const isManifest = sourceType === SourceType.SLICED_FILE;
    const address = remoteAddressFrom(command.filePath);
    const load: Omit<FileLoad, 'files'> = {
      ...loadOptionsFrom(importOptions),
      format: { ...format, skippedLines: importOptions.numberOfIgnoredLines, nullTexts: importOptions.importAsNull },
    };
    const { loads, remoteLoads, tables } = call.services;
    const subject = {
      operation: 'table.import',
      projectId: ref.projectId,
      resourceId: `${ref.bucketName}.${ref.tableName}`,
    } as const;
    const answer = { schema: TableImportResponseSchema, render: importResponse };
    const tableId = async () => (await tables.get(ref)).id;
    if (address === undefined) {
      await call.mustMayRead('file.get', ref.projectId);
      const files = await filesOf(call, command, isManifest, ref.projectId);
      const work = (change: Change<LoadReport>) => loads.loadFiles(change, ref, { ...load, files });
      // A name and a manifest may stand for other files by now.
      const workOn = async () => `${files.map(({ id }) => id).join(' ')} ${await tableId()}`;
      return await call.change(subject, work, answer, { workOn });
    }
    let fetched: FetchedFiles | undefined;
    const fetch = async () => (fetched ??= await remoteLoads.fetch(ref, address, { isManifest }));
    try {
      const work = async (change: Change<LoadReport>) => await remoteLoads.load(change, ref, await fetch(), load);
      const workOn = async () => `${(await fetch()).checksum} ${await tableId()}`;
      return await call.change(subject, work, answer, { workOn });
    } finally {
      await fetched?.[Symbol.asyncDispose]();
    }
  },
});

function csvOptionsOf({ fileFormat, formatTypeOptions }: TableImportFromFileCommand): CsvTypeOptions | undefined {
  if (formatTypeOptions === undefined || formatTypeOptions.typeUrl === '') return undefined;
  const csv = anyUnpack(formatTypeOptions, TableImportFromFileCommand_CsvTypeOptionsSchema);
  if (csv === undefined && fileFormat === FileFormat.CSV)
    throw invalid('The options of the format must be CsvTypeOptions.');
  return csv;
}

function formatOf({ fileFormat }: TableImportFromFileCommand, csv: CsvTypeOptions | undefined) {
  const columns = csv?.columnsNames ?? [];
  if (fileFormat === FileFormat.PARQUET) {
    return { format: 'parquet', columns, delimiter: ',', quote: '"', escape: '' } as const;
  }
  if (fileFormat !== FileFormat.CSV) throw invalid(`Unknown file format ${String(fileFormat)}.`);
  if (csv === undefined) throw invalid('The options of the CSV format are missing.');
  if (columns.length === 0)
    throw new DriverFailure('invalid_argument', DRIVER_CODES.noColumns, 'No columns found in CSV file.');
  if ([...csv.delimiter].length !== 1)
    throw invalidFile(`The delimiter must be one character, not "${csv.delimiter}".`);
  if (csv.enclosure.length > 1)
    throw invalidFile(`The enclosure must be one character or empty, not "${csv.enclosure}".`);
  if (csv.escapedBy !== '' && csv.enclosure === '') {
    throw invalidFile(
      'An escape character without an enclosure is not supported; enclose the values, or leave both empty.',
    );
  }
  if (csv.escapedBy.length > 1)
    throw invalidFile(`The escape character must be one character or empty, not "${csv.escapedBy}".`);
  return { format: 'csv', columns, delimiter: csv.delimiter, quote: csv.enclosure, escape: csv.escapedBy } as const;
}

async function filesOf(
  call: DriverCall,
  { filePath }: TableImportFromFileCommand,
  isManifest: boolean,
  projectId: string,
): Promise<readonly FileRecord[]> {
  const address = addressFrom(filePath);
  const { storedFiles } = call.services;
  return isManifest ? await storedFiles.slicesOf(projectId, address) : [await storedFiles.require(projectId, address)];
}

function invalidFile(message: string): DriverFailure {
  return new DriverFailure('invalid_argument', DRIVER_CODES.invalidFileParameters, message);
}
