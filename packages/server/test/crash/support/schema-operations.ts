import { request, tablePath, type Operation, type TablePlace } from './operations.js';
import {
  columnsOf,
  withAutoSnapshot,
  withTable,
  type ColumnModel,
  type Row,
  type TableModel,
  type World,
} from './world.js';

/** Changes of columns, keys and rows, each as a request and as what it makes of the world. */
function change(
  kind: string,
  key: string,
  at: TablePlace,
  target: { readonly method: string; readonly path: string; readonly json?: unknown },
  after: (table: TableModel) => TableModel,
): Operation {
  return request(kind, key, { ...target, path: `${tablePath(at)}${target.path}` }, (world: World) => {
    const table = world[at.projectId]?.buckets[at.bucket]?.[at.table];
    if (table === undefined) throw new Error('changes a table that is not there');
    return withTable(world, at, after(table));
  });
}

/** An INTEGER column with a default, NOT NULL. */
export function addColumn(key: string, at: TablePlace, name: string, value: number): Operation {
  const json = { name, type: 'INTEGER', nullable: false, default: String(value) };
  return change('add column', key, at, { method: 'POST', path: '/columns', json }, (table) => ({
    ...table,
    columns: [...columnsOf(table), { name, type: 'INTEGER', nullable: false }],
    rows: table.rows.map((row) => ({ ...row, [name]: value })),
  }));
}

/** Everything that can be altered, of the column `value`. */
export function alterColumn(key: string, at: TablePlace): Operation {
  const json = { new_name: 'bytes', new_type: 'BLOB', set_not_null: true, set_default: "'none'" };
  const next: ColumnModel = { name: 'bytes', type: 'BLOB', nullable: false };
  return change('alter column', key, at, { method: 'PUT', path: '/columns/value', json }, (table) => ({
    ...table,
    columns: columnsOf(table).map((column) => (column.name === 'value' ? next : column)),
    rows: table.rows.map(({ value, ...row }) => ({ ...row, bytes: Buffer.from(String(value)).toString('base64') })),
  }));
}

export function dropColumn(key: string, at: TablePlace, name: string): Operation {
  return change('drop column', key, at, { method: 'DELETE', path: `/columns/${name}` }, (table) => ({
    ...table,
    columns: columnsOf(table).filter((column) => column.name !== name),
    rows: table.rows.map(({ [name]: _dropped, ...row }) => row as Row),
  }));
}

export function addPrimaryKey(key: string, at: TablePlace): Operation {
  const target = { method: 'POST', path: '/primary-key', json: { columns: ['id'] } };
  return change('add primary key', key, at, target, (table) => ({
    ...table,
    keyed: true,
    columns: columnsOf(table).map((column) => (column.name === 'id' ? { ...column, nullable: false } : column)),
  }));
}

/** The column stays NOT NULL. */
export function dropPrimaryKey(key: string, at: TablePlace): Operation {
  return change('drop primary key', key, at, { method: 'DELETE', path: '/primary-key' }, (table) => ({
    ...table,
    keyed: false,
    columns: columnsOf(table),
  }));
}

/** Those up to an id. Where that is every row, the table is emptied, and the trigger of truncating protects it. */
export function deleteRows(key: string, at: TablePlace, lastId: number): Operation {
  const json = { where_clause: `id <= ${lastId}` };
  const deletion = change('delete rows', key, at, { method: 'DELETE', path: '/rows', json }, (table) => ({
    ...table,
    rows: table.rows.filter(({ id }) => id > lastId),
  }));
  const emptiesTable = (world: World): boolean => {
    const rows = world[at.projectId]?.buckets[at.bucket]?.[at.table]?.rows ?? [];
    return rows.length > 0 && rows.every(({ id }) => id <= lastId);
  };
  return {
    ...deletion,
    after: (world, answer) =>
      deletion.after(emptiesTable(world) ? withAutoSnapshot(world, at, 'auto_pretruncate') : world, answer),
  };
}
