import { BOOLEAN, DuckDBScalarFunction, INTEGER, type DuckDBConnection } from '@duckdb/node-api';

/** The sessions of a workspace by the number that PostgreSQL calls their process id. Both answer whether there was one. */
export interface SessionSignals {
  /** Interrupts what it runs now, as a CancelRequest does. */
  cancel(backendPid: number): boolean;
  terminate(backendPid: number): boolean;
}

/**
 * `pg_cancel_backend(pid)` and `pg_terminate_backend(pid)`, called for each row of whatever a statement reads the numbers from. A worker knows the
 * sessions of its own workspace only, so nobody else's can be meant. Volatile: planning a statement must not end anything.
 */
export function registerSessionSignals(connection: DuckDBConnection, signals: SessionSignals): void {
  register(connection, 'pg_cancel_backend', (pid) => signals.cancel(pid));
  register(connection, 'pg_terminate_backend', (pid) => signals.terminate(pid));
}

function register(connection: DuckDBConnection, name: string, signal: (backendPid: number) => boolean): void {
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name,
      parameterTypes: [INTEGER],
      returnType: BOOLEAN,
      volatile: true,
      // NULL is asked for, too; its answer is NULL.
      specialHandling: true,
      mainFunction: (_info, input, output) => {
        const pids = input.getColumnVector(0);
        for (let row = 0; row < input.rowCount; row += 1) {
          const pid = pids.getItem(row);
          output.setItem(row, typeof pid === 'number' ? signal(pid) : null);
        }
        output.flush();
      },
    }),
  );
}
