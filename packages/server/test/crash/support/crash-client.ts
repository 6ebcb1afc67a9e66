import { errorCode, type Answer, type Api } from '../../../../../acceptance/helpers/api.js';
import { observe } from './observe.js';
import * as operations from './operations.js';
import type { Operation, Session, TablePlace } from './operations.js';
import * as schema from './schema-operations.js';
import type { SeededRandom } from './seeded-random.js';
import {
  differences,
  factsOf,
  makeRows,
  withFiles,
  type Facts,
  type FileModel,
  type TableModel,
  type World,
} from './world.js';

export interface ClientFigures {
  /** Changes that were answered with success, and checked after every later crash. */
  acknowledged: number;
  /** Changes without an answer, found done or not done as a whole. */
  unanswered: number;
  /** Changes that were refused because their worker died. */
  refused: number;
  lost: number;
  torn: number;
}

interface Choice {
  readonly weight: number;
  readonly make: () => Operation;
}

const MAX_FILES = 8;
const MAX_TABLES = 4;
const MAX_BUCKETS = 3;
const MAX_ROWS = 1_500;
const MAX_SNAPSHOTS = 5;
/** Deleted projects that are looked at again: deleted must stay deleted. */
const REMEMBERED_PROJECTS = 4;
/** What a worker's death, or a server that is not up yet, answers: nothing happened, and a repetition may succeed. */
const TRANSIENT = ['worker_crashed', 'server_busy', 'shutting_down'];

/**
 * One user with a project of its own, who does one thing after the other and knows what must be there.
 *
 *     run:      operation ─ acknowledged ─ operation ─ acknowledged ─ operation ─ ✗ no answer
 *     recover:  the last one: sent again under its key, or looked for; then everything is compared with the model
 *
 * The operation without an answer may have happened or not, as a whole; every other one must have.
 */
export class CrashClient {
  #world: World = {};
  #session: { readonly session: Session; readonly uploaded: boolean } | undefined;
  #unanswered: Operation | undefined;
  #counter = 0;
  readonly #formerProjects: string[] = [];
  readonly figures: ClientFigures = { acknowledged: 0, unanswered: 0, refused: 0, lost: 0, torn: 0 };

  constructor(
    readonly name: string,
    private readonly random: SeededRandom,
    /** With a table of this many rows, which is loaded whole from time to time. */
    private readonly bigRows: number = 0,
  ) {}

  get world(): World {
    return this.#world;
  }

  /** Before the first crash: a project with a bucket, a table with and one without a key, and rows to import. */
  async setUp(admin: Api): Promise<void> {
    const projectId = this.name;
    const at = (table: string): TablePlace => ({ projectId, bucket: 'main', table });
    await this.#mustSucceed(admin, operations.createProject(this.#key(), projectId));
    await this.#mustSucceed(admin, operations.createBucket(this.#key(), projectId, 'main'));
    await this.#mustSucceed(admin, operations.createTable(this.#key(), at('plain'), false));
    await this.#mustSucceed(admin, operations.createTable(this.#key(), at('keyed'), true));
    if (this.bigRows > 0) {
      await this.#mustSucceed(admin, operations.createTable(this.#key(), at('big'), false));
      for (const marker of ['bigA', 'bigB']) await this.#addFile(admin, projectId, marker, this.bigRows);
    }
    await this.#addFile(admin, projectId, this.#marker(), 20);
  }

  /** Works until `stopping` says so or an answer stays out. An answer that nobody expects is thrown. */
  async run(admin: Api, stopping: () => boolean): Promise<void> {
    while (!stopping()) {
      const operation = this.#next();
      const answer = await send(operation, admin);
      if (answer === undefined) {
        this.#unanswered = operation;
        return;
      }
      if (answer.status >= 200 && answer.status < 300) this.#acknowledge(operation, answer.body);
      else if (TRANSIENT.includes(errorCode(answer) ?? '')) this.figures.refused += 1;
      else throw new Error(`${this.name}: ${operation.label}: ${answer.status} ${answer.text}`);
    }
  }

  /** After a restart: settles what had no answer and compares everything; returns what is wrong. */
  async recover(admin: Api): Promise<string[]> {
    const operation = this.#unanswered;
    this.#unanswered = undefined;
    if (operation === undefined) return await this.verify(admin);
    this.figures.unanswered += 1;
    const before = this.#world;
    const after = operation.after(before, null);
    if (after !== before && this.random.chance(0.5)) return await this.#look(admin, operation, before, after);
    const answer = await retry(operation, admin);
    if (answer.status < 200 || answer.status >= 300) {
      return [`${this.name}: repeated under its key, ${operation.label}: ${answer.status} ${answer.text}`];
    }
    this.#acknowledge(operation, answer.body);
    return await this.verify(admin);
  }

