import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Api, errorCode, mustSucceed, type Answer } from '../helpers/api.js';
import { createBranch, type Branch } from '../helpers/branches.js';
import { createBucket, createProject, projectOf, uploadFile, type Project } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

/**
 * Random operations on main and three branches, with kill -9 in the middle of some, against a model in memory. Every request has an
 * idempotency key and is repeated after a crash, so that it happens exactly once and the model always knows the state.
 */
const RUNS = Number(process.env['BRANCH_MODEL_RUNS'] ?? '3');
const SEED = Number(process.env['BRANCH_MODEL_SEED'] ?? '1');
const TABLES = ['a', 'b', 'c'] as const;
const BRANCHES = 3;

type TableName = (typeof TABLES)[number];
type Rows = ReadonlyMap<number, string>;

interface State {
  /** A new one for each write; equal ones are the same file. */
  readonly id: number;
  readonly rows: Rows;
}

interface Own {
  readonly state: State;
  /** How main was when the branch took the table. */
  readonly base: State | null;
  readonly known: number | null;
}

interface BranchModel {
  readonly own: Map<TableName, Own>;
  /** What the branch deleted, with the state of main that it saw. */
  readonly deleted: Map<TableName, number>;
}

const place = fc.integer({ min: 0, max: BRANCHES });
const branch = fc.integer({ min: 1, max: BRANCHES });
const table = fc.constantFrom(...TABLES);
const rows = fc.dictionary(fc.constantFrom('1', '2', '3', '4', '5'), fc.stringMatching(/^[a-z]{1,3}$/), { minKeys: 1 });
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('create' as const), place, table }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('upsert' as const), place, table, rows }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), place, table, rows }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drop' as const), place, table }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pull' as const), place: branch, table }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('merge' as const),
      place: branch,
      strategy: fc.constantFrom(null, 'ours', 'theirs', 'rows'),
    }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;
/** The crash comes this many milliseconds after the request was sent. */
const crashAfterMs = fc.oneof(
  { weight: 12, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 }) },
);
const step = fc.record({ action, crashAfterMs });

const server = useServer();

class Model {
  readonly main = new Map<TableName, State>();
  readonly branches: BranchModel[] = Array.from({ length: BRANCHES + 1 }, () => ({
    own: new Map(),
    deleted: new Map(),
  }));
  #nextId = 1;

  visible(at: number, name: TableName): State | undefined {
    const model = this.#of(at);
    const own = at === 0 ? undefined : model.own.get(name);
    if (own !== undefined) return own.state;
    return at > 0 && model.deleted.has(name) ? undefined : this.main.get(name);
  }

  newState(content: Rows): State {
    return { id: this.#nextId++, rows: content };
  }

  write(at: number, name: TableName, content: Rows): void {
    const state = this.newState(content);
    if (at === 0) {
      this.main.set(name, state);
      return;
    }
    const { own, deleted } = this.#of(at);
    const before = own.get(name);
    if (before !== undefined) {
      own.set(name, { ...before, state });
      return;
    }
    const main = deleted.has(name) ? undefined : this.main.get(name);
    own.set(name, { state, base: main ?? null, known: main?.id ?? null });
  }

  drop(at: number, name: TableName): void {
    if (at === 0) {
      this.main.delete(name);
      return;
    }
    const { own, deleted } = this.#of(at);
    const before = own.get(name);
    own.delete(name);
    const main = this.main.get(name);
    if (main !== undefined && !deleted.has(name)) deleted.set(name, before?.known ?? main.id);
  }

  pull(at: number, name: TableName): void {
    this.#of(at).own.delete(name);
    this.#of(at).deleted.delete(name);
  }

  /** False when the merge is refused. */
  merge(at: number, strategy: string | null): boolean {
    const { own, deleted } = this.#of(at);
    const names = [...new Set([...own.keys(), ...deleted.keys()])];
    const results = new Map<TableName, State | undefined>();
    for (const name of names) {
      const merged = this.#mergeTable(own.get(name), deleted.get(name), this.main.get(name), strategy);
      if (merged === 'conflict') return false;
      results.set(name, merged);
    }
    for (const [name, state] of results) {
      if (state === undefined) this.main.delete(name);
      else this.main.set(name, state);
    }
    own.clear();
    deleted.clear();
    return true;
  }

  #mergeTable(
    own: Own | undefined,
    deletedAt: number | undefined,
    main: State | undefined,
    strategy: string | null,
  ): State | undefined | 'conflict' {
    if (own === undefined && main === undefined) return undefined;
    if (own !== undefined && own.state.id === main?.id) return main;
    const known = own === undefined ? (deletedAt ?? null) : (own.known ?? deletedAt ?? null);
    const mainChanged = (main?.id ?? null) !== known;
    if (!mainChanged || strategy === 'ours') return own && this.newState(own.state.rows);
    if (strategy === 'theirs') return main;
    if (strategy === null || own === undefined || main === undefined || own.base === null) return 'conflict';
    const merged = new Map(main.rows);
    for (const key of new Set([...own.base.rows.keys(), ...own.state.rows.keys()])) {
      const [origin, mine, theirs] = [own.base.rows.get(key), own.state.rows.get(key), main.rows.get(key)];
      if (mine === origin || mine === theirs) continue;
      if (theirs !== origin) return 'conflict';
      if (mine === undefined) merged.delete(key);
      else merged.set(key, mine);
    }
    return this.newState(merged);
  }

