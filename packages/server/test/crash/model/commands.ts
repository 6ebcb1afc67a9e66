import { setTimeout as pause } from 'node:timers/promises';
import type fc from 'fast-check';
import { expect } from 'vitest';
import type { Answer } from '../../../../../acceptance/helpers/api.js';
import { applyChange, type Outcome, type TableChange } from './changes.js';
import { outcomeOf, type ChangeRequest, type RealStorage } from './real-storage.js';
import { visible, type TableState } from './table-state.js';

/** What must be there, and what was: each table with its states, the newest first; and the snapshots. */
export interface Model {
  readonly tables: Map<string, readonly TableState[]>;
  readonly snapshots: { readonly id: string; readonly table: string; readonly state: TableState }[];
}

/** A crash while the request runs: of the service, which is then started again, or of its workers. */
export interface Crash {
  readonly victim: 'service' | 'workers';
  readonly afterMs: number;
  /** Whether the request is sent again under its key, or the state is looked at. */
  readonly retry: boolean;
}

type Command = fc.AsyncCommand<Model, RealStorage>;

/** What a worker's death, or a server that is not up yet, answers: nothing has happened. */
const TRANSIENT = ['worker_crashed', 'server_busy', 'shutting_down'];

abstract class Change implements Command {
  constructor(protected readonly crash: Crash | null) {}

  abstract check(model: Readonly<Model>): boolean;
  abstract run(model: Model, real: RealStorage): Promise<void>;
  protected abstract text(): string;

  toString(): string {
    const { crash } = this;
    return crash === null
      ? this.text()
      : `${this.text()} [${crash.victim} killed after ${crash.afterMs} ms${crash.retry ? ', sent again' : ''}]`;
  }

  /** Sends the request; afterwards the server and the model agree about every table. */
  protected async perform(
    model: Model,
    real: RealStorage,
    request: ChangeRequest,
    expected: { readonly outcome: string; readonly apply: () => void },
  ): Promise<void> {
    const before = shownOf(model);
    const answer = await this.#send(real, request);
    if (answer !== undefined) {
      const outcome = outcomeOf(answer);
      if (this.crash === null || !TRANSIENT.includes(outcome)) {
        expect(outcome, `${request.label}: ${answer.text}`).toBe(expected.outcome);
        if (outcome === 'done') expected.apply();
      }
      expect(await real.observe(), request.label).toEqual(shownOf(model));
      return;
    }
    const found = await real.observe();
    if (expected.outcome === 'done') expected.apply();
    if (this.crash?.retry === true) {
      expect([before, shownOf(model)], request.label).toContainEqual(found);
      expect(outcomeOf(await retried(request)), request.label).toBe(expected.outcome);
      expect(await real.observe(), request.label).toEqual(shownOf(model));
    } else if (expected.outcome === 'done' && !isSame(found, shownOf(model))) {
      expect(found, request.label).toEqual(before);
      this.undo(model);
    } else {
      expect(found, request.label).toEqual(shownOf(model));
    }
  }

  /** Takes back what `apply` did last. */
  protected abstract undo(model: Model): void;

  /** Undefined when the service died before it answered. */
  async #send(real: RealStorage, request: ChangeRequest): Promise<Answer | undefined> {
    const { crash } = this;
    if (crash === null) return await request.send();
    const sent = request.send().catch(() => undefined);
    await pause(crash.afterMs);
    if (crash.victim === 'workers') {
      await real.killWorkers();
      return await sent;
    }
    await real.crash();
    return await sent;
  }
}

async function retried(request: ChangeRequest): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await request.send();
    if (attempt === 5 || !TRANSIENT.includes(outcomeOf(answer))) return answer;
  }
}

export function shownOf({ tables }: Model): Record<string, unknown> {
  return Object.fromEntries([...tables].map(([name, [state]]) => [name, state && visible(state)]));
}

function isSame(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): string =>
    JSON.stringify(value, (_, member: unknown) =>
      typeof member === 'object' && member !== null && !Array.isArray(member)
        ? Object.fromEntries(Object.entries(member).sort(([x], [y]) => (x < y ? -1 : 1)))
        : member,
    );
  return sorted(a) === sorted(b);
}

function push(model: Model, table: string, state: TableState): void {
  model.tables.set(table, [state, ...(model.tables.get(table) ?? [])]);
}

function pop(model: Model, table: string): void {
  const [, ...older] = model.tables.get(table) ?? [];
  if (older.length === 0) model.tables.delete(table);
  else model.tables.set(table, older);
}

export class CreateTable extends Change {
  constructor(
    private readonly table: string,
    private readonly state: TableState,
    crash: Crash | null,
  ) {
    super(crash);
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: RealStorage): Promise<void> {
    const outcome = model.tables.has(this.table) ? 'table_exists' : 'done';
    const apply = (): void => push(model, this.table, this.state);
    await this.perform(model, real, real.createTable(this.table, this.state), { outcome, apply });
  }

