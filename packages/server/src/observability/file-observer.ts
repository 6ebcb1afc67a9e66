import { Counter, Histogram, type Registry } from 'prom-client';

const UPLOAD_SECONDS = [0.1, 0.5, 1, 5, 30, 60];

/** What the files service reports; the same shape as it declares. */
export interface FileObserver {
  uploaded(outcome: string, durationMs: number, bytes: number): void;
  downloaded(outcome: string, bytes: number): void;
}

export function fileObserver(registry: Registry): FileObserver {
  const registers = [registry];
  const uploads = new Counter({
    name: 'duckdb_files_uploads_total',
    help: 'Uploads by outcome',
    labelNames: ['status'],
    registers,
  });
  const uploadSeconds = new Histogram({
    name: 'duckdb_files_upload_duration_seconds',
    help: 'Duration of uploads',
    buckets: UPLOAD_SECONDS,
    registers,
  });
  const uploadedBytes = new Counter({
    name: 'duckdb_files_upload_bytes_total',
    help: 'Bytes of complete uploads',
    registers,
  });
  const downloads = new Counter({
    name: 'duckdb_files_downloads_total',
    help: 'Downloads of files, or of ranges of them, by outcome; cancelled: the client left earlier',
    labelNames: ['status'],
    registers,
  });
  const downloadedBytes = new Counter({
    name: 'duckdb_files_download_bytes_total',
    help: 'Bytes of files that were sent',
    registers,
  });
  return {
    uploaded: (status, durationMs, bytes) => {
      uploads.inc({ status });
      uploadSeconds.observe(durationMs / 1000);
      uploadedBytes.inc(bytes);
    },
    downloaded: (status, bytes) => {
      downloads.inc({ status });
      downloadedBytes.inc(bytes);
    },
  };
}
