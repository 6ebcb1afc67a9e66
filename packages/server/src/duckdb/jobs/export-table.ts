import { DomainError } from '../../errors/domain-error.js';
import type { JobHandler } from '../../workers/job-context.js';
import type { ExportRequest } from '../../workers/messages.js';
import { checksumWhileWriting } from '../growing-file-checksum.js';
import { parquetColumn } from '../parquet-types.js';
import { quoteLiteral } from '../quoting.js';
import { selectionFailure, selectionSql } from '../row-selection.js';

const COMPRESSIONS: Readonly<Record<ExportRequest['format'], readonly (string | null)[]>> = {
  csv: ['gzip', null],
  parquet: ['gzip', 'zstd', 'snappy', null],
};

/**
 * Rows to a file in one statement of the engine, its checksum taken on the way. The target is written in place, without the engine's own
 * temporary file and rename: the service publishes it.
 */
export const exportTable: JobHandler<'exportTable'> = (request, { database, signal }) => {
  const options = copyOptions(request);
  const { version, shape, targetPath, ...selection } = request;
  return database.withVersion(version, (alias) =>
    database.withConnection(signal, async (connection) => {
      const printColumn = request.format === 'parquet' ? parquetColumn : undefined;
      const select = await selectionSql(connection, alias, shape, selection, printColumn);
      const copy = `COPY (${select}) TO ${quoteLiteral(targetPath)} (${options})`;
      try {
        const { result, ...file } = await checksumWhileWriting(targetPath, () => connection.run(copy));
        return { rowCount: result.rowsChanged, ...file };
      } catch (error) {
        throw selectionFailure(error, selection);
      }
    }),
  );
};

/** Everything spelled out, because the engine otherwise guesses from the name of the file. */
function copyOptions({ format, compression, header = true }: ExportRequest): string {
  const valid = COMPRESSIONS[format];
  if (!valid.includes(compression)) {
    throw new DomainError('invalid_compression', `Invalid compression for ${format}: ${compression}`, {
      format,
      valid_compression: valid,
    });
  }
  if (format === 'parquet') return `FORMAT parquet, COMPRESSION ${compression ?? 'snappy'}, USE_TMP_FILE false`;
  return `FORMAT csv, HEADER ${header}, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', COMPRESSION ${compression ?? 'none'}, USE_TMP_FILE false`;
}
