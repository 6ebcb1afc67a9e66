"""psycopg 3: extended protocol, binary values, pipelines, server-side cursors."""

import datetime
import uuid
from decimal import Decimal

import psycopg
from psycopg.rows import dict_row
from psycopg.types.enum import EnumInfo
from psycopg.types import TypeInfo
from transcript import feature, fails, run, show

COLUMNS = "flag, small, whole, big, exact, single, twice, words, bytes, day, clock, moment, instant, span, ident, doc, ints, texts"
ENDLESS = "SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x)"


def connect(**options):
    return psycopg.connect("", **options)


def all_types(binary):
    with connect() as connection, connection.cursor(binary=binary) as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM all_types WHERE id <> 2 ORDER BY id")
        for column in cursor.description:
            show(column.name, column.type_code, column.internal_size, column.precision, column.scale)
        for row in cursor:
            for value in row:
                show(value)
        show(cursor.rowcount, cursor.statusmessage)
        cursor.execute("SELECT flag, small, whole, big, exact, single, twice, words, bytes, day, ident, ints, texts FROM all_types WHERE id = 2")
        show(cursor.fetchone())


@feature("all-types-text")
def _():
    all_types(False)


@feature("all-types-binary")
def _():
    all_types(True)


@feature("parameters")
def _():
    with connect() as connection:
        connection.execute(
            "CREATE TABLE py3_bound (a integer, b text, c numeric(12,3), d date, e timestamp, f boolean, g bytea, h uuid, i double precision, j integer[], k text[], l timestamptz, m time, n interval, o json)"
        )
        row = (
            7, "it's \\ 100% ☃", Decimal("12.345"), datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3, 4), True,
            b"\x00\x01\xff", uuid.UUID(int=5), 1e300, [1, 2, None], ["a", None, 'q"'],
            datetime.datetime(2024, 2, 29, 1, 2, 3, 4, datetime.timezone.utc), datetime.time(1, 2, 3, 4), datetime.timedelta(days=3, seconds=5),
            psycopg.types.json.Json({"a": [1, None]}),
        )
        for mark in ("%s", "%b", "%t"):
            values = row[:-1] if mark == "%b" else row
            marks = ", ".join([mark] * len(values))
            names = "a, b, c, d, e, f, g, h, i, j, k, l, m, n" + (", o" if mark != "%b" else "")
            cursor = connection.execute(f"INSERT INTO py3_bound ({names}) VALUES ({marks})", values)
            show(cursor.statusmessage)
        for got in connection.execute("SELECT * FROM py3_bound"):
            show(got)
        show(connection.execute("SELECT name FROM customers WHERE id = %s", (2,)).fetchone())
        show(connection.execute("SELECT id FROM customers WHERE id = ANY(%s) ORDER BY id", ([1, 3],)).fetchall())
        show(connection.execute("SELECT %s::integer + 1, %s::text || 'x', %s", (1, "a", "plain")).fetchone())
        show(connection.execute("SELECT count(*) FROM orders WHERE placed_on >= %s AND amount < %s", (datetime.date(2024, 2, 2), Decimal("10"))).fetchone())
        connection.rollback()


@feature("server-cursor")
def _():
    with connect() as connection:
        with connection.cursor(name="big") as cursor:
            cursor.itersize = 1000
            cursor.execute("SELECT n, label FROM numbers ORDER BY n")
            total = 0
            for index, (n, label) in enumerate(cursor):
                total += n
                if index == 2500:
                    show(label, connection.execute("SELECT count(*) FROM customers").fetchone())
            show(total)
        with connection.cursor(name="binary", binary=True) as cursor:
            cursor.execute("SELECT quarter FROM numbers WHERE n <= %s ORDER BY n", (3,))
            show(cursor.fetchmany(2), cursor.fetchone(), cursor.fetchone())


