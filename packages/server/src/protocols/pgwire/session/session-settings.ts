import { SqlError } from '../../../errors/sql-error.js';
import type { SettingsView } from '../../../duckdb/workspace/sql-engine.js';
import { SETTING_DEFINITIONS, type SettingDefinition } from './setting-definitions.js';
import { durationOf, showDuration } from './setting-values.js';

const DEFINITIONS = new Map(SETTING_DEFINITIONS.map((definition) => [definition.name.toLowerCase(), definition]));

/** A name with a dot is a setting of the client's own, kept for it. */
const CUSTOM_NAME = /^[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)+$/;

const TIMEOUTS = ['statement_timeout', 'idle_session_timeout', 'idle_in_transaction_session_timeout'] as const;
export type TimeoutName = (typeof TIMEOUTS)[number];

export interface SettingsListener {
  /** To be sent as ParameterStatus. */
  reported(name: string, value: string): void;
  /** The server's maximum was taken instead of what the client asked. */
  limited(name: string, value: string): void;
}

/**
 * What `SET` and `SHOW` are about. As in PostgreSQL, a change within a transaction ends with it when it is rolled back, and `SET LOCAL` ends
 * with it in any case.
 *
 *   BEGIN ─ keeps a copy ─► SET a, SET LOCAL b ─► COMMIT: b as before · ROLLBACK: a and b as before
 *
 * DuckDB is told about some of them; as that cannot be done while a statement runs, they wait in `takeEngineChanges`.
 */
export class SessionSettings implements SettingsView {
  #values = new Map<string, string>();
  readonly #startValues = new Map<string, string>();
  #before: Map<string, string> | undefined;
  #local = new Set<string>();
  readonly #engineChanges = new Map<string, string>();

  constructor(
    private readonly maxTimeoutsMs: Readonly<Partial<Record<TimeoutName, number>>>,
    private readonly listener: SettingsListener,
  ) {}

  /** Values a session begins with: of the server, and of the startup packet. They are what RESET goes back to. */
  start(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) this.#startValues.set(name.toLowerCase(), value);
    for (const name of TIMEOUTS) {
      if (this.maxTimeoutsMs[name] !== undefined && !this.#startValues.has(name)) this.#startValues.set(name, '0');
    }
    for (const [name, value] of this.#startValues) {
      const definition = DEFINITIONS.get(name);
      if (definition === undefined && !CUSTOM_NAME.test(name)) throw unknownSetting(name);
      const parsed = definition?.parse === undefined ? value : this.#parsed(definition, value);
      this.#startValues.set(name, parsed);
      if (definition?.engine === true) this.#engineChanges.set(name, parsed);
    }
  }

  /** What ParameterStatus tells at the start. */
  reportedValues(): readonly (readonly [name: string, value: string])[] {
    return SETTING_DEFINITIONS.filter(({ reported }) => reported === true).map(({ name }) => [
      name,
      this.get(name) ?? '',
    ]);
  }

  get(name: string): string | undefined {
    const key = name.toLowerCase();
    const value = this.#values.get(key) ?? this.#startValues.get(key);
    if (value !== undefined) return value;
    const definition = DEFINITIONS.get(key);
    // Outside of a transaction: what the next one begins with.
    return definition?.ofTransaction === true ? this.get(`default_${key}`) : definition?.defaultValue;
  }

  /** As `get`; 42704 for what does not exist. */
  show(name: string): { readonly name: string; readonly value: string } {
    const value = this.get(name);
    if (value === undefined) throw unknownSetting(name);
    return { name: DEFINITIONS.get(name.toLowerCase())?.name ?? name, value };
  }

  all(): readonly { readonly name: string; readonly value: string }[] {
    const custom = [...this.#values.keys()].filter((name) => !DEFINITIONS.has(name));
    const names = [...SETTING_DEFINITIONS.map(({ name }) => name), ...custom];
    return names
      .toSorted((a, b) => a.toLowerCase().localeCompare(b.toLowerCase(), 'en'))
      .map((name) => this.show(name));
  }

  set(name: string, value: string, isLocal: boolean): string {
    const key = name.toLowerCase();
    const definition = DEFINITIONS.get(key);
    if (definition === undefined) {
      if (!CUSTOM_NAME.test(key)) throw unknownSetting(name);
      this.#change(key, value, isLocal);
      return value;
    }
    const parsed = this.#parsed(definition, value);
    this.#change(key, parsed, isLocal || definition.ofTransaction === true);
    return parsed;
  }

  reset(name: string): void {
    const key = name.toLowerCase();
    const definition = DEFINITIONS.get(key);
    if (definition === undefined && !CUSTOM_NAME.test(key)) throw unknownSetting(name);
    if (definition !== undefined && definition.parse === undefined) return;
    const value = this.#startValues.get(key) ?? definition?.defaultValue;
    if (value === undefined) this.#values.delete(key);
    else this.#change(key, value, false);
  }

  resetAll(): void {
    for (const name of [...this.#values.keys()]) {
      if (DEFINITIONS.get(name)?.ofTransaction !== true) this.reset(name);
    }
  }

  timeoutMs(name: TimeoutName): number {
    return durationOf(this.get(name) ?? '0', name);
  }

  beginTransaction(): void {
    this.#before = new Map(this.#values);
    this.#local = new Set();
  }

  commitTransaction(): void {
    for (const name of this.#local) this.#restore(name);
    this.#before = undefined;
  }

  rollbackTransaction(): void {
    const before = this.#before;
    if (before === undefined) return;
    for (const name of new Set([...this.#values.keys(), ...before.keys()])) this.#restore(name);
    this.#before = undefined;
  }

  /** What DuckDB has to be told since the last call. */
  takeEngineChanges(): readonly (readonly [name: string, value: string])[] {
    if (this.#engineChanges.size === 0) return [];
    const changes = [...this.#engineChanges];
    this.#engineChanges.clear();
    return changes;
  }

  #parsed(definition: SettingDefinition, value: string): string {
    if (definition.parse === undefined) throw cannotChange(definition.name);
    return this.#withinLimit(definition.name, definition.parse(value, definition.name));
  }

  #withinLimit(name: string, value: string): string {
    const maxMs = this.maxTimeoutsMs[name as TimeoutName];
    if (maxMs === undefined || maxMs === 0) return value;
    const ms = durationOf(value, name);
    if (ms !== 0 && ms <= maxMs) return value;
    const limited = showDuration(maxMs);
    if (ms !== 0) this.listener.limited(name, limited);
    return limited;
  }

  #restore(name: string): void {
    const value = this.#before?.get(name);
    if (value === undefined) {
      const fallback = this.#startValues.get(name) ?? DEFINITIONS.get(name)?.defaultValue;
      if (fallback !== undefined) this.#change(name, fallback, false);
      this.#values.delete(name);
    } else this.#change(name, value, false);
  }

  #change(key: string, value: string, isLocal: boolean): void {
    const changed = this.get(key) !== value;
    this.#values.set(key, value);
    if (isLocal) this.#local.add(key);
    else this.#local.delete(key);
    const definition = DEFINITIONS.get(key);
    if (!changed || definition === undefined) return;
    if (definition.reported === true) this.listener.reported(definition.name, value);
    if (definition.engine === true) this.#engineChanges.set(key, value);
  }
}

function unknownSetting(name: string): SqlError {
  return new SqlError('42704', `unrecognized configuration parameter "${name}"`);
}

function cannotChange(name: string): SqlError {
  return new SqlError('55P02', `parameter "${name}" cannot be changed`);
}
