import { Counter, Histogram, type Registry } from 'prom-client';

const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

/** What the storage driver reports, whichever door a command came through; the same shape as it declares. */
export interface DriverObserver {
  /** `command` is the name of a known command, or `unknown`. `status` is `ok` or the kind of the failure. */
  finished(command: string, status: string, durationMs: number): void;
}

export function driverObserver(registry: Registry): DriverObserver {
  const registers = [registry];
  const requests = new Counter({
    name: 'duckdb_grpc_requests_total',
    help: 'Storage driver commands, over gRPC and over HTTP, by what became of them',
    labelNames: ['command', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'duckdb_grpc_request_duration_seconds',
    help: 'Duration of storage driver commands',
    labelNames: ['command'],
    buckets: SECONDS,
    registers,
  });
  const errors = new Counter({
    name: 'duckdb_grpc_errors_total',
    help: 'Storage driver commands that failed, by kind',
    labelNames: ['command', 'error_type'],
    registers,
  });
  return {
    finished(command, status, durationMs) {
      requests.inc({ command, status });
      seconds.observe({ command }, durationMs / 1000);
      if (status !== 'ok') errors.inc({ command, error_type: status });
    },
  };
}
