import { SqlError } from '../../../errors/sql-error.js';
import type { ParameterValues, WireFormat } from '../../../duckdb/workspace/sql-engine.js';
import type { Executable, Execution } from './executable.js';

/** A statement with its parameters, on its way to being run, suspended, or done. */
export interface Portal {
  readonly name: string;
  readonly executable: Executable;
  readonly parameters: ParameterValues;
  readonly formats: readonly WireFormat[];
  execution: Execution | undefined;
  done: boolean;
}

/** Portals live until they are closed, or their transaction ends; the unnamed one until the next Bind. */
export class Portals {
  readonly #byName = new Map<string, Portal>();

  async add(portal: Portal): Promise<void> {
    if (portal.name === '') await this.close('');
    else if (this.#byName.has(portal.name)) throw new SqlError('42P03', `portal "${portal.name}" already exists`);
    this.#byName.set(portal.name, portal);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  get(name: string): Portal {
    const portal = this.#byName.get(name);
    if (portal === undefined) throw new SqlError('34000', `portal "${name}" does not exist`);
    return portal;
  }

  async close(name: string): Promise<void> {
    const portal = this.#byName.get(name);
    this.#byName.delete(name);
    await portal?.execution?.rows?.close();
    await portal?.execution?.copyOut?.rows.close();
  }

  async closeAll(): Promise<void> {
    for (const name of [...this.#byName.keys()]) await this.close(name);
  }
}
