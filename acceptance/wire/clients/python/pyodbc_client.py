"""psqlODBC through pyodbc: what Excel, Power BI's ODBC connector and R's odbc do. WIRE_ODBC_DRIVER is the driver's library."""

import datetime
import os
import threading
import uuid
from decimal import Decimal

import pyodbc
from transcript import DATABASE, HOST, PASSWORD, PORT, USER, fails, feature, run, show

pyodbc.pooling = False
DRIVER = os.environ["WIRE_ODBC_DRIVER"]


def connect(autocommit=True, **options):
    settings = {"Driver": DRIVER, "Servername": HOST, "Port": PORT, "Database": DATABASE, "Username": USER, "Password": PASSWORD, "SSLmode": "prefer", **options}
    return pyodbc.connect(";".join(f"{name}={value}" for name, value in settings.items()), autocommit=autocommit)


def rows(cursor):
    return [tuple(row) for row in cursor.fetchall()]


# Every server gives its own numbers to what users make, from 16384 on; these columns have such numbers.
NUMBERED = ("table oid", "base typeid", "field_type")


# The database's own name and the owner's are different on purpose.
def catalog(cursor, skip=()):
    names = [column[0] for column in cursor.description]

    def shown(name, value):
        return "…" if value in (DATABASE, USER) or (name in NUMBERED and isinstance(value, int) and value >= 16384) else value

    for row in sorted(cursor.fetchall(), key=str):
        show({name: shown(name, value) for name, value in zip(names, row) if name not in skip})


@feature("connect")
def _():
    connection = connect()
    for name in ("SQL_DBMS_NAME", "SQL_DRIVER_NAME", "SQL_IDENTIFIER_QUOTE_CHAR", "SQL_MAX_IDENTIFIER_LEN", "SQL_TXN_CAPABLE", "SQL_DEFAULT_TXN_ISOLATION"):
        show(name, connection.getinfo(getattr(pyodbc, name)))
    show(connection.getinfo(pyodbc.SQL_DBMS_VER).split(".")[0])
    show(connection.execute("SELECT 1").fetchval())
    connection.close()


@feature("all-types")
def _():
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("SELECT flag, small, whole, big, exact, single, twice, words, bytes, day, clock, moment, span, ident, doc FROM all_types WHERE id <> 2 ORDER BY id")
    for name, kind, _, size, precision, scale, nullable in cursor.description:
        show(name, kind.__name__, size, precision, scale, nullable)
    for row in cursor.fetchall():
        for value in row:
            show(value)
    connection.close()


