"""asyncpg: everything binary, types looked up in the catalog, pools that reset their connections."""

import asyncio
import datetime
import io
import uuid
from decimal import Decimal

import asyncpg
from transcript import feature, fails, run, show

COLUMNS = "flag, small, whole, big, exact, single, twice, words, bytes, day, clock, moment, instant, span, ident, doc, ints, texts, feeling"
ENDLESS = "SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x)"


@feature("all-types")
async def _():
    connection = await asyncpg.connect()
    show(connection.get_server_version().major, connection.get_settings().server_encoding)
    statement = await connection.prepare(f"SELECT {COLUMNS} FROM all_types ORDER BY id")
    for attribute in statement.get_attributes()[:-1]:
        show(attribute.name, attribute.type.oid, attribute.type.name, attribute.type.kind)
    feeling = statement.get_attributes()[-1]
    show(feeling.name, feeling.type.name, feeling.type.kind)
    for row in await statement.fetch():
        for value in row:
            show(value)
    show(statement.get_statusmsg())
    await connection.close()


@feature("prepared")
async def _():
    connection = await asyncpg.connect()
    statement = await connection.prepare("SELECT id, name FROM customers WHERE id = $1")
    show([parameter.name for parameter in statement.get_parameters()])
    for i in (1, 2, 3, 4):
        row = await statement.fetchrow(i)
        show(None if row is None else dict(row))
    show(await connection.fetchval("SELECT $1::integer + $2::integer", 1, 2))
    show(await connection.fetchval("SELECT count(*) FROM customers WHERE name = $1 OR country IS NULL", "Ada"))
    show(await connection.fetchval("SELECT count(*) FROM orders WHERE id = ANY($1::bigint[])", [10, 11]))
    with fails():
        await connection.fetchval("SELECT $1::integer", "not a number")
    with fails():
        await connection.prepare("SELECT * FROM missing WHERE a = $1")
    show(await connection.execute("SELECT 1; SELECT 2"))
    await connection.close()


@feature("parameters")
async def _():
    connection = await asyncpg.connect()
    await connection.execute(
        "CREATE TABLE apg_bound (a integer, b text, c numeric(12,3), d date, e timestamp, f boolean, g bytea, h uuid, i double precision, j integer[], k text[], l timestamptz, m time, n interval, o json, p smallint, q bigint, r real, s mood)"
    )
    row = [
        7, "it's \\ ☃", Decimal("12.345"), datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3, 4), True, b"\x00\x01\xff",
        uuid.UUID(int=5), 1e300, [1, 2, None], ["a", None, 'q"'], datetime.datetime(2024, 2, 29, 1, 2, 3, 4, datetime.timezone.utc),
        datetime.time(1, 2, 3, 4), datetime.timedelta(days=3, seconds=5), '{"a": 1}', -5, 2**60, 1.5, "happy",
    ]
    marks = ", ".join(f"${i + 1}" for i in range(len(row)))
    show(await connection.execute(f"INSERT INTO apg_bound VALUES ({marks})", *row))
    show(await connection.execute(f"INSERT INTO apg_bound VALUES ({marks})", *([None] * len(row))))
    for got in await connection.fetch("SELECT * FROM apg_bound ORDER BY a NULLS LAST"):
        show(list(got))
    await connection.executemany("INSERT INTO apg_bound (a, b) VALUES ($1, $2)", [(i, str(i)) for i in range(100, 200)])
    show(await connection.fetchrow("SELECT count(*), sum(a) FROM apg_bound"))
    await connection.execute("DROP TABLE apg_bound")
    await connection.close()


@feature("cursor")
async def _():
    connection = await asyncpg.connect()
    async with connection.transaction():
        total = 0
        async for row in connection.cursor("SELECT n, label FROM numbers ORDER BY n", prefetch=100):
            total += row["n"]
            if row["n"] == 150:
                show(await connection.fetchval("SELECT count(*) FROM customers"))
            if row["n"] == 5000:
                break
        show(total)
        cursor = await connection.cursor("SELECT n FROM numbers WHERE n <= $1 ORDER BY n", 10)
        show(await cursor.fetch(3), await cursor.fetchrow(), await cursor.forward(2), await cursor.fetch(100), await cursor.fetchrow())
    with fails():
        await connection.cursor("SELECT 1")
    await connection.close()


@feature("copy")
async def _():
    connection = await asyncpg.connect()
    await connection.execute("CREATE TABLE apg_copied (a integer, b text, c double precision, d timestamp, e numeric(10,2), f integer[])")
    records = [(i, f"row {i}", i / 4, datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=i), Decimal(i) / 100, [i, None]) for i in range(5000)]
    show(await connection.copy_records_to_table("apg_copied", records=records, columns=["a", "b", "c", "d", "e", "f"]))
    show(await connection.fetchrow("SELECT count(*), sum(a), sum(c), max(d), sum(e) FROM apg_copied"))
    out = io.BytesIO()
    show(await connection.copy_from_query("SELECT n, label FROM numbers WHERE n <= $1 ORDER BY n", 1000, output=out, format="csv"), len(out.getvalue()))
    out = io.BytesIO()
    show(await connection.copy_from_table("apg_copied", columns=["a", "c"], output=out, format="binary"), len(out.getvalue()))
    out.seek(0)
    show(await connection.copy_to_table("apg_copied", source=out, columns=["a", "c"], format="binary"))
    show(await connection.fetchval("SELECT count(*) FROM apg_copied"))
    with fails():
        await connection.copy_records_to_table("apg_copied", records=[(1, 2)], columns=["a", "missing"])
    await connection.execute("DROP TABLE apg_copied")
    await connection.close()