@feature("pipeline")
def _():
    with connect(autocommit=True) as connection:
        connection.execute("CREATE TABLE py3_piped (a integer PRIMARY KEY)")
        with connection.pipeline() as pipeline:
            cursors = [connection.execute("INSERT INTO py3_piped VALUES (%s)", (i,)) for i in range(5)]
            first = connection.execute("SELECT count(*) FROM py3_piped")
            show(first.fetchone(), [cursor.statusmessage for cursor in cursors])
        with fails():
            with connection.pipeline() as pipeline:
                connection.execute("INSERT INTO py3_piped VALUES (100)")
                connection.execute("INSERT INTO py3_piped VALUES (1)")
                connection.execute("INSERT INTO py3_piped VALUES (101)")
                pipeline.sync()
        show(connection.execute("SELECT a FROM py3_piped ORDER BY a").fetchall())
        with connection.pipeline() as pipeline:
            connection.execute("INSERT INTO py3_piped VALUES (200)")
            pipeline.sync()
            with fails():
                connection.execute("SELECT * FROM missing")
                pipeline.sync()
            after = connection.execute("SELECT count(*) FROM py3_piped")
            show(after.fetchone())
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO py3_piped VALUES (%s) RETURNING a", [(300,), (301,)], returning=True)
            show(cursor.fetchone(), cursor.nextset(), cursor.fetchone(), cursor.nextset())
        connection.execute("DROP TABLE py3_piped")


@feature("copy-text")
def _():
    with connect() as connection:
        connection.execute("CREATE TABLE py3_copied (a integer, b text)")
        with connection.cursor() as cursor:
            with cursor.copy("COPY py3_copied FROM STDIN") as copy:
                for i in range(1000):
                    copy.write_row((i, None if i == 3 else f"tab\t{i}\n\\"))
            show(cursor.rowcount, cursor.statusmessage)
            show(cursor.execute("SELECT count(*), count(b), min(b) FROM py3_copied").fetchone())
            with cursor.copy("COPY (SELECT * FROM py3_copied ORDER BY a LIMIT 5) TO STDOUT") as copy:
                for row in copy.rows():
                    show(row)
            with cursor.copy("COPY (SELECT label FROM numbers ORDER BY n) TO STDOUT") as copy:
                show(sum(len(data) for data in copy))
            with fails():
                with cursor.copy("COPY py3_copied FROM STDIN") as copy:
                    copy.write_row((1, "a"))
                    raise ValueError("the program gives up")
        connection.rollback()