  protected undo(model: Model): void {
    pop(model, this.table);
  }

  protected text(): string {
    const { columns, key } = this.state;
    return `create ${this.table} ${JSON.stringify(columns)} key (${key.join(', ')})`;
  }
}

export class DropTable extends Change {
  #dropped: readonly TableState[] = [];

  constructor(
    private readonly table: string,
    crash: Crash | null,
  ) {
    super(crash);
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: RealStorage): Promise<void> {
    this.#dropped = model.tables.get(this.table) ?? [];
    const outcome = this.#dropped.length === 0 ? 'table_not_found' : 'done';
    await this.perform(model, real, real.dropTable(this.table), {
      outcome,
      apply: () => model.tables.delete(this.table),
    });
  }

  protected undo(model: Model): void {
    model.tables.set(this.table, this.#dropped);
  }

  protected text(): string {
    return `drop ${this.table}`;
  }
}

/** A change of one table; `make` fits it to the table as it is, so that shorter histories still make sense. */
export class ChangeTable extends Change {
  #change: TableChange | undefined;
  #outcome: Outcome | undefined;

  constructor(
    private readonly table: string,
    private readonly make: (state: TableState) => TableChange,
    crash: Crash | null,
  ) {
    super(crash);
  }

  check(model: Readonly<Model>): boolean {
    return model.tables.has(this.table);
  }

  async run(model: Model, real: RealStorage): Promise<void> {
    const [state] = model.tables.get(this.table) ?? [];
    if (state === undefined) throw new Error('the command was not checked');
    this.#change = this.make(state);
    const outcome = applyChange(state, this.#change);
    this.#outcome = outcome === state && this.#change.kind !== 'import' ? undefined : outcome;
    const request = await real.change(this.table, this.#change);
    await this.perform(model, real, request, {
      outcome: typeof outcome === 'string' ? outcome : 'done',
      apply: () => {
        if (typeof this.#outcome === 'object') push(model, this.table, this.#outcome);
      },
    });
  }

  protected undo(model: Model): void {
    if (typeof this.#outcome === 'object') pop(model, this.table);
  }

  protected text(): string {
    return this.#change === undefined ? `change ${this.table}` : `${this.table}: ${JSON.stringify(this.#change)}`;
  }
}

export class TakeSnapshot implements Command {
  constructor(private readonly table: string) {}

  check(model: Readonly<Model>): boolean {
    return model.tables.has(this.table);
  }

  async run(model: Model, real: RealStorage): Promise<void> {
    const [state] = model.tables.get(this.table) ?? [];
    if (state !== undefined)
      model.snapshots.push({ id: await real.takeSnapshot(this.table), table: this.table, state });
  }

  toString(): string {
    return `snapshot of ${this.table}`;
  }
}

export class RestoreSnapshot extends Change {
  #table = '';

  constructor(
    private readonly pick: number,
    crash: Crash | null,
  ) {
    super(crash);
  }

  check(model: Readonly<Model>): boolean {
    return model.snapshots.length > 0;
  }

  async run(model: Model, real: RealStorage): Promise<void> {
    const snapshot = model.snapshots[this.pick % model.snapshots.length];
    if (snapshot === undefined) throw new Error('the command was not checked');
    this.#table = snapshot.table;
    const apply = (): void => push(model, snapshot.table, snapshot.state);
    await this.perform(model, real, real.restoreSnapshot(snapshot.id), { outcome: 'done', apply });
  }

  protected undo(model: Model): void {
    pop(model, this.#table);
  }

  protected text(): string {
    return `restore snapshot ${this.pick} (${this.#table})`;
  }
}

/** Back to an earlier state; also proves that the history has exactly the versions that the model counts. */
export class RestoreVersion extends Change {
  constructor(
    private readonly table: string,
    private readonly pick: number,
    crash: Crash | null,
  ) {
    super(crash);
  }

  check(model: Readonly<Model>): boolean {
    return (model.tables.get(this.table) ?? []).length > 1;
  }

  async run(model: Model, real: RealStorage): Promise<void> {
    const states = model.tables.get(this.table) ?? [];
    const versions = await real.versions(this.table);
    expect(versions, `versions of ${this.table}`).toHaveLength(states.length);
    const place = 1 + (this.pick % (states.length - 1));
    const [version, state] = [versions[place], states[place]];
    if (version === undefined || state === undefined) throw new Error('the command was not checked');
    const apply = (): void => push(model, this.table, state);
    await this.perform(model, real, real.restoreVersion(this.table, version.id), { outcome: 'done', apply });
  }

  protected undo(model: Model): void {
    pop(model, this.table);
  }

  protected text(): string {
    return `restore version ${this.pick} of ${this.table}`;
  }
}
