import type { DuckDBConnection } from '@duckdb/node-api';

/** An interrupt is lost while its statement still waits for a thread, so it is repeated until nobody waits for the statement any more. */
const INTERRUPT_INTERVAL_MS = 20;

/** Interrupts what runs on `connection` when `signal` aborts, until the returned function is called. */
export function interruptOnAbort(connection: DuckDBConnection, signal: AbortSignal): () => void {
  let repeat: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    connection.interrupt();
    repeat = setInterval(() => connection.interrupt(), INTERRUPT_INTERVAL_MS);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    signal.removeEventListener('abort', onAbort);
    clearInterval(repeat);
  };
}
