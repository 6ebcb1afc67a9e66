// postgres.js: prepared statements by default, cursors, pipelining, COPY streams.
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import postgres from 'postgres';
import { fails, feature, run, settings, show } from './transcript.mjs';

const ENDLESS =
  'SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x)';

async function withSql(work, options = {}) {
  const sql = postgres({ ...settings, max: 2, onnotice: () => {}, ...options });
  try {
    await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

feature('all-types', () =>
  withSql(async (sql) => {
    const rows =
      await sql`SELECT flag, small, whole, big, exact, single, twice, words, bytes, day, clock, moment, instant, span, ident, doc, ints, texts FROM all_types ORDER BY id`;
    show(rows.columns.map(({ name, type }) => `${name}/${type}`));
    for (const row of rows) for (const value of Object.values(row)) show(value);
    show(rows.command, rows.count);
  }),
);

feature('parameters', () =>
  withSql(async (sql) => {
    await sql`CREATE TABLE pjs_bound (a integer, b text, c numeric(12,3), d date, e timestamptz, f boolean, g bytea, h uuid, i double precision, j integer[], k text[], l json)`;
    await sql`INSERT INTO pjs_bound VALUES (${7}, ${"it's ☃"}, ${'12.345'}, ${'2024-02-29'}, ${new Date(0)}, ${true}, ${Buffer.from([0, 255])}, ${'00000000-0000-0000-0000-000000000005'}, ${1e300}, ${[1, 2]}, ${['a', 'q"']}, ${sql.json({ a: 1 })})`;
    const more = [
      { a: 1, b: 'x' },
      { a: 2, b: null },
    ];
    show((await sql`INSERT INTO pjs_bound ${sql(more, 'a', 'b')}`).count);
    show(await sql`SELECT * FROM pjs_bound ORDER BY a`);
    show(await sql`SELECT id FROM customers WHERE id IN ${sql([1, 3])} ORDER BY id`);
    show((await sql`UPDATE pjs_bound SET ${sql({ b: 'new' }, 'b')} WHERE a = ${1} RETURNING b`)[0]);
    await sql`DROP TABLE pjs_bound`;
  }),
);

feature('cursor', () =>
  withSql(async (sql) => {
    let total = 0;
    const sizes = [];
    for await (const rows of sql`SELECT n FROM numbers WHERE n <= 250 ORDER BY n`.cursor(100)) {
      sizes.push(rows.length);
      for (const row of rows) total += row.n;
    }
    show(sizes, total);
    for await (const [row] of sql`SELECT n FROM numbers ORDER BY n`.cursor()) {
      if (row.n === 10) break;
    }
    show(await sql`SELECT 1 AS after`);
    let seen = 0;
    await sql`SELECT n FROM numbers WHERE n <= 5`.forEach(() => {
      seen += 1;
    });
    show(seen);
  }),
);

feature('begin-and-rollback', () =>
  withSql(async (sql) => {
    await sql`CREATE TABLE pjs_moved (a integer PRIMARY KEY)`;
    await sql.begin(async (tx) => {
      await tx`INSERT INTO pjs_moved VALUES (1)`;
      show(await tx`SELECT count(*) FROM pjs_moved`);
    });
    await fails(() =>
      sql.begin(async (tx) => {
        await tx`INSERT INTO pjs_moved VALUES (2)`;
        await tx`INSERT INTO pjs_moved VALUES (1)`;
      }),
    );
    await sql.begin('read only', async (tx) => {
      show(await tx`SELECT a FROM pjs_moved`);
    });
    show(await sql.begin((tx) => [tx`SELECT 1 AS x`, tx`SELECT 2 AS x`]));
    await sql`DROP TABLE pjs_moved`;
  }),
);

feature('savepoint-reads', () =>
  withSql(async (sql) => {
    await sql.begin(async (tx) => {
      show(await tx.savepoint((inner) => inner`SELECT count(*) FROM customers`));
      await fails(() => tx.savepoint((inner) => inner`SELECT * FROM missing`));
      show(await tx`SELECT count(*) FROM orders`);
    });
  }),
);

feature('simple-and-unsafe', () =>
  withSql(async (sql) => {
    show(await sql`SELECT 1 AS a; SELECT 2 AS b`.simple());
    show(await sql.unsafe('SELECT $1::text AS x', ['y']));
    show(await sql.unsafe('SELECT 1 AS a; SELECT 2 AS b'));
    show(await sql`SELECT id, name FROM customers ORDER BY id`.values());
    show((await sql`SELECT id, name FROM customers ORDER BY id`.raw())[0]);
    const described = await sql`SELECT id, name FROM customers WHERE id = ${1}`.describe();
    show(
      described.types,
      described.columns.map(({ name, type }) => `${name}/${type}`),
    );
    await fails(() => sql`SELECT * FROM missing`);
  }),
);

feature('pipelined', () =>
  withSql(
    async (sql) => {
      const got = await Promise.allSettled([
        sql`SELECT 1 AS x`,
        sql`SELECT 1 / 0 AS x`,
        sql`SELECT * FROM missing`,
        sql`SELECT ${3}::integer AS x`,
      ]);
      show(got.map((one) => (one.status === 'fulfilled' ? one.value[0].x : one.reason.code)));
    },
    { max: 1 },
  ),
);

feature('copy', () =>
  withSql(async (sql) => {
    await sql`CREATE TABLE pjs_copied (n integer, label text)`;
    const inward = await sql`COPY pjs_copied FROM STDIN`.writable();
    await pipeline(Readable.from(['1\tone\n', '2\ttwo\n3\t\\N\n']), inward);
    show(await sql`SELECT * FROM pjs_copied ORDER BY n`);
    const outward = await sql`COPY (SELECT n, label FROM numbers ORDER BY n) TO STDOUT`.readable();
    let bytes = 0;
    for await (const chunk of outward) bytes += chunk.length;
    // postgres.js does not use a connection again after this.
    show(bytes);
  }),
);

feature('cancel', () =>
  withSql(async (sql) => {
    const query = sql.unsafe(ENDLESS);
    const timer = setTimeout(() => query.cancel(), 700);
    await fails(() => query);
    clearTimeout(timer);
    show(await sql`SELECT 1 AS after`);
  }),
);

feature('listen', () =>
  withSql(async (sql) => {
    let arrived;
    const told = new Promise((resolve) => (arrived = resolve));
    const { unlisten } = await sql.listen('something', arrived);
    await sql.notify('something', 'č');
    show(await told);
    await unlisten();
    show('done');
  }),
);

feature('reserve', () =>
  withSql(async (sql) => {
    const reserved = await sql.reserve();
    await reserved`CREATE TEMP TABLE pjs_mine (a integer)`;
    await reserved`INSERT INTO pjs_mine VALUES (1)`;
    show(await reserved`SELECT * FROM pjs_mine`);
    await fails(() => sql`SELECT * FROM pjs_mine`);
    reserved.release();
  }),
);

feature('connect', async () => {
  await withSql(
    async (sql) => {
      show(await sql`SHOW application_name`, await sql`SHOW search_path`);
    },
    { connection: { application_name: 'wire', search_path: 'reports' }, ssl: { rejectUnauthorized: false } },
  );
  await fails(() => withSql((sql) => sql`SELECT 1`, { password: 'wrong' }));
  await fails(() => withSql((sql) => sql`SELECT 1`, { database: 'nothing_here' }));
});

feature('errors', () =>
  withSql(async (sql) => {
    for (const text of [
      'SELECT nme FROM customers',
      'SELEC 1',
      'SELECT 1 / 0',
      "INSERT INTO customers (id, email, name) VALUES (1, 'a', 'b')",
    ]) {
      try {
        await sql.unsafe(text);
      } catch (error) {
        show(
          error.severity,
          error.code,
          error.position ?? 'no position',
          error.table_name ?? '',
          error.constraint_name ?? '',
        );
      }
    }
    show(await sql`SELECT 1 AS after`);
  }),
);

feature('array-types', () =>
  withSql(async (sql) => {
    // Types of arrays are looked up in the catalogue when a connection opens.
    show(await sql`SELECT ARRAY['ok', 'sad']::mood[] AS moods, ARRAY[1, NULL] AS numbers`);
  }),
);

await run();
