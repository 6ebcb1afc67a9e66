"""psycopg2: the client below most of Python's older tools, SQLAlchemy, dbt and Airflow among them."""

import io
import uuid
import datetime
from decimal import Decimal

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.extras
from transcript import feature, fails, run, show

COLUMNS = "flag, small, whole, big, exact, single, twice, words, bytes, day, clock, moment, instant, span, ident, doc, ints, texts, feeling"


def connect(**options):
    return psycopg2.connect("", **options)


@feature("connect")
def _():
    with connect() as connection:
        show(connection.server_version // 10000, connection.encoding, connection.status)
        show(connection.get_parameter_status("DateStyle"), connection.get_parameter_status("integer_datetimes"))
        show(connection.info.transaction_status, connection.get_transaction_status())
    connection.close()


@feature("all-types")
def _():
    connection = connect()
    psycopg2.extras.register_uuid()
    cursor = connection.cursor()
    cursor.execute(f"SELECT {COLUMNS} FROM all_types ORDER BY id")
    for column in cursor.description[:-1]:
        show(column.name, column.type_code, column.internal_size, column.precision, column.scale)
    for row in cursor:
        for value in row:
            show(value)
    show(cursor.rowcount, cursor.statusmessage)
    connection.close()


@feature("parameters")
def _():
    psycopg2.extras.register_uuid()
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE py2_bound (a integer, b text, c numeric(12,3), d date, e timestamp, f boolean, g bytea, h uuid, i double precision, j integer[], k text[])")
    row = (
        7, "it's \\ 100% ☃", Decimal("12.345"), datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3, 4), True,
        b"\x00\x01\xff", uuid.UUID(int=5), 1e300, [1, 2, None], ["a", None, 'q"'],
    )
    cursor.execute("INSERT INTO py2_bound VALUES (" + ", ".join(["%s"] * len(row)) + ")", row)
    show(cursor.statusmessage)
    cursor.execute("INSERT INTO py2_bound VALUES (" + ", ".join(["%s"] * len(row)) + ")", (None,) * len(row))
    cursor.execute("SELECT * FROM py2_bound ORDER BY a NULLS LAST")
    for got in cursor.fetchall():
        show(got)
    cursor.execute("SELECT a FROM py2_bound WHERE b = %(b)s AND d < %(d)s", {"b": row[1], "d": datetime.date(2025, 1, 1)})
    show(cursor.fetchone(), cursor.fetchone())
    cursor.execute("SELECT count(*) FROM customers WHERE id IN %s AND id = ANY(%s)", ((1, 2, 3), [2, 3, 4]))
    show(cursor.fetchone())
    connection.rollback()
    connection.close()


@feature("named-cursor")
def _():
    connection = connect()
    cursor = connection.cursor(name="big")
    cursor.itersize = 100
    cursor.execute("SELECT n, label FROM numbers ORDER BY n")
    other = connection.cursor()
    total = 0
    for index, (n, label) in enumerate(cursor):
        total += n
        if index % 20000 == 50:
            other.execute("SELECT count(*) FROM customers")
            show(index, label, other.fetchone())
    show(total)
    cursor.close()
    held = connection.cursor(name="held", withhold=True)
    held.execute("SELECT n FROM numbers ORDER BY n LIMIT 5")
    connection.commit()
    show(held.fetchmany(3), held.fetchall())
    held.close()
    connection.close()


@feature("copy-expert")
def _():
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE py2_copied (n integer, label text, quarter double precision)")
    for options in ("(FORMAT csv, HEADER)", "(FORMAT text)", "(FORMAT binary)"):
        out = io.BytesIO()
        cursor.copy_expert(f"COPY (SELECT n, label, quarter FROM numbers ORDER BY n) TO STDOUT WITH {options}", out)
        show(len(out.getvalue()), cursor.statusmessage)
        out.seek(0)
        cursor.execute("DELETE FROM py2_copied")
        cursor.copy_expert(f"COPY py2_copied FROM STDIN WITH {options}", out)
        show(cursor.rowcount, cursor.statusmessage)
        cursor.execute("SELECT count(*), sum(n), sum(quarter), count(DISTINCT label) FROM py2_copied")
        show(cursor.fetchone())
    cursor.copy_from(io.StringIO("1\tone\t\\N\n"), "py2_copied")
    with fails():
        cursor.copy_expert("COPY py2_copied FROM STDIN", io.StringIO("x\tone\t1\n"))
    connection.rollback()
    connection.close()


@feature("execute-values")
def _():
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE py2_many (a integer PRIMARY KEY, b text)")
    psycopg2.extras.execute_values(cursor, "INSERT INTO py2_many (a, b) VALUES %s", [(i, f"v{i}") for i in range(2500)], page_size=1000)
    show(cursor.rowcount)
    got = psycopg2.extras.execute_values(cursor, "INSERT INTO py2_many VALUES %s RETURNING a", [(9000, "x"), (9001, None)], fetch=True)
    show(got)
    psycopg2.extras.execute_batch(cursor, "UPDATE py2_many SET b = %s WHERE a = %s", [("new", 1), ("newer", 2)])
    cursor.executemany("INSERT INTO py2_many VALUES (%s, %s)", [(9100, "y"), (9101, "z")])
    cursor.execute("SELECT count(*), count(b), min(b) FROM py2_many")
    show(cursor.fetchone())
    connection.rollback()
    connection.close()


