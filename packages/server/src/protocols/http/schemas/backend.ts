import { Type, type Static } from 'typebox';
import type { HealthReport, InitReport } from '../services.js';

const StorageDirectories = Type.Object({
  data_dir: Type.Boolean(),
  duckdb_dir: Type.Boolean(),
  files_dir: Type.Boolean(),
  snapshots_dir: Type.Boolean(),
});

const Lane = Type.Object({
  ready: Type.Integer(),
  starting: Type.Integer(),
  busy: Type.Integer(),
  queued: Type.Integer(),
  replaced: Type.Integer(),
});

export const HealthSchema = Type.Object(
  {
    status: Type.String(),
    version: Type.String(),
    storage_available: Type.Boolean(),
    details: StorageDirectories,
    disk: Type.Object({
      available_bytes: Type.Integer(),
      total_bytes: Type.Integer(),
      reserve_bytes: Type.Integer(),
      writable: Type.Boolean({ description: 'False below the reserve: writes are refused, deletes still work' }),
    }),
    metadata: Type.Object({ ok: Type.Boolean(), latency_ms: Type.Number() }),
    workers: Type.Object({
      duckdb_version: Type.Union([Type.String(), Type.Null()]),
      read: Lane,
      job: Lane,
    }),
  },
  { $id: 'Health' },
);

export function renderHealth(report: HealthReport, version: string): Static<typeof HealthSchema> {
  return {
    status: 'healthy',
    version,
    storage_available: true,
    details: report.directories,
    disk: {
      available_bytes: report.disk.availableBytes,
      total_bytes: report.disk.totalBytes,
      reserve_bytes: report.disk.reserveBytes,
      writable: report.disk.writable,
    },
    metadata: { ok: report.metadata.ok, latency_ms: report.metadata.latencyMs },
    workers: { duckdb_version: report.workers.duckdbVersion, ...report.workers.lanes },
  };
}

export const BackendResultSchema = Type.Object(
  {
    success: Type.Boolean(),
    message: Type.String(),
    storage_paths: Type.Union([
      Type.Object({
        data_dir: Type.String(),
        duckdb_dir: Type.String(),
        files_dir: Type.String(),
        snapshots_dir: Type.String(),
      }),
      Type.Null(),
    ]),
  },
  { $id: 'BackendResult' },
);

export function renderInit(report: InitReport): Static<typeof BackendResultSchema> {
  const created = report.created.length === 0 ? '' : ` (created: ${report.created.join(', ')})`;
  return {
    success: true,
    message: `Backend initialized successfully${created}`,
    storage_paths: report.storagePaths,
  };
}

export const ServiceSchema = Type.Object(
  { service: Type.String(), version: Type.String(), health: Type.String(), docs: Type.String() },
  { $id: 'Service' },
);
