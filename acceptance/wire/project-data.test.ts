import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, mustSucceed } from '../helpers/api.js';
import { createBranch, inBranch, type Branch } from '../helpers/branches.js';
import { linkAs, createOwner, shareWith, type Owner } from '../helpers/sharing.js';
import {
  createBucket,
  createProject,
  createTable,
  importContent,
  type Project,
  type Table,
} from '../helpers/storage.js';
import type { Connection } from './harness/target.js';
import { Workspaces } from './harness/workspaces.js';

/*
 * What no PostgreSQL has: the project's own tables, read-only, in schemas named like their buckets. node-postgres is the client, so
 * that a session can be kept open while the project changes below it.
 */
let workspaces: Workspaces;
let project: Project;
let orders: Table;
let owner: Owner;
let branch: Branch;
let inMain: Connection;
let inItsBranch: Connection;

async function withClient<T>(connection: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    host: connection.PGHOST,
    port: Number(connection.PGPORT),
    database: connection.PGDATABASE,
    user: connection.PGUSER,
    password: connection.PGPASSWORD,
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function rows(client: pg.Client, text: string, values: unknown[] = []): Promise<unknown[][]> {
  const result = await client.query<unknown[]>({ text, values, rowMode: 'array' });
  return result.rows;
}

async function sqlState(client: pg.Client, text: string): Promise<string | undefined> {
  try {
    await client.query(text);
    return undefined;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code;
    throw error;
  }
}

beforeAll(async () => {
  workspaces = await Workspaces.start();
  const admin = new Api(workspaces.server.baseUrl, workspaces.server.adminKey);
  project = await createProject(admin);
  await createBucket(project, 'in_c_sales');
  orders = await createTable(
    project,
    'in_c_sales',
    { id: 'INTEGER', customer: 'VARCHAR', amount: 'DECIMAL(10,2)' },
    { name: 'orders', primaryKey: ['id'] },
  );
  mustSucceed(await importContent(orders, 'id,customer,amount\n1,Ada,10.50\n2,Bob,0.25\n'));
  owner = await createOwner(admin);
  mustSucceed(await shareWith(owner, project));
  mustSucceed(await linkAs('linked', project, owner.project));
  branch = await createBranch(project);
  inMain = await workspaces.newWorkspace(project, { name: 'main' });
  inItsBranch = await workspaces.newWorkspace(project, { name: 'branch' }, branch.path);
});
afterAll(async () => {
  await workspaces.stop();
});

describe('tables of the project in a workspace', () => {
  it('are read by bucket and table, in both spellings of the bucket', async () => {
    await withClient(inMain, async (client) => {
      expect(await rows(client, 'SELECT id, customer, amount FROM in_c_sales.orders ORDER BY id')).toEqual([
        [1, 'Ada', '10.50'],
        [2, 'Bob', '0.25'],
      ]);
      expect(await rows(client, 'SELECT count(*) FROM "in.c-sales"."orders"')).toEqual([['2']]);
      expect(
        await rows(client, 'SELECT "in_c_sales"."orders"."customer" FROM "in_c_sales"."orders" WHERE id = $1', [2]),
      ).toEqual([['Bob']]);
    });
  });

  it('are where the columns of a result say they come from', async () => {
    await withClient(inMain, async (client) => {
      await client.query('CREATE TABLE origins (a integer, b text)');
      const { fields } = await client.query(
        'SELECT o.amount, b, o.amount + 1 FROM "in.c-sales".orders o LEFT JOIN origins ON a = o.id',
      );
      const origins = fields.map(({ tableID, columnID }) => [tableID, columnID]);
      await client.query('DROP TABLE origins');
      const [[ordersOid] = []] = await rows(client, "SELECT 'in_c_sales.orders'::regclass::oid");
      expect(origins).toEqual([
        [ordersOid, 3],
        [expect.any(Number), 2],
        [0, 0],
      ]);
      expect(origins[1]?.[0]).not.toBe(0);
    });
  });

  it('join with tables of the workspace, which can be made from them', async () => {
    await withClient(inMain, async (client) => {
      await client.query('CREATE TABLE notes (order_id integer, note text)');
      await client.query("INSERT INTO notes VALUES (1, 'urgent'), (9, 'nowhere')");
      expect(
        await rows(
          client,
          'SELECT o.id, n.note FROM in_c_sales.orders o LEFT JOIN notes n ON n.order_id = o.id ORDER BY 1',
        ),
      ).toEqual([
        [1, 'urgent'],
        [2, null],
      ]);
      await client.query('CREATE TABLE copied AS SELECT * FROM in_c_sales.orders WHERE amount > 1');
      await client.query('CREATE VIEW expensive AS SELECT customer FROM in_c_sales.orders WHERE amount > 1');
      await client.query('BEGIN');
      await client.query('INSERT INTO copied SELECT id + 100, customer, amount FROM in_c_sales.orders');
      expect(await rows(client, 'SELECT count(*) FROM copied')).toEqual([['3']]);
      await client.query('COMMIT');
      expect(await rows(client, 'SELECT * FROM expensive')).toEqual([['Ada']]);
    });
  });

  it('cannot be written, whatever the statement', async () => {
    await withClient(inMain, async (client) => {
      for (const statement of [
        "INSERT INTO in_c_sales.orders VALUES (3, 'Cid', 1)",
        'UPDATE in_c_sales.orders SET amount = 0',
        'DELETE FROM in_c_sales.orders',
        'TRUNCATE in_c_sales.orders',
        'DROP TABLE in_c_sales.orders',
        'DROP VIEW in_c_sales.orders',
        'ALTER TABLE in_c_sales.orders ADD COLUMN x integer',
        'CREATE TABLE in_c_sales.more (a integer)',
        'CREATE VIEW in_c_sales.more AS SELECT 1 AS a',
        'CREATE INDEX more ON in_c_sales.orders (id)',
        'DROP SCHEMA in_c_sales CASCADE',
        'INSERT INTO linked.orders VALUES (3, NULL)',
        'INSERT INTO "in.c-sales".orders VALUES (3, NULL, NULL)',
      ]) {
        expect.soft(await sqlState(client, statement), statement).toBe('25006');
      }
      expect(await rows(client, 'SELECT count(*) FROM in_c_sales.orders')).toEqual([['2']]);
    });
  });

  it('show a new version at the next transaction, without another connection', async () => {
    await withClient(inMain, async (client) => {
      await client.query('BEGIN');
      expect(await rows(client, 'SELECT count(*) FROM in_c_sales.orders')).toEqual([['2']]);
      mustSucceed(
        await importContent(orders, 'id,customer,amount\n3,Cid,5.00\n', { import_options: { incremental: true } }),
      );
      expect(await rows(client, 'SELECT count(*) FROM in_c_sales.orders')).toEqual([['2']]);
      await client.query('COMMIT');
      expect(await rows(client, 'SELECT count(*) FROM in_c_sales.orders')).toEqual([['3']]);
    });
  });

  it('show a new table and miss a dropped one at the next transaction', async () => {
    await withClient(inMain, async (client) => {
      expect(await sqlState(client, 'SELECT * FROM in_c_sales.later')).toBe('42P01');
      const later = await createTable(project, 'in_c_sales', { a: 'INTEGER' }, { name: 'later' });
      expect(await rows(client, 'SELECT count(*) FROM in_c_sales.later')).toEqual([['0']]);
      mustSucceed(await project.api.delete(later.path));
      expect(await sqlState(client, 'SELECT * FROM in_c_sales.later')).toBe('42P01');
    });
  });

  it('include those of linked buckets, until the share ends', async () => {
    await withClient(inMain, async (client) => {
      expect(await rows(client, 'SELECT id, note FROM linked.orders ORDER BY id')).toEqual([
        [1, 'a'],
        [2, 'b'],
      ]);
      expect(
        await rows(
          client,
          'SELECT o.customer, l.note FROM in_c_sales.orders o JOIN linked.orders l USING (id) ORDER BY 1',
        ),
      ).toEqual([
        ['Ada', 'a'],
        ['Bob', 'b'],
      ]);
    });
  });

  it('are in the catalogs with keys and comments, whether read before or not', async () => {
    await withClient(inMain, async (client) => {
      expect(
        await rows(
          client,
          "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('in_c_sales', 'linked') ORDER BY 1, 2",
        ),
      ).toEqual([
        ['in_c_sales', 'orders'],
        ['linked', 'orders'],
      ]);
      expect(
        await rows(
          client,
          "SELECT column_name, data_type, numeric_precision, numeric_scale FROM information_schema.columns WHERE table_schema = 'in_c_sales' AND table_name = 'orders' ORDER BY ordinal_position",
        ),
      ).toEqual([
        ['id', 'integer', 32, 0],
        ['customer', expect.stringMatching(/^(text|character varying)$/), null, null],
        ['amount', 'numeric', 10, 2],
      ]);
      expect(
        await rows(
          client,
          `SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
           WHERE i.indrelid = 'in_c_sales.orders'::regclass AND i.indisprimary`,
        ),
      ).toEqual([['id']]);
      expect(
        await rows(
          client,
          "SELECT has_table_privilege('in_c_sales.orders', 'SELECT'), has_table_privilege('in_c_sales.orders', 'INSERT')",
        ),
      ).toEqual([[true, false]]);
    });
  });

  it("of a branch are the branch's own once it has written them", async () => {
    await withClient(inItsBranch, async (client) => {
      const before = await rows(client, 'SELECT count(*) FROM in_c_sales.orders');
      mustSucceed(
        await importContent(inBranch(branch, orders), 'id,customer,amount\n70,Branch,1\n71,Branch,1\n', {
          import_options: { incremental: true },
        }),
      );
      expect(await rows(client, "SELECT count(*) FROM in_c_sales.orders WHERE customer = 'Branch'")).toEqual([['2']]);
      expect(Number((await rows(client, 'SELECT count(*) FROM in_c_sales.orders'))[0]?.[0])).toBe(
        Number(before[0]?.[0]) + 2,
      );
    });
    await withClient(inMain, async (client) => {
      expect(await rows(client, "SELECT count(*) FROM in_c_sales.orders WHERE customer = 'Branch'")).toEqual([['0']]);
    });
  });

  it('of other projects do not exist', async () => {
    await withClient(inMain, async (client) => {
      expect(await sqlState(client, 'SELECT * FROM sales.orders')).toBe('42P01');
      expect(await rows(client, "SELECT count(*) FROM pg_namespace WHERE nspname = 'sales'")).toEqual([['0']]);
    });
  });

  it("refuse a schema of a bucket's name", async () => {
    await withClient(inMain, async (client) => {
      expect(await sqlState(client, 'CREATE SCHEMA in_c_sales')).toBe('42P06');
      expect(await sqlState(client, 'CREATE SCHEMA "IN_C_SALES"')).toBe('42P06');
    });
  });
});

describe('sessions of a workspace', () => {
  it('do not see what another has not committed, nor its settings and temporary tables', async () => {
    await withClient(inMain, async (one) => {
      await withClient(inMain, async (other) => {
        await one.query('CREATE TEMP TABLE mine (a integer)');
        await one.query("SET application_name = 'one'");
        await one.query('BEGIN');
        await one.query('CREATE TABLE hidden (a integer)');
        expect(await sqlState(other, 'SELECT * FROM hidden')).toBe('42P01');
        expect(await sqlState(other, 'SELECT * FROM mine')).toBe('42P01');
        expect(await rows(other, "SELECT current_setting('application_name') = 'one'")).toEqual([[false]]);
        await one.query('COMMIT');
        expect(await rows(other, 'SELECT count(*) FROM hidden')).toEqual([['0']]);
      });
    });
  });

  it('are refused beyond the limit and let in again when one has ended', async () => {
    const open: pg.Client[] = [];
    const another = (): pg.Client =>
      new pg.Client({
        host: inMain.PGHOST,
        port: Number(inMain.PGPORT),
        database: inMain.PGDATABASE,
        user: inMain.PGUSER,
        password: inMain.PGPASSWORD,
      });
    for (let index = 0; index < 5; index += 1) {
      const client = another();
      await client.connect();
      open.push(client);
    }
    await expect(another().connect()).rejects.toMatchObject({ code: '53300' });
    await open.pop()?.end();
    await withClient(inMain, async (client) => {
      expect(await rows(client, 'SELECT 1')).toEqual([[1]]);
    });
    for (const client of open) await client.end();
  });

  it('end when the password is reset', async () => {
    const workspace = await workspaces.newWorkspace(project, { name: 'reset' });
    const list = mustSucceed(
      await project.api.get<{ workspaces: { id: string; connection: { database: string } }[] }>(
        `${project.path}/workspaces`,
      ),
    );
    const { id = '' } = list.workspaces.find((one) => one.connection.database === workspace.PGDATABASE) ?? {};
    const client = new pg.Client({
      host: workspace.PGHOST,
      port: Number(workspace.PGPORT),
      database: workspace.PGDATABASE,
      user: workspace.PGUSER,
      password: workspace.PGPASSWORD,
    });
    await client.connect();
    // The driver reports twice: what the server said, and that the connection is gone.
    const ended = new Promise<Error>((resolve) => client.on('error', resolve));
    mustSucceed(await project.api.post(`${project.path}/workspaces/${id}/credentials/reset`));
    expect(await ended).toMatchObject({ message: expect.any(String) });
    await expect(withClient(workspace, async () => {})).rejects.toMatchObject({ code: '28P01' });
  });
});