@feature("copy-binary")
def _():
    with connect() as connection:
        connection.execute("CREATE TABLE py3_copied (a integer, b text, c double precision, d numeric(10,2), e timestamp, f boolean, g bytea, h uuid, i integer[])")
        types = ["int4", "text", "float8", "numeric", "timestamp", "bool", "bytea", "uuid", "int4[]"]
        with connection.cursor() as cursor:
            with cursor.copy("COPY py3_copied FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(types)
                copy.write_row((1, "one", 1.5, Decimal("12.34"), datetime.datetime(2024, 1, 2, 3, 4, 5, 6), True, b"\x00\xff", uuid.UUID(int=9), [1, None]))
                copy.write_row((None,) * 9)
            show(cursor.statusmessage)
            show(cursor.execute("SELECT * FROM py3_copied ORDER BY a NULLS LAST").fetchall())
            with cursor.copy("COPY (SELECT * FROM py3_copied ORDER BY a NULLS LAST) TO STDOUT (FORMAT binary)") as copy:
                copy.set_types(types)
                for row in copy.rows():
                    show(row)
        connection.rollback()


@feature("auto-prepare")
def _():
    with connect() as connection:
        connection.prepare_threshold = 3
        for i in range(8):
            show(connection.execute("SELECT label FROM numbers WHERE n = %s", (i + 1,)).fetchone())
        show(connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone())
        connection.execute("CREATE TABLE py3_plan (a integer)")
        connection.execute("INSERT INTO py3_plan VALUES (1)")
        show(connection.execute("SELECT * FROM py3_plan", prepare=True).fetchall())
        connection.execute("DEALLOCATE ALL")
        connection.execute("ALTER TABLE py3_plan ADD COLUMN b text")
        show(connection.execute("SELECT * FROM py3_plan").fetchall())
        connection.rollback()


@feature("error-in-prepared")
def _():
    with connect() as connection:
        connection.prepare_threshold = 0
        with fails():
            connection.execute("SELECT 1 / %s", (0,))
        connection.rollback()
        with fails():
            connection.execute("SELECT %s::integer", ("x",))
        connection.rollback()
        with fails():
            connection.execute("SELECT * FROM missing WHERE a = %s", (1,))
        show(connection.info.transaction_status.name)
        connection.rollback()
        show(connection.execute("SELECT %s::integer", (5,)).fetchone())


@feature("transaction-reads")
def _():
    with connect() as connection:
        with connection.transaction():
            show(connection.execute("SELECT count(*) FROM customers").fetchone())
            with connection.transaction():
                show(connection.execute("SELECT count(*) FROM orders").fetchone())
            with fails():
                with connection.transaction():
                    connection.execute("SELECT * FROM missing")
            show(connection.execute("SELECT count(*) FROM customers").fetchone())
        show(connection.info.transaction_status.name)


@feature("transaction-writes")
def _():
    with connect() as connection:
        with connection.transaction():
            connection.execute("CREATE TABLE py3_nested (a integer)")
            with connection.transaction():
                connection.execute("INSERT INTO py3_nested VALUES (1)")
        with connection.transaction():
            connection.execute("INSERT INTO py3_nested VALUES (2)")
            with fails():
                with connection.transaction():
                    connection.execute("INSERT INTO py3_nested VALUES (3)")
                    raise ValueError("inner block gives up")
        show(connection.execute("SELECT a FROM py3_nested ORDER BY a").fetchall())
        connection.rollback()
        connection.execute("DROP TABLE py3_nested")
        connection.commit()


@feature("type-info")
def _():
    with connect() as connection:
        show([TypeInfo.fetch(connection, name).name for name in ("int4", "text", "uuid", "mood")])
        mood = EnumInfo.fetch(connection, "mood")
        show(mood.labels)
        show(TypeInfo.fetch(connection, "int4").oid, TypeInfo.fetch(connection, "int4").array_oid, TypeInfo.fetch(connection, "no_such_type"))
        psycopg.types.enum.register_enum(mood, connection)
        show(connection.execute("SELECT feeling FROM all_types WHERE id = 1").fetchone()[0].name)


@feature("rows-and-results")
def _():
    with connect(row_factory=dict_row) as connection:
        show(connection.execute("SELECT id, name FROM customers ORDER BY id").fetchall())
        cursor = connection.execute("SELECT 1 AS a; SELECT 2 AS b, 3 AS c")
        show(cursor.fetchall(), cursor.nextset(), cursor.fetchall(), cursor.nextset())
        show(connection.execute("INSERT INTO customers (id, email, name) VALUES (50, 'r@example.com', 'R') RETURNING id, created_at").fetchone())
        cursor = connection.execute("UPDATE customers SET country = 'AT' WHERE id = 50")
        show(cursor.rowcount, cursor.statusmessage, cursor.description)
        for row in connection.cursor().stream("SELECT n FROM numbers WHERE n <= 3 ORDER BY n"):
            show(row)
        connection.rollback()


@feature("cancel")
def _():
    import threading

    with connect() as connection:
        for stop in (connection.cancel, connection.cancel_safe):
            timer = threading.Timer(0.7, stop)
            timer.start()
            with fails():
                connection.execute(ENDLESS)
            timer.join()
            connection.rollback()
            show(connection.execute("SELECT 1").fetchone())


@feature("connect")
def _():
    with connect(application_name="wire", options="-c search_path=reports") as connection:
        info = connection.info
        show(info.server_version // 10000, info.encoding, info.status.name, info.transaction_status.name, info.timezone)
        show(info.parameter_status("application_name"), connection.execute("SHOW search_path").fetchone())
        show(connection.execute("SELECT count(*) FROM daily").fetchone())
    for options in ({"password": "wrong"}, {"dbname": "nothing_here"}):
        try:
            connect(**options)
        except psycopg.OperationalError as error:
            # libpq tells no SQLSTATE of a connection that could not be made.
            show(type(error).__name__)
    show(connect(sslmode="require").execute("SELECT 1").fetchone())


@feature("transactions")
def _():
    with connect() as connection, connect(autocommit=True) as other:
        connection.execute("CREATE TABLE py3_moved (a integer PRIMARY KEY)")
        connection.commit()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with connection.transaction():
            connection.execute("INSERT INTO py3_moved VALUES (1)")
            show(connection.execute("SHOW transaction_isolation").fetchone(), other.execute("SELECT count(*) FROM py3_moved").fetchone())
        show(other.execute("SELECT count(*) FROM py3_moved").fetchone())
        with fails():
            with connection.transaction():
                connection.execute("INSERT INTO py3_moved VALUES (2)")
                connection.execute("INSERT INTO py3_moved VALUES (1)")
        with connection.transaction():
            connection.execute("INSERT INTO py3_moved VALUES (3)")
            raise psycopg.Rollback()
        show(connection.execute("SELECT a FROM py3_moved").fetchall())
        connection.rollback()
        connection.read_only = True
        with fails():
            connection.execute("INSERT INTO py3_moved VALUES (4)")
        connection.rollback()
        other.execute("DROP TABLE py3_moved")


run()
