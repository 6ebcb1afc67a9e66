// node-postgres with its companions: pg-cursor, pg-query-stream, pg-copy-streams.
import { pipeline } from 'node:stream/promises';
import { Readable, Writable } from 'node:stream';
import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { fails, feature, run, settings, show } from './transcript.mjs';

const COLUMNS =
  'flag, small, whole, big, exact, single, twice, words, bytes, day, clock, moment, instant, span, ident, doc, ints, texts';
const ENDLESS =
  'SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x)';

async function withClient(work, options = {}) {
  const client = new pg.Client({ ...settings, ...options });
  client.on('error', () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function fieldsOf(result) {
  return result.fields.map(({ name, dataTypeID, dataTypeSize, dataTypeModifier, format }) =>
    [name, dataTypeID, dataTypeSize, dataTypeModifier, format].join('/'),
  );
}

feature('connect', async () => {
  await withClient(async (client) => {
    show((await client.query('SELECT 1 AS one')).rows);
    show(typeof client.processID);
  });
  await withClient(
    async (client) => {
      show((await client.query('SHOW application_name')).rows);
      show((await client.query('SHOW statement_timeout')).rows);
    },
    { application_name: 'wire', statement_timeout: 4321, ssl: { rejectUnauthorized: false } },
  );
  await fails(() => withClient(async () => {}, { password: 'wrong' }));
  await fails(() => withClient(async () => {}, { database: 'nothing_here' }));
});

feature('all-types', async () => {
  await withClient(async (client) => {
    const result = await client.query(`SELECT ${COLUMNS} FROM all_types ORDER BY id`);
    show(fieldsOf(result));
    for (const row of result.rows) for (const value of Object.values(row)) show(value);
    show(result.command, result.rowCount);
  });
});

feature('all-types-binary', async () => {
  await withClient(async (client) => {
    const result = await client.query({
      text: 'SELECT flag, small, whole, single, twice, words, bytes, ints, texts FROM all_types ORDER BY id',
      binary: true,
    });
    show(fieldsOf(result));
    for (const row of result.rows) for (const value of Object.values(row)) show(value);
  });
});

feature('parameters', async () => {
  await withClient(async (client) => {
    await client.query(
      'CREATE TABLE npg_bound (a integer, b text, c numeric(12,3), d date, e timestamptz, f boolean, g bytea, h uuid, i double precision, j integer[], k text[], l json)',
    );
    const row = [
      7,
      "it's \\ ☃",
      '12.345',
      '2024-02-29',
      new Date(Date.UTC(2024, 1, 29, 1, 2, 3, 4)),
      true,
      Buffer.from([0, 255]),
      '00000000-0000-0000-0000-000000000005',
      1e300,
      [1, 2, null],
      ['a', null, 'q"'],
      { a: [1, null] },
    ];
    const marks = row.map((_, index) => `$${index + 1}`).join(', ');
    show((await client.query(`INSERT INTO npg_bound VALUES (${marks})`, row)).rowCount);
    show(
      (
        await client.query(
          `INSERT INTO npg_bound VALUES (${marks})`,
          row.map(() => null),
        )
      ).rowCount,
    );
    show((await client.query('SELECT * FROM npg_bound ORDER BY a')).rows);
    show((await client.query('SELECT id FROM customers WHERE id = ANY($1) ORDER BY id', [[1, 3]])).rows);
    show((await client.query('SELECT $1::text AS a, $2::integer + 1 AS b, $3 AS c', ['x', 1, 'y'])).rows);
    await client.query('DROP TABLE npg_bound');
  });
});

feature('named-statement', async () => {
  await withClient(async (client) => {
    const query = { name: 'by-id', text: 'SELECT name FROM customers WHERE id = $1' };
    for (const id of [1, 2, 3, 4]) show((await client.query({ ...query, values: [id] })).rows);
    show((await client.query({ ...query, values: [1], rowMode: 'array' })).rows);
    await fails(() => client.query({ ...query, values: ['x'] }));
    show((await client.query({ ...query, values: [2] })).rows);
  });
});

feature('several-statements', async () => {
  await withClient(async (client) => {
    const results = await client.query(
      'SELECT 1 AS a; SELECT 2 AS b, 3 AS c; CREATE TABLE npg_multi (a int); DROP TABLE npg_multi',
    );
    show(results.map(({ command, rowCount, rows }) => ({ command, rowCount, rows })));
    await fails(() => client.query('SELECT 1; SELECT * FROM missing; SELECT 2'));
    show((await client.query('SELECT 3 AS still')).rows);
    show((await client.query('')).rows);
  });
});

feature('transactions', async () => {
  await withClient(async (client) => {
    await client.query('CREATE TABLE npg_moved (a integer PRIMARY KEY)');
    await client.query('BEGIN');
    await client.query('INSERT INTO npg_moved VALUES ($1)', [1]);
    await fails(() => client.query('INSERT INTO npg_moved VALUES ($1)', [1]));
    await fails(() => client.query('SELECT 1'));
    show((await client.query('COMMIT')).command);
    await client.query('BEGIN');
    show((await client.query('INSERT INTO npg_moved VALUES (1), (2) RETURNING a')).rows);
    show((await client.query('COMMIT')).command, (await client.query('SELECT count(*) FROM npg_moved')).rows);
    await client.query('DROP TABLE npg_moved');
  });
});

feature('errors', async () => {
  await withClient(async (client) => {
    for (const text of [
      'SELECT nme FROM customers',
      'SELEC 1',
      "INSERT INTO customers (id, email, name) VALUES (1, 'a', 'b')",
    ]) {
      try {
        await client.query(text);
      } catch (error) {
        show(error.severity, error.code, error.position ?? 'no position', error.table ?? '', error.constraint ?? '');
      }
    }
  });
});

feature('pg-cursor', async () => {
  await withClient(async (client) => {
    const cursor = client.query(new Cursor('SELECT n FROM numbers WHERE n <= $1 ORDER BY n', [250]));
    const sizes = [];
    let total = 0;
    for (;;) {
      const rows = await cursor.read(100);
      sizes.push(rows.length);
      if (rows.length === 0) break;
      total += rows.reduce((sum, row) => sum + row.n, 0);
    }
    show(sizes, total);
    const early = client.query(new Cursor('SELECT n FROM numbers ORDER BY n'));
    show((await early.read(5)).length);
    await early.close();
    show((await client.query('SELECT 1 AS after')).rows);
    const exact = client.query(new Cursor('SELECT n FROM numbers WHERE n <= 100'));
    show((await exact.read(100)).length, (await exact.read(100)).length);
  });
});

feature('pg-query-stream', async () => {
  await withClient(async (client) => {
    let total = 0;
    let count = 0;
    for await (const row of client.query(
      new QueryStream('SELECT n FROM numbers ORDER BY n', [], { batchSize: 1000 }),
    )) {
      total += row.n;
      count += 1;
    }
    show(count, total);
    for await (const row of client.query(new QueryStream('SELECT n FROM numbers ORDER BY n'))) {
      if (row.n === 50) break;
    }
    show((await client.query('SELECT 1 AS after')).rows);
    await fails(async () => {
      for await (const row of client.query(
        new QueryStream("SELECT (CASE WHEN n = 5000 THEN 'x' ELSE '1' END)::integer AS v FROM numbers ORDER BY n"),
      )) {
        count = row.v;
      }
    });
    show((await client.query('SELECT 2 AS after')).rows);
  });
});

feature('pg-copy-streams', async () => {
  await withClient(async (client) => {
    await client.query('CREATE TABLE npg_copied (n integer, label text)');
    const chunks = [];
    await pipeline(
      client.query(copyTo('COPY (SELECT n, label FROM numbers ORDER BY n) TO STDOUT WITH (FORMAT csv)')),
      new Writable({
        write(chunk, _, done) {
          chunks.push(chunk);
          done();
        },
      }),
    );
    const csv = Buffer.concat(chunks);
    show(csv.length);
    const inward = client.query(copyFrom('COPY npg_copied FROM STDIN WITH (FORMAT csv)'));
    await pipeline(Readable.from([csv.subarray(0, 1001), csv.subarray(1001)]), inward);
    show(inward.rowCount, (await client.query('SELECT count(*), sum(n) FROM npg_copied')).rows);
    await fails(() =>
      pipeline(Readable.from(['x,y\n']), client.query(copyFrom('COPY npg_copied FROM STDIN WITH (FORMAT csv)'))),
    );
    show((await client.query('SELECT count(*) FROM npg_copied')).rows);
    await client.query('DROP TABLE npg_copied');
  });
});

feature('pool', async () => {
  const pool = new pg.Pool({ ...settings, max: 3 });
  const got = await Promise.all(
    Array.from({ length: 20 }, (_, i) => pool.query('SELECT $1::integer * 2 AS twice', [i])),
  );
  show(got.map(({ rows }) => rows[0].twice));
  await fails(() => pool.query('SELECT * FROM missing'));
  show((await pool.query('SELECT 1 AS one')).rows);
  await pool.end();
});

feature('timeout', async () => {
  await withClient(async (client) => {
    await client.query('SET statement_timeout = 300');
    await fails(() => client.query(ENDLESS));
    show((await client.query('SELECT 1 AS after')).rows);
  });
});

feature('listen', async () => {
  await withClient(async (client) => {
    show((await client.query('LISTEN something')).command);
    const told = new Promise((resolve) => client.once('notification', resolve));
    await withClient(async (other) => {
      show((await other.query("NOTIFY something, 'it''s'")).command);
      const { channel, payload, processId } = await told;
      show(channel, payload, processId === other.processID);
    });
    show((await client.query('UNLISTEN *')).command);
  });
});

feature('savepoints', async () => {
  await withClient(async (client) => {
    await client.query('BEGIN');
    await client.query('SAVEPOINT one');
    await fails(() => client.query('SELECT * FROM missing'));
    await client.query('ROLLBACK TO SAVEPOINT one');
    show((await client.query('SELECT count(*) FROM customers')).rows);
    show((await client.query('RELEASE SAVEPOINT one')).command);
    await client.query('COMMIT');
  });
});

feature('information-schema', async () => {
  await withClient(async (client) => {
    // As Knex asks for the columns of a table, and TypeORM for its keys.
    const columns = await client.query(
      'select column_name, data_type, is_nullable, column_default, character_maximum_length from information_schema.columns where table_name = $1 and table_catalog = current_database() and table_schema = current_schema() order by ordinal_position',
      ['customers'],
    );
    for (const row of columns.rows) show(row);
    const keys = await client.query(
      `SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "cnst"."conname" AS "constraint_name", pg_get_constraintdef("cnst"."oid") AS "expression", CASE "cnst"."contype" WHEN 'p' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK' END AS "constraint_type", "a"."attname" AS "column_name" FROM "pg_constraint" "cnst" INNER JOIN "pg_class" "t" ON "t"."oid" = "cnst"."conrelid" INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "cnst"."connamespace" LEFT JOIN "pg_attribute" "a" ON "a"."attrelid" = "cnst"."conrelid" AND "a"."attnum" = ANY ("cnst"."conkey") WHERE "t"."relkind" IN ('r', 'p') AND "ns"."nspname" = 'public' AND "t"."relname" = 'order_items' AND "cnst"."contype" = 'p' ORDER BY 6`,
    );
    for (const row of keys.rows) show(row);
  });
});

await run();
