import { Counter, Histogram, type Registry } from 'prom-client';

const IMPORT_SECONDS = [0.1, 0.5, 1, 5, 30, 60, 300, 600];
const EXPORT_SECONDS = [0.1, 0.5, 1, 5, 30, 60, 300];

/** What callers write into `format` is not always a format; the label stays one of a few. */
const FORMATS = new Set(['csv', 'parquet']);

interface Transfer {
  readonly format: string;
  readonly outcome: string;
  readonly durationMs: number;
  readonly rows: number;
  readonly bytes: number;
}

/** What imports and exports report; the same shape as they declare. */
export interface TransferObserver {
  imported(load: Transfer & { readonly mode: 'full' | 'incremental' }): void;
  exported(unload: Transfer): void;
}

export function transferObserver(registry: Registry): TransferObserver {
  const registers = [registry];
  const imports = new Counter({
    name: 'duckdb_import_operations_total',
    help: 'Imports by format, mode (full, incremental) and outcome',
    labelNames: ['format', 'mode', 'status'],
    registers,
  });
  const importSeconds = new Histogram({
    name: 'duckdb_import_duration_seconds',
    help: 'Duration of imports, waiting for the table included',
    labelNames: ['format'],
    buckets: IMPORT_SECONDS,
    registers,
  });
  const importedRows = new Counter({
    name: 'duckdb_import_rows_total',
    help: 'Rows that imports inserted or updated',
    registers,
  });
  const importedBytes = new Counter({
    name: 'duckdb_import_bytes_total',
    help: 'Bytes of the files that were imported, as they are stored',
    labelNames: ['format'],
    registers,
  });
  const exports = new Counter({
    name: 'duckdb_export_operations_total',
    help: 'Exports by format and outcome',
    labelNames: ['format', 'status'],
    registers,
  });
  const exportSeconds = new Histogram({
    name: 'duckdb_export_duration_seconds',
    help: 'Duration of exports',
    labelNames: ['format'],
    buckets: EXPORT_SECONDS,
    registers,
  });
  const exportedRows = new Counter({ name: 'duckdb_export_rows_total', help: 'Rows that exports wrote', registers });
  const exportedBytes = new Counter({
    name: 'duckdb_export_bytes_total',
    help: 'Bytes of the files that exports made',
    labelNames: ['format'],
    registers,
  });
  return {
    imported: ({ mode, outcome, durationMs, rows, bytes, ...given }) => {
      const format = formatLabel(given.format);
      imports.inc({ format, mode, status: outcome });
      importSeconds.observe({ format }, durationMs / 1000);
      importedRows.inc(rows);
      importedBytes.inc({ format }, bytes);
    },
    exported: ({ outcome, durationMs, rows, bytes, ...given }) => {
      const format = formatLabel(given.format);
      exports.inc({ format, status: outcome });
      exportSeconds.observe({ format }, durationMs / 1000);
      exportedRows.inc(rows);
      exportedBytes.inc({ format }, bytes);
    },
  };
}

function formatLabel(format: string): string {
  return FORMATS.has(format) ? format : '_other';
}
