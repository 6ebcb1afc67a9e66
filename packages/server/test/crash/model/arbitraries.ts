import fc from 'fast-check';
import {
  ChangeTable,
  CreateTable,
  DropTable,
  RestoreSnapshot,
  RestoreVersion,
  TakeSnapshot,
  type Crash,
  type Model,
} from './commands.js';
import type { ColumnAlteration, TableChange } from './changes.js';
import type { RealStorage } from './real-storage.js';
import type { Column, Literal, TableState, Type } from './table-state.js';

/** Few names and few values, so that they meet: keys repeat, columns exist already, texts are numbers by chance. */
const TABLES = ['t1', 't2'];
const COLUMNS = ['a', 'b', 'c', 'd', 'E'];
const TEXTS = ['0', '1', '2', '3', '1.25', '2.25', 'x', 'y'];
const TYPES: readonly Type[] = ['INTEGER', 'DOUBLE', 'VARCHAR'];
const MAX_LINES = 6;

const table = fc.constantFrom(...TABLES);
const name = fc.constantFrom(...COLUMNS);
const type = fc.constantFrom(...TYPES);
/** Null, but once in so many times. */
function sometimes<T>(arbitrary: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | null> {
  return fc.oneof({ arbitrary: fc.constant(null), weight: oneIn - 1 }, { arbitrary, weight: 1 });
}

const literal: fc.Arbitrary<Literal> = fc
  .constantFrom(...TEXTS)
  .map((text) => ({ text, isText: !/^\d/.test(text) || text === '3' }));

const column: fc.Arbitrary<Column> = fc.record({
  name,
  type,
  nullable: fc.boolean(),
  default: sometimes(literal, 2),
});

/** A default that fits the type, since the request as a whole is refused otherwise. */
function fitting(each: Column): Column {
  const isNumber = each.default === null || /^\d/.test(each.default.text);
  return each.type === 'VARCHAR' || isNumber ? each : { ...each, default: null };
}

const newTable: fc.Arbitrary<TableState> = fc
  .record({
    columns: fc.uniqueArray(column, { minLength: 1, maxLength: 4, selector: ({ name: own }) => own.toLowerCase() }),
    keyLength: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ columns, keyLength }) => {
    const key = columns.slice(0, keyLength).map(({ name: own }) => own);
    const fixed = columns.map(fitting).map((each) => (key.includes(each.name) ? { ...each, nullable: false } : each));
    return { columns: fixed, key, rows: [] };
  });

/** Mostly none, so that a sequence gets somewhere; the delays reach from before the engine to after the answer. */
const crash: fc.Arbitrary<Crash | null> = sometimes(
  fc.record({
    victim: fc.constantFrom('service', 'workers', 'workers'),
    afterMs: fc.integer({ min: 0, max: 120 }),
    retry: fc.boolean(),
  }),
  12,
);

type Make = (state: TableState) => TableChange;

const load: fc.Arbitrary<Make> = fc
  .record({
    incremental: fc.boolean(),
    omitted: sometimes(name, 3),
    lines: fc.array(fc.array(fc.constantFrom('', ...TEXTS), { minLength: 8, maxLength: 8 }), { maxLength: MAX_LINES }),
  })
  .map(({ incremental, omitted, lines }) => (state) => {
    const all = state.columns.map((each) => each.name);
    const some = all.filter((each) => each !== omitted || state.key.includes(each));
    const columns = some.length === 0 ? all : some;
    // An empty line is no row; a file of one column has values everywhere.
    const filled = (text: string): string => (columns.length === 1 && text === '' ? '1' : text);
    const texts = lines.map((line) => columns.map((_, index) => filled(line[index] ?? '')));
    return {
      kind: 'import',
      load: { incremental, columns, lines: texts.map((line) => fittingLine(state, columns, line)) },
    };
  });

/** Half of the lines with a text that is no number get one where the column wants it: whole files would seldom load. */
function fittingLine(state: TableState, columns: readonly string[], line: readonly string[]): readonly string[] {
  return line.map((text, index) => {
    const own = state.columns.find((each) => each.name === columns[index]);
    if (text === '' && own?.nullable === false) return line.includes('x') ? text : '2';
    return own?.type !== 'VARCHAR' && text === 'y' ? '3' : text;
  });
}

const rowDeletion: fc.Arbitrary<Make> = fc
  .record({
    kind: fc.constantFrom('all', 'none', 'is null', 'equals', 'equals', 'equals'),
    at: fc.nat(7),
    text: fc.constantFrom(...TEXTS, '1.0'),
  })
  .map(({ kind, at, text }) => (state) => {
    const own = state.columns[at % state.columns.length]?.name ?? 'a';
    if (kind === 'all' || kind === 'none') return { kind: 'delete rows', condition: { kind } };
    return { kind: 'delete rows', condition: { kind, column: own, text } };
  });

const alteration: fc.Arbitrary<ColumnAlteration> = fc.record(
  { newName: name, newType: type, notNull: fc.boolean(), newDefault: sometimes(literal, 2) },
  { requiredKeys: [] },
);

/** One of the columns that are there, now and then another name. */
const existing = fc.record({ at: fc.nat(7), other: sometimes(name, 8) });
function columnOf(state: TableState, { at, other }: { at: number; other: string | null }): string {
  return other ?? state.columns[at % state.columns.length]?.name ?? 'a';
}

const columnAddition = column.map((each): Make => () => ({ kind: 'add column', column: each }));
const columnAlteration = fc
  .record({ target: existing, alteration })
  .map(({ target, alteration: each }): Make => (state) => ({
    kind: 'alter column',
    name: columnOf(state, target),
    alteration: each,
  }));
const columnDrop = existing.map((target): Make => (state) => ({ kind: 'drop column', name: columnOf(state, target) }));
const keyAddition = fc
  .array(existing, { minLength: 1, maxLength: 2 })
  .map((targets): Make => (state) => ({ kind: 'add key', names: targets.map((each) => columnOf(state, each)) }));
const keyDrop = fc.constant((): TableChange => ({ kind: 'drop key' }));

const schemaChange: fc.Arbitrary<Make> = fc.oneof(
  { arbitrary: columnAddition, weight: 2 },
  { arbitrary: columnAlteration, weight: 4 },
  { arbitrary: columnDrop, weight: 1 },
  { arbitrary: keyAddition, weight: 2 },
  { arbitrary: keyDrop, weight: 1 },
);

const changed = (make: fc.Arbitrary<Make>) => fc.tuple(table, make, crash).map((parts) => new ChangeTable(...parts));

/** Sequences that begin with a table, so that most of a sequence is about something. */
export function histories(options: { maxCommands: number }) {
  const creation = fc.tuple(table, newTable, crash).map((parts) => new CreateTable(...parts));
  const commands: fc.Arbitrary<fc.AsyncCommand<Model, RealStorage>>[] = [
    creation,
    changed(load),
    changed(load),
    changed(load),
    changed(rowDeletion),
    changed(schemaChange),
    changed(schemaChange),
    changed(schemaChange),
    changed(schemaChange),
    table.map((each) => new TakeSnapshot(each)),
    fc.tuple(fc.nat(9), crash).map((parts) => new RestoreSnapshot(...parts)),
    fc.tuple(table, fc.nat(9), crash).map((parts) => new RestoreVersion(...parts)),
    fc.tuple(table, crash).map((parts) => new DropTable(...parts)),
  ];
  // Without bias: each sequence is a run of its own, and first runs are small otherwise.
  return {
    first: fc.noBias(fc.tuple(newTable, newTable)),
    commands: fc.noBias(fc.commands(commands, { ...options, size: 'max' })),
  };
}