  async verify(admin: Api): Promise<string[]> {
    const found = await observe(admin, this.#projectIds());
    const wrong = differences(factsOf(this.#world), found.facts);
    if (wrong.length > 0) this.figures.lost += 1;
    return wrong.map((each) => `${this.name}: ${each}`);
  }

  async #look(admin: Api, operation: Operation, before: World, after: World): Promise<string[]> {
    const found = await observe(admin, [...new Set([...this.#projectIds(), ...Object.keys(after)])]);
    const happened = differences(factsOf(after), found.facts);
    if (happened.length === 0) {
      this.#world = learnFileIds(after, found.fileIds);
      this.#forgetSessionOf(operation);
      return [];
    }
    const didNot = differences(factsOf(before), found.facts);
    if (didNot.length === 0) return [];
    if (isTorn(factsOf(before), factsOf(after), found.facts)) this.figures.torn += 1;
    else this.figures.lost += 1;
    return [`${this.name}: ${operation.label} is neither done nor undone: ${didNot.join('; ')}`];
  }

  #acknowledge(operation: Operation, answer: unknown): void {
    for (const projectId of Object.keys(this.#world)) {
      if (!(projectId in operation.after(this.#world, answer))) this.#formerProjects.push(projectId);
    }
    this.#world = operation.after(this.#world, answer);
    this.figures.acknowledged += 1;
    this.#advanceSession(operation, answer);
  }

  #advanceSession(operation: Operation, answer: unknown): void {
    const uploadKey = operations.textMember(answer, 'upload_key');
    if (operation.kind === 'prepare' && uploadKey !== null && this.#wanted !== undefined) {
      this.#session = { session: { ...this.#wanted, uploadKey }, uploaded: false };
    } else if (operation.kind === 'upload' && this.#session !== undefined) {
      this.#session = { ...this.#session, uploaded: true };
    } else {
      this.#forgetSessionOf(operation);
    }
  }

  #forgetSessionOf(operation: Operation): void {
    if (operation.kind === 'register') this.#session = undefined;
  }

  /** What the session that is being prepared is for. */
  #wanted: Omit<Session, 'uploadKey'> | undefined;

  #next(): Operation {
    if (this.#session !== undefined) {
      const { session, uploaded } = this.#session;
      return uploaded ? operations.registerUpload(this.#key(), session) : operations.sendUpload(this.#key(), session);
    }
    const choices = this.#choices();
    let at = this.random.next() * choices.reduce((sum, { weight }) => sum + weight, 0);
    for (const { weight, make } of choices) {
      at -= weight;
      if (at < 0) return make();
    }
    throw new Error('nothing to do');
  }

  #choices(): Choice[] {
    const projectId = this.random.pick(Object.keys(this.#world));
    const project = this.#world[projectId];
    if (project === undefined) throw new Error(`no project ${projectId}`);
    const choices: Choice[] = [];
    const add = (weight: number, make: () => Operation): void => void choices.push({ weight, make });
    const key = this.#key();
    const isMain = projectId === this.name;
    const volatileProjects = Object.keys(this.#world).filter((id) => id !== this.name);
    if (volatileProjects.length < 2) add(1, () => operations.createProject(key, `${this.name}-${this.#counter}`));
    if (!isMain) add(1, () => operations.deleteProject(key, projectId));
    if (project.files.length < MAX_FILES) {
      add(4, () => this.#wantFile(key, projectId, this.#marker(), this.random.between(1, 200)));
    }
    const removable = project.files.filter(({ rows }) => rows === null || rows.length < 1_000);
    if (removable.length > 2) add(2, () => operations.deleteFile(key, projectId, this.random.pick(removable)));
    const buckets = Object.keys(project.buckets);
    if (buckets.length < MAX_BUCKETS) {
      add(1, () => operations.createBucket(key, projectId, `b${this.#counter}`));
    }
    const removableBuckets = buckets.filter((bucket) => bucket !== 'main');
    if (removableBuckets.length > 0) {
      add(1, () => operations.deleteBucket(key, projectId, this.random.pick(removableBuckets)));
    }
    if (buckets.length > 0) this.#addTableChoices(add, key, projectId, this.random.pick(buckets), project.files);
    return choices;
  }

  #addTableChoices(
    add: (weight: number, make: () => Operation) => void,
    key: string,
    projectId: string,
    bucket: string,
    files: readonly FileModel[],
  ): void {
    this.#addSnapshotChoices(add, key, projectId, bucket);
    const tables = this.#world[projectId]?.buckets[bucket] ?? {};
    const at = (table: string): TablePlace => ({ projectId, bucket, table });
    if (Object.keys(tables).length < MAX_TABLES) {
      add(3, () => operations.createTable(key, at(`t${this.#counter}`), this.random.chance(0.5)));
    }
    const removable = Object.keys(tables).filter((name) => name.startsWith('t'));
    if (removable.length > 0) add(2, () => operations.deleteTable(key, at(this.random.pick(removable))));
    const small = files.filter(({ rows, id }) => rows !== null && rows.length < 1_000 && id !== null);
    const big = files.filter(({ rows }) => rows !== null && rows.length >= 1_000);
    const names = Object.keys(tables).filter((name) => name !== 'big');
    if (small.length > 0 && names.length > 0) {
      const name = this.random.pick(names);
      const incremental = (tables[name]?.rows.length ?? 0) < MAX_ROWS && this.random.chance(0.6);
      add(8, () => operations.importFile(key, at(name), this.random.pick(small), incremental));
      if (files.length < MAX_FILES) add(2, () => operations.exportTable(key, at(name)));
      this.#addSchemaChoices(add, key, at(name), tables[name]);
    }
    if ('big' in tables && big.length > 0) {
      add(2, () => operations.importFile(key, at('big'), this.random.pick(big), false));
    }
  }

  #addSnapshotChoices(
    add: (weight: number, make: () => Operation) => void,
    key: string,
    projectId: string,
    bucket: string,
  ): void {
    const project = this.#world[projectId];
    if (project === undefined) return;
    const tables = Object.keys(project.buckets[bucket] ?? {}).filter((name) => name !== 'big');
    const known = project.snapshots.filter(({ id }) => id !== null);
    const restorable = known.filter((snapshot) => snapshot.bucket in project.buckets);
    if (tables.length > 0 && known.length < MAX_SNAPSHOTS) {
      add(2, () => operations.takeSnapshot(key, { projectId, bucket, table: this.random.pick(tables) }));
    }
    if (known.length > 2) add(2, () => operations.deleteSnapshot(key, projectId, this.random.pick(known)));
    if (restorable.length > 0) {
      add(2, () => operations.restoreSnapshot(key, projectId, this.random.pick(restorable)));
      add(1, () => {
        const other = `t${this.#counter}`;
        return operations.restoreSnapshot(key, projectId, this.random.pick(restorable), other);
      });
    }
    const triggers = { drop_table: this.random.chance(0.5), truncate_table: this.random.chance(0.5) };
    add(1, () => operations.putSettings(key, projectId, { auto_snapshot_triggers: triggers }));
  }

  /** Only changes after which the files of this client can still be imported. */
  #addSchemaChoices(
    add: (weight: number, make: () => Operation) => void,
    key: string,
    at: TablePlace,
    table: TableModel | undefined,
  ): void {
    if (table === undefined) return;
    const ids = table.rows.map(({ id }) => id);
    if (ids.length > 0) add(2, () => schema.deleteRows(key, at, this.random.pick(ids)));
    if (table.keyed) add(1, () => schema.dropPrimaryKey(key, at));
    else if (new Set(ids).size === ids.length) add(1, () => schema.addPrimaryKey(key, at));
  }

  #wantFile(key: string, projectId: string, marker: string, count: number): Operation {
    this.#wanted = { projectId, rows: makeRows(marker, this.random.between(1, 400), count) };
    return operations.prepareUpload(key, projectId);
  }

  async #addFile(admin: Api, projectId: string, marker: string, count: number): Promise<void> {
    await this.#mustSucceed(admin, this.#wantFile(this.#key(), projectId, marker, count));
    while (this.#session !== undefined) await this.#mustSucceed(admin, this.#next());
  }

  async #mustSucceed(admin: Api, operation: Operation): Promise<void> {
    const answer = await operation.send(admin);
    if (answer.status < 200 || answer.status >= 300) throw new Error(`${operation.label}: ${answer.text}`);
    this.#acknowledge(operation, answer.body);
  }

  #projectIds(): string[] {
    return [...Object.keys(this.#world), ...this.#formerProjects.slice(-REMEMBERED_PROJECTS)];
  }

  #key(): string {
    this.#counter += 1;
    return `${this.name}-operation-${this.#counter}`;
  }

  #marker(): string {
    return `${this.name}m${this.#counter}`;
  }
}

/** Undefined when the connection broke before the whole answer was there. */
async function send(operation: Operation, admin: Api): Promise<Answer | undefined> {
  try {
    return await operation.send(admin);
  } catch {
    return undefined;
  }
}

/** With the same key, until the server has an answer: it may still be starting its workers. */
async function retry(operation: Operation, admin: Api): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await operation.send(admin);
    if (attempt === 5 || !TRANSIENT.includes(errorCode(answer) ?? '')) return answer;
  }
}

function isTorn(before: Facts, after: Facts, found: Facts): boolean {
  const changed = Object.keys(after).filter((subject) => before[subject] !== after[subject]);
  return changed.some((subject) => found[subject] !== before[subject] && found[subject] !== after[subject]);
}

/** Files whose answer with the id was lost get the id that the server lists for their content. */
function learnFileIds(
  world: World,
  fileIds: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
): World {
  let learned = world;
  for (const [projectId, { files }] of Object.entries(world)) {
    const known = new Set(files.map(({ id }) => id));
    const withIds = files.map((file) => {
      if (file.id !== null) return file;
      const id = fileIds[projectId]?.[file.sha256]?.find((candidate) => !known.has(candidate)) ?? null;
      known.add(id);
      return { ...file, id };
    });
    learned = withFiles(learned, projectId, withIds);
  }
  return learned;
}