def parameters(prepare):
    connection = connect(autocommit=False, UseServerSidePrepare=prepare)
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE odbc_bound (a integer, b text, c numeric(12,3), d date, e timestamp, f boolean, g bytea, h uuid, i double precision, j bigint)")
    row = (7, "it's ☃", Decimal("12.345"), datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3, 4000), True, b"\x00\xff", uuid.UUID(int=5), 1.25, 2**60)
    for _ in range(3):
        cursor.execute("INSERT INTO odbc_bound VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    show(cursor.rowcount)
    cursor.execute("SELECT DISTINCT * FROM odbc_bound")
    show(rows(cursor))
    cursor.executemany("INSERT INTO odbc_bound (a, b) VALUES (?, ?)", [(1, "x"), (2, None)])
    show(cursor.execute("SELECT count(*), count(b) FROM odbc_bound WHERE a < ?", 100).fetchone()[:])
    connection.rollback()
    connection.close()


@feature("parameters-prepared-by-the-server")
def _():
    parameters(1)


@feature("parameters-in-the-text")
def _():
    parameters(0)


@feature("tables")
def _():
    connection = connect()
    catalog(connection.cursor().tables(schema="public"))
    catalog(connection.cursor().tables(table="daily"))
    catalog(connection.cursor().tables(tableType="VIEW", schema="reports"))
    connection.close()


@feature("columns")
def _():
    connection = connect()
    for table in ("customers", "orders", "order_totals"):
        catalog(connection.cursor().columns(table=table))
    connection.close()


@feature("columns-of-all-types")
def _():
    connection = connect()
    catalog(connection.cursor().columns(table="all_types"))
    connection.close()


@feature("primary-keys")
def _():
    connection = connect()
    for table in ("customers", "order_items", "order_totals"):
        catalog(connection.cursor().primaryKeys(table))
    connection.close()


@feature("foreign-keys")
def _():
    connection = connect()
    catalog(connection.cursor().foreignKeys(foreignTable="orders"))
    catalog(connection.cursor().foreignKeys(table="orders"))
    connection.close()


@feature("statistics")
def _():
    connection = connect()
    for table in ("customers", "orders"):
        catalog(connection.cursor().statistics(table), skip=("cardinality", "pages", "CARDINALITY", "PAGES"))
    connection.close()


@feature("type-info-and-row-id")
def _():
    connection = connect()
    catalog(connection.cursor().getTypeInfo())
    catalog(connection.cursor().rowIdColumns("orders"))
    connection.close()


def reads(fetch_mode, autocommit):
    connection = connect(autocommit=autocommit, UseDeclareFetch=fetch_mode, Fetch=100)
    cursor = connection.cursor()
    cursor.execute("SELECT n, label FROM numbers ORDER BY n")
    first = [tuple(row) for row in cursor.fetchmany(3)]
    other = connection.cursor()
    show(first, other.execute("SELECT count(*) FROM customers").fetchval())
    total = sum(row[0] for row in first)
    for row in cursor:
        total += row[0]
    show(total)
    cursor.execute("SELECT n FROM numbers WHERE n <= 100 ORDER BY n")
    show(len(cursor.fetchall()))
    connection.close()


@feature("reads-outside-a-transaction")
def _():
    reads(0, True)


@feature("reads-in-a-transaction")
def _():
    reads(0, False)


@feature("declare-fetch-outside-a-transaction")
def _():
    reads(1, True)


@feature("declare-fetch-in-a-transaction")
def _():
    reads(1, False)


def rollback_mode(mode):
    connection = connect(autocommit=False, Protocol=f"7.4-{mode}")
    cursor = connection.cursor()
    show(cursor.execute("SELECT count(*) FROM customers").fetchval())
    with fails():
        cursor.execute("SELECT * FROM missing")
    try:
        show(cursor.execute("SELECT count(*) FROM orders").fetchval())
    except pyodbc.Error as error:
        show("refused", error.args[0])
    connection.rollback()
    show(cursor.execute("SELECT count(*) FROM orders").fetchval())
    connection.close()


@feature("error-rollback-nop")
def _():
    rollback_mode(0)


@feature("error-rollback-transaction")
def _():
    rollback_mode(1)


@feature("error-rollback-statement")
def _():
    rollback_mode(2)


@feature("writes")
def _():
    connection = connect(autocommit=False)
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE odbc_written (a integer PRIMARY KEY, b text)")
    show(cursor.execute("INSERT INTO odbc_written VALUES (1, 'x'), (2, 'y')").rowcount)
    connection.commit()
    show(cursor.execute("UPDATE odbc_written SET b = 'z' WHERE a > ?", 0).rowcount)
    connection.rollback()
    show(rows(cursor.execute("SELECT * FROM odbc_written ORDER BY a")))
    cursor.execute("DROP TABLE odbc_written")
    connection.commit()
    connection.close()


@feature("errors")
def _():
    connection = connect()
    cursor = connection.cursor()
    for statement in ("SELECT * FROM missing", "SELEC 1", "SELECT nothing FROM customers", "INSERT INTO customers (id, email, name) VALUES (1, 'a', 'b')", "SELECT 'x'::integer"):
        with fails():
            cursor.execute(statement)
    with fails():
        connect(Password="wrong")
    connection.close()


@feature("transactions")
def _():
    connection, other = connect(autocommit=False), connect()
    cursor, outside = connection.cursor(), other.cursor()
    cursor.execute("CREATE TABLE odbc_moved (a integer PRIMARY KEY)")
    connection.commit()
    cursor.execute("INSERT INTO odbc_moved VALUES (1)")
    show(outside.execute("SELECT count(*) FROM odbc_moved").fetchval())
    connection.commit()
    show(outside.execute("SELECT count(*) FROM odbc_moved").fetchval())
    cursor.execute("INSERT INTO odbc_moved VALUES (2)")
    connection.rollback()
    show(rows(cursor.execute("SELECT a FROM odbc_moved")))
    connection.commit()
    connection.set_attr(pyodbc.SQL_ATTR_TXN_ISOLATION, pyodbc.SQL_TXN_REPEATABLE_READ)
    show(cursor.execute("SHOW transaction_isolation").fetchval())
    cursor.execute("DROP TABLE odbc_moved")
    connection.commit()
    other.close()
    connection.close()


@feature("cancel")
def _():
    endless = "SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x)"
    connection = connect()
    cursor = connection.cursor()
    timer = threading.Timer(0.7, cursor.cancel)
    timer.start()
    with fails():
        cursor.execute(endless)
    timer.join()
    show(cursor.execute("SELECT 1").fetchval())
    cursor.execute("SET statement_timeout = 400")
    with fails():
        cursor.execute(endless)
    connection.close()


run()