  #of(at: number): BranchModel {
    const model = this.branches[at];
    if (model === undefined) throw new Error(`there is no branch ${at}`);
    return model;
  }
}

class World {
  readonly model = new Model();

  private constructor(
    private project: Project,
    private readonly branches: readonly Branch[],
  ) {}

  static async make(): Promise<World> {
    const project = await createProject(server.admin);
    await createBucket(project, 's');
    const branches: Branch[] = [];
    for (let index = 0; index < BRANCHES; index += 1) branches.push(await createBranch(project));
    return new World(project, branches);
  }

  #branchPath(at: number): string {
    const id = at === 0 ? 'default' : this.branches[at - 1]?.id;
    return `${this.project.path}/branches/${id}`;
  }

  #tables(at: number): string {
    return `${this.#branchPath(at)}/buckets/s/tables`;
  }

  async run(one: Action, crashAfterMs: number | null): Promise<void> {
    const { model } = this;
    if (one.kind === 'merge') {
      const request = { strategy: one.strategy };
      const answer = await this.#send('POST', `${this.#branchPath(one.place)}/merge`, request, crashAfterMs);
      const merged = model.merge(one.place, one.strategy);
      expect([answer.status, errorCode(answer)], answer.text).toEqual(
        merged ? [200, undefined] : [409, 'merge_conflict'],
      );
      return;
    }
    const path = `${this.#tables(one.place)}/${one.table}`;
    const found = model.visible(one.place, one.table);
    if (one.kind === 'create') {
      const columns = [
        { name: 'id', type: 'INTEGER' },
        { name: 'v', type: 'VARCHAR' },
      ];
      const request = { name: one.table, columns, primary_key: ['id'] };
      const answer = await this.#send('POST', this.#tables(one.place), request, crashAfterMs);
      expect(answer.status, answer.text).toBe(found === undefined ? 201 : 409);
      if (found === undefined) model.write(one.place, one.table, new Map());
      return;
    }
    if (one.kind === 'pull') {
      const inMain = model.main.has(one.table);
      const at = `${this.#branchPath(one.place)}/tables/s/${one.table}/pull`;
      const answer = await this.#send('POST', at, undefined, crashAfterMs);
      expect(answer.status, answer.text).toBe(inMain ? 200 : 404);
      if (inMain) model.pull(one.place, one.table);
      return;
    }
    if (one.kind === 'drop') {
      const answer = await this.#send('DELETE', path, undefined, crashAfterMs);
      expect(answer.status, answer.text).toBe(found === undefined ? 404 : 204);
      if (found !== undefined) model.drop(one.place, one.table);
      return;
    }
    const given = new Map(Object.entries(one.rows).map(([key, value]) => [Number(key), value]));
    const csv = `id,v\n${[...given].map(([key, value]) => `${key},${value}\n`).join('')}`;
    const file = await uploadFile(this.project, csv);
    const request = { file_id: file.id, import_options: { incremental: one.kind === 'upsert' } };
    const answer = await this.#send('POST', `${path}/import/file`, request, crashAfterMs);
    expect(answer.status, answer.text).toBe(found === undefined ? 404 : 200);
    if (found === undefined) return;
    model.write(one.place, one.table, one.kind === 'upsert' ? new Map([...found.rows, ...given]) : given);
  }

  /** With a crash in the middle, and then the same request again: its idempotency key says that it is the same. */
  async #send(method: string, path: string, json: unknown, crashAfterMs: number | null): Promise<Answer> {
    const options = {
      headers: { 'x-idempotency-key': randomUUID() },
      ...(json === undefined ? {} : { json }),
    };
    if (crashAfterMs !== null) {
      const sent = this.project.api.request(method, path, options).catch(() => undefined);
      await pause(crashAfterMs);
      await server.process.restart('SIGKILL');
      await sent;
      const { id, apiKey } = this.project;
      this.project = projectOf(new Api(server.process.baseUrl, apiKey), id, apiKey);
    }
    return await this.project.api.request(method, path, options);
  }

  async check(): Promise<void> {
    for (let at = 0; at <= BRANCHES; at += 1) {
      for (const name of TABLES) {
        const expected = this.model.visible(at, name);
        const answer = await this.project.api.get<{ rows: { id: number; v: string }[] }>(
          `${this.#tables(at)}/${name}/preview?order_by=id`,
        );
        const where = `${at === 0 ? 'main' : `branch ${at}`}, table ${name}`;
        if (expected === undefined) expect(answer.status, where).toBe(404);
        else {
          const found = mustSucceed(answer).rows.map(({ id, v }) => [id, v]);
          expect(found, where).toEqual([...expected.rows].sort(([a], [b]) => a - b));
        }
      }
    }
  }
}

it(`main and branches are always as the model says (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 30, size: 'max' }), async (steps) => {
      const world = await World.make();
      for (const { action: one, crashAfterMs: crash } of steps) {
        await world.run(one, crash);
        if (one.kind === 'merge' || crash !== null) await world.check();
      }
      await world.check();
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
});