@feature("pool")
async def _():
    async with asyncpg.create_pool(min_size=2, max_size=2) as pool:
        async with pool.acquire() as connection:
            # A server may have a limit of its own.
            before = await connection.fetchval("SHOW statement_timeout")
            await connection.execute("SET application_name = 'borrowed'")
            await connection.execute("SET statement_timeout = 12345")
            show(await connection.fetchval("SHOW statement_timeout"))
            first = connection.get_server_pid()
        async with pool.acquire() as one, pool.acquire() as two:
            for again in (one, two):
                show(await again.fetchval("SHOW statement_timeout") == before, await again.fetchval("SHOW application_name"))
            show(first in (one.get_server_pid(), two.get_server_pid()))
        got = await asyncio.gather(*(pool.fetchval("SELECT $1::integer * 2", i) for i in range(20)))
        show(got)


@feature("transactions")
async def _():
    connection = await asyncpg.connect()
    await connection.execute("CREATE TABLE apg_moved (a integer PRIMARY KEY)")
    async with connection.transaction(isolation="repeatable_read"):
        await connection.execute("INSERT INTO apg_moved VALUES (1)")
    with fails():
        async with connection.transaction():
            await connection.execute("INSERT INTO apg_moved VALUES (2)")
            await connection.execute("INSERT INTO apg_moved VALUES (1)")
    show(connection.is_in_transaction(), await connection.fetch("SELECT * FROM apg_moved"))
    with fails():
        async with connection.transaction(readonly=True):
            await connection.execute("INSERT INTO apg_moved VALUES (3)")
    await connection.execute("DROP TABLE apg_moved")
    await connection.close()


@feature("nested-transaction-reads")
async def _():
    connection = await asyncpg.connect()
    async with connection.transaction():
        async with connection.transaction():
            show(await connection.fetchval("SELECT count(*) FROM customers"))
        with fails():
            async with connection.transaction():
                await connection.fetchval("SELECT * FROM missing")
        show(await connection.fetchval("SELECT count(*) FROM orders"))
    await connection.close()


@feature("type-lookup")
async def _():
    connection = await asyncpg.connect()
    loop = asyncio.get_running_loop()
    started = loop.time()
    show(await connection.fetchval("SELECT ARRAY['ok', 'sad']::mood[]"))
    show(await connection.fetchval("SELECT texts FROM all_types WHERE id = 1"))
    # Long enough for one look at a catalogue that has just changed; a driver that looks types of its own question up takes no end.
    show("in time" if loop.time() - started < 2 else "late")
    await connection.set_type_codec("json", encoder=str, decoder=lambda text: ("decoded", text), schema="pg_catalog")
    show(await connection.fetchval("SELECT doc FROM all_types WHERE id = 1"))
    await connection.reload_schema_state()
    show(await connection.fetchval("SELECT feeling FROM all_types WHERE id = 1"))
    await connection.close()


@feature("timeout-and-cancel")
async def _():
    connection = await asyncpg.connect()
    try:
        await connection.fetch(ENDLESS, timeout=0.7)
    except asyncio.TimeoutError:
        show("timeout")
    show(await connection.fetchval("SELECT 1"))
    task = asyncio.create_task(connection.fetch(ENDLESS))
    await asyncio.sleep(0.5)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        show("cancelled")
    show(await connection.fetchval("SELECT 2"))
    await connection.close()


@feature("errors")
async def _():
    connection = await asyncpg.connect()
    for statement in (
        "SELECT * FROM missing",
        "SELECT nme FROM customers",
        "SELEC 1",
        "SELECT 1 / 0",
        "INSERT INTO customers (id, email, name) VALUES (1, 'x', 'y')",
        "INSERT INTO customers (id, email, name) VALUES (70, NULL, 'y')",
        "INSERT INTO orders VALUES (99, 1, '2024-01-01', -1, NULL)",
    ):
        try:
            await connection.execute(statement)
        except asyncpg.PostgresError as error:
            show(type(error).__name__, error.sqlstate, error.table_name, error.constraint_name, error.position)
    with fails():
        await connection.fetch("SELECT $1::integer", "x")
    show(await connection.fetchval("SELECT 1"))
    await connection.close()
    with fails():
        await asyncpg.connect(password="wrong")
    with fails():
        await asyncpg.connect(database="nothing_here")


run()
