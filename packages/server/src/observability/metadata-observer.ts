import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const QUERY_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5];

/** What the metadata store reports; the same shape as it declares. */
export interface MetadataObserver {
  started(operation: string): () => void;
}

export function metadataObserver(registry: Registry): MetadataObserver {
  const registers = [registry];
  const total = new Counter({
    name: 'duckdb_metadata_queries_total',
    help: 'Calls of the metadata store; `transaction` is a whole one, with its sync',
    labelNames: ['operation'],
    registers,
  });
  const seconds = new Histogram({
    name: 'duckdb_metadata_query_duration_seconds',
    help: 'Duration of calls of the metadata store',
    labelNames: ['operation'],
    buckets: QUERY_SECONDS,
    registers,
  });
  const active = new Gauge({
    name: 'duckdb_metadata_connections_active',
    help: 'Calls of the metadata store under way, transactions that wait for their turn included',
    registers,
  });
  // Every request makes some of these calls; looking a label up each time would cost more than counting.
  const byOperation = new Map<string, () => () => void>();
  const timerOf = (operation: string): (() => () => void) => {
    const count = total.labels({ operation });
    const duration = seconds.labels({ operation });
    return () => {
      const startedAt = performance.now();
      active.inc();
      return () => {
        active.dec();
        count.inc();
        duration.observe((performance.now() - startedAt) / 1000);
      };
    };
  };
  return {
    started: (operation) => {
      let timer = byOperation.get(operation);
      if (timer === undefined) byOperation.set(operation, (timer = timerOf(operation)));
      return timer();
    },
  };
}
