import type { SeededRandom } from './seeded-random.js';
import type { Cell, TableModel, WorkspaceModel } from './workspace-model.js';

/** One statement and what it does to the content. `apply` must be given a model in which the statement is possible. */
export interface WorkspaceOperation {
  readonly sql: string;
  readonly values?: readonly Cell[];
  apply(model: WorkspaceModel): void;
}

const NAMES = ['t_0', 't_1', 't_2', 't_3'] as const;
const MAX_ROWS = 400;
const MAX_COLUMNS = 5;

/**
 * A statement on a table that this transaction has not touched yet, applied to `model`. Function defaults, generated columns, ALTER and COMMENT are
 * among them: a log with those has failed to replay in other set-ups.
 */
export function workspaceOperation(
  random: SeededRandom,
  model: WorkspaceModel,
  touched: Set<string>,
): WorkspaceOperation {
  const free = NAMES.filter((name) => !touched.has(name));
  const operation =
    free.length === 0 || random.chance(0.1) ? viewOf(random) : onTable(random, model, random.pick(free));
  for (const name of NAMES) if (operation.sql.includes(name)) touched.add(name);
  operation.apply(model);
  return operation;
}

function onTable(random: SeededRandom, model: WorkspaceModel, name: string): WorkspaceOperation {
  const table = model.tables[name];
  if (table === undefined || random.chance(0.15)) return created(random, name);
  const makers = [inserted, updated, deleted, commented, widened, narrowed, dropped, inserted, updated];
  return random.pick(makers)(random, name, table) ?? inserted(random, name, table);
}

type Maker = (random: SeededRandom, name: string, table: TableModel) => WorkspaceOperation | undefined;

/** Throws where the script and its model do not fit. */
function tableOf(model: WorkspaceModel, name: string): TableModel {
  const table = model.tables[name];
  if (table === undefined) throw new Error(`${name} is not in the model`);
  return table;
}

function created(random: SeededRandom, name: string): WorkspaceOperation {
  const count = random.between(0, 100);
  const value = random.between(0, 1_000_000);
  if (random.chance(0.5)) {
    return {
      sql: `CREATE OR REPLACE TABLE ${name} AS SELECT range::INT AS id, (range * ${value} % 1000)::INT AS v, now() AS made_at FROM range(${count})`,
      apply: (model) => {
        const rows = Object.fromEntries(Array.from({ length: count }, (_, id) => [id, [(id * value) % 1000]]));
        model.tables[name] = { columns: ['id', 'v'], rows, comment: null };
      },
    };
  }
  return {
    sql: `CREATE OR REPLACE TABLE ${name} (id INT PRIMARY KEY, v INT, made_at TIMESTAMPTZ DEFAULT now(), twice INT GENERATED ALWAYS AS (v * 2))`,
    apply: (model) => {
      model.tables[name] = { columns: ['id', 'v', 'twice'], rows: {}, comment: null };
    },
  };
}

/** Of a new row: what is given, computed, or by default. */
function newRow(table: TableModel, value: number): Cell[] {
  return table.columns.slice(1).map((column) => {
    if (column === 'v') return value;
    if (column === 'twice') return value * 2;
    return Number(column.slice(2));
  });
}

const inserted = (random: SeededRandom, name: string, table: TableModel): WorkspaceOperation => {
  const first = Math.max(-1, ...Object.keys(table.rows).map(Number)) + 1;
  if (first > MAX_ROWS) return deletedAll(name);
  const count = random.between(1, 20);
  const value = random.between(0, 1_000_000);
  const apply = (model: WorkspaceModel): void => {
    const { rows } = tableOf(model, name);
    for (let id = first; id < first + count; id += 1) rows[id] = newRow(table, value);
  };
  if (random.chance(0.5))
    return {
      sql: `INSERT INTO ${name} (id, v) SELECT range, ${value} FROM range(${first}, ${first + count})`,
      apply,
    };
  return {
    sql: `INSERT INTO ${name} (id, v) VALUES ${Array.from({ length: count }, (_, index) => `(${first + index}, ${value})`).join(', ')}`,
    apply,
  };
};

function deletedAll(name: string): WorkspaceOperation {
  return {
    sql: `TRUNCATE ${name}`,
    apply: (model) => {
      const { rows } = tableOf(model, name);
      for (const id of Object.keys(rows)) delete rows[Number(id)];
    },
  };
}

const updated: Maker = (random, name) => {
  const [modulus, add] = [random.between(2, 9), random.between(1, 1000)];
  return {
    sql: `UPDATE ${name} SET v = v + ${add} WHERE id % ${modulus} = 0`,
    apply: (model) => {
      const { columns, rows } = tableOf(model, name);
      for (const [id, row] of Object.entries(rows)) {
        if (Number(id) % modulus !== 0) continue;
        const value = Number(row[columns.indexOf('v') - 1]) + add;
        row[columns.indexOf('v') - 1] = value;
        if (columns.includes('twice')) row[columns.indexOf('twice') - 1] = value * 2;
      }
    },
  };
};

const deleted: Maker = (random, name) => {
  const modulus = random.between(2, 9);
  return {
    sql: `DELETE FROM ${name} WHERE id % ${modulus} = 1`,
    apply: (model) => {
      const { rows } = tableOf(model, name);
      for (const id of Object.keys(rows)) if (Number(id) % modulus === 1) delete rows[Number(id)];
    },
  };
};

const commented: Maker = (random, name) => {
  const comment = `it's ${random.between(0, 1_000_000)}`;
  return {
    sql: `COMMENT ON TABLE ${name} IS '${comment.replaceAll("'", "''")}'`,
    apply: (model) => {
      tableOf(model, name).comment = comment;
    },
  };
};

/** The name of a column that is added tells its default. */
const widened: Maker = (random, name, table) => {
  const value = random.between(0, 99);
  const column = `c_${value}`;
  if (table.columns.includes(column) || table.columns.length >= MAX_COLUMNS || table.columns.includes('twice'))
    return undefined;
  return {
    sql: `ALTER TABLE ${name} ADD COLUMN ${column} INT DEFAULT ${value}`,
    apply: (model) => {
      const changed = tableOf(model, name);
      changed.columns.push(column);
      for (const row of Object.values(changed.rows)) row.push(value);
    },
  };
};

const narrowed: Maker = (random, name, table) => {
  const extra = table.columns.filter((column) => column.startsWith('c_'));
  if (extra.length === 0) return undefined;
  const column = random.pick(extra);
  return {
    sql: `ALTER TABLE ${name} DROP COLUMN ${column}`,
    apply: (model) => {
      const changed = tableOf(model, name);
      const at = changed.columns.indexOf(column);
      changed.columns.splice(at, 1);
      for (const row of Object.values(changed.rows)) row.splice(at - 1, 1);
    },
  };
};

const dropped: Maker = (random, name) =>
  random.chance(0.3)
    ? {
        sql: `DROP TABLE ${name}`,
        apply: (model) => {
          delete model.tables[name];
        },
      }
    : undefined;

function viewOf(random: SeededRandom): WorkspaceOperation {
  const value = random.between(0, 1_000_000);
  return {
    sql: `CREATE OR REPLACE VIEW v AS SELECT ${value}::INT AS n`,
    apply: (model) => {
      model.view = value;
    },
  };
}
