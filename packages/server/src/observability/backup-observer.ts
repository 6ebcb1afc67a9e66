import { Counter, Gauge, type Registry } from 'prom-client';

/** What backups report; the same shape as the service declares. */
export interface BackupObserver {
  started(): void;
  progressed(progress: { doneFiles: number; doneBytes: number; totalFiles: number; totalBytes: number }): void;
  /** `createdAt`: the moment of a backup that was made. */
  ended(createdAt: Date | undefined): void;
}

export function backupObserver(registry: Registry): BackupObserver {
  const registers = [registry];
  const running = new Gauge({ name: 'duckdb_backup_running', help: 'A backup is being made', registers });
  const files = new Gauge({
    name: 'duckdb_backup_files',
    help: 'Files of the backup that is being made, or of the last one: done and total',
    labelNames: ['kind'],
    registers,
  });
  const bytes = new Gauge({
    name: 'duckdb_backup_bytes',
    help: 'Bytes of the backup that is being made, or of the last one: done and total',
    labelNames: ['kind'],
    registers,
  });
  const lastSuccess = new Gauge({
    name: 'duckdb_backup_last_success_timestamp_seconds',
    help: 'Moment of the last backup that this process made, seconds since 1970; 0 before the first',
    registers,
  });
  const total = new Counter({
    name: 'duckdb_backups_total',
    help: 'Backups that were begun, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  return {
    started: () => running.set(1),
    progressed: ({ doneFiles, doneBytes, totalFiles, totalBytes }) => {
      files.set({ kind: 'done' }, doneFiles);
      files.set({ kind: 'total' }, totalFiles);
      bytes.set({ kind: 'done' }, doneBytes);
      bytes.set({ kind: 'total' }, totalBytes);
    },
    ended: (createdAt) => {
      running.set(0);
      total.inc({ outcome: createdAt === undefined ? 'failed' : 'success' });
      if (createdAt !== undefined) lastSuccess.set(createdAt.getTime() / 1000);
    },
  };
}
