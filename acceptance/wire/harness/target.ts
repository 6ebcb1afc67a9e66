/** A server under comparison: a real PostgreSQL 15, or a workspace of ours. */
export interface Target {
  readonly name: string;
  /** A new database that holds the fixture, and the environment in which libpq and the scripts find it. */
  newDatabase(label: string): Promise<Connection>;
  stop(): Promise<void>;
}

/** Environment variables of libpq, and the two certificates that the scripts verify against. */
export interface Connection {
  readonly PGHOST: string;
  readonly PGPORT: string;
  readonly PGDATABASE: string;
  readonly PGUSER: string;
  readonly PGPASSWORD: string;
  /** A file with the certificate of the server. */
  readonly WIRE_ROOT_CERT: string;
  /** A certificate that is not the server's. */
  readonly WIRE_OTHER_CERT: string;
}