@feature("error-rollback-reuse")
def _():
    connection = connect()
    cursor = connection.cursor()
    with fails():
        cursor.execute("SELECT * FROM missing")
    show(connection.info.transaction_status)
    with fails():
        cursor.execute("SELECT 1")
    connection.rollback()
    cursor.execute("SELECT 1")
    show(cursor.fetchone(), connection.info.transaction_status)
    connection.commit()
    show(connection.info.transaction_status)
    for statement in (
        "INSERT INTO customers (id, email, name) VALUES (1, 'x', 'y')",
        "INSERT INTO customers (id, email, name) VALUES (77, NULL, 'y')",
        "SELECT 'x'::integer",
        "SELECT 1 +",
    ):
        with fails():
            cursor.execute(statement)
        connection.rollback()
    try:
        cursor.execute("SELECT nothing FROM customers")
    except psycopg2.errors.UndefinedColumn as error:
        show(error.diag.severity, error.diag.severity_nonlocalized, error.diag.sqlstate, error.diag.statement_position)
    connection.close()


@feature("session-settings")
def _():
    connection = connect()
    connection.set_session(isolation_level="SERIALIZABLE", readonly=True)
    cursor = connection.cursor()
    cursor.execute("SHOW transaction_isolation")
    show(cursor.fetchone())
    with fails():
        cursor.execute("CREATE TABLE py2_never (a integer)")
    connection.rollback()
    connection.set_session(readonly=False, autocommit=True)
    cursor.execute("CREATE TABLE py2_auto (a integer)")
    cursor.execute("INSERT INTO py2_auto VALUES (1)")
    show(connection.info.transaction_status)
    second = connect()
    second.autocommit = True
    other = second.cursor()
    other.execute("SELECT * FROM py2_auto")
    show(other.fetchall())
    other.execute("DROP TABLE py2_auto")
    connection.set_client_encoding("UTF8")
    second.close()
    connection.reset()
    show(connection.autocommit)
    connection.close()


@feature("cancel")
def _():
    connection = connect()
    cursor = connection.cursor()
    import threading

    timer = threading.Timer(0.7, connection.cancel)
    timer.start()
    with fails():
        cursor.execute("SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x)")
    connection.rollback()
    cursor.execute("SET statement_timeout = 300")
    with fails():
        cursor.execute("SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x)")
    connection.rollback()
    cursor.execute("SELECT 1")
    show(cursor.fetchone())
    connection.close()


@feature("notices")
def _():
    connection = connect()
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS py2_never")
    show(len(connection.notices), connection.notices[0].split(":")[0])
    cursor.execute("LISTEN something")
    connection.poll()
    show(connection.notifies)
    connection.close()


@feature("transactions")
def _():
    connection, other = connect(), connect()
    other.autocommit = True
    cursor, outside = connection.cursor(), other.cursor()
    cursor.execute("CREATE TABLE py2_moved (a integer PRIMARY KEY)")
    connection.commit()
    with connection:
        cursor.execute("INSERT INTO py2_moved VALUES (1)")
        outside.execute("SELECT count(*) FROM py2_moved")
        show(outside.fetchone(), connection.info.transaction_status)
    outside.execute("SELECT count(*) FROM py2_moved")
    show(outside.fetchone())
    with fails():
        with connection:
            cursor.execute("INSERT INTO py2_moved VALUES (2)")
            cursor.execute("INSERT INTO py2_moved VALUES (1)")
    cursor.execute("SELECT a FROM py2_moved")
    show(cursor.fetchall())
    cursor.execute("DROP TABLE py2_moved")
    connection.commit()
    other.close()
    connection.close()


@feature("savepoints")
def _():
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("SAVEPOINT one")
    with fails():
        cursor.execute("SELECT * FROM missing")
    cursor.execute("ROLLBACK TO SAVEPOINT one")
    cursor.execute("SELECT count(*) FROM customers")
    show(cursor.fetchone())
    cursor.execute("RELEASE SAVEPOINT one")
    show(cursor.statusmessage)
    with fails():
        cursor.execute("ROLLBACK TO SAVEPOINT one")
    connection.rollback()
    connection.close()


@feature("row-types")
def _():
    connection = connect()
    for name in ("customers", "reports.daily"):
        caster = psycopg2.extras.register_composite(name, connection)
        show(caster.name, caster.schema, caster.attnames, caster.atttypes)
    connection.close()


@feature("row-type-that-is-missing")
def _():
    """Within a transaction psycopg2 asks behind a savepoint, which it goes back to."""
    connection = connect()
    with fails():
        psycopg2.extras.register_composite("missing", connection)
    connection.rollback()
    connection.close()


run()
