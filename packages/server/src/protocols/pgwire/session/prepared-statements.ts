import { SqlError } from '../../../errors/sql-error.js';
import type { SessionPreparedStatement } from '../../../duckdb/workspace/catalog/session-variables.js';
import type { Executable } from './executable.js';

/** Statements by name: of Parse and of PREPARE, which share their names. The empty name is replaced by each Parse. */
export class PreparedStatements {
  readonly #byName = new Map<string, Executable & { readonly preparedAt: Date; readonly source: string | undefined }>();

  /** As `pg_prepared_statements` shows them. */
  facts(): SessionPreparedStatement[] {
    return [...this.#byName]
      .filter(([name]) => name !== '')
      .map(([name, { statement, preparedAt, source }]) => ({
        name,
        statement: source ?? statement.sql,
        prepare_time: preparedAt.toISOString(),
        from_sql: source !== undefined,
      }));
  }

  mustBeNew(name: string): void {
    if (name !== '' && this.#byName.has(name)) {
      throw new SqlError('42P05', `prepared statement "${name}" already exists`);
    }
  }

  /** `source`: of PREPARE, the text that it came with. */
  add(name: string, executable: Executable, source?: string): void {
    if (name === '') this.close('');
    this.#byName.set(name, { ...executable, preparedAt: new Date(), source });
  }

  get(name: string): Executable {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    throw new SqlError(
      '26000',
      name === '' ? 'unnamed prepared statement does not exist' : `prepared statement "${name}" does not exist`,
    );
  }

  /** Closing what is not there is no error. */
  close(name: string): void {
    this.#byName.get(name)?.close();
    this.#byName.delete(name);
  }

  closeAll(): void {
    for (const name of [...this.#byName.keys()]) this.close(name);
  }
}
