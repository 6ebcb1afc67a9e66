"""SQLAlchemy 2 and pandas over one of the drivers psycopg2, psycopg (3) and asyncpg: WIRE_DRIVER names it."""

import datetime
import io
import os
from decimal import Decimal

import pandas
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.util import await_only, greenlet_spawn
from transcript import DATABASE, HOST, PASSWORD, PORT, USER, fails, feature, run, show

DRIVER = os.environ["WIRE_DRIVER"]
URL = sa.URL.create(f"postgresql+{DRIVER}", USER, PASSWORD, HOST, PORT, DATABASE)
IS_ASYNC = DRIVER == "asyncpg"


def feature_of_engine(name):
    """A feature that is given an engine. The asynchronous driver gets its synchronous face, inside SQLAlchemy's own bridge."""

    def register(work):
        if IS_ASYNC:

            @feature(name)
            async def _():
                engine = create_async_engine(URL, pool_size=2)
                try:
                    await greenlet_spawn(work, engine.sync_engine)
                finally:
                    await engine.dispose()
        else:

            @feature(name)
            def _():
                engine = sa.create_engine(URL, pool_size=2)
                try:
                    work(engine)
                finally:
                    engine.dispose()

        return work

    return register


def plain(value):
    """Reflection answers hold type objects; they print as DDL."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in sorted(value.items(), key=lambda item: str(item[0]))}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, sa.types.TypeEngine):
        return repr(value)
    return value


@feature_of_engine("connect")
def _(engine):
    with engine.connect() as connection:
        show(connection.dialect.server_version_info[0], connection.dialect.default_schema_name)
        show(connection.get_isolation_level(), connection.scalar(sa.text("SELECT 1")))
        show([tuple(row) for row in connection.execute(sa.text("SELECT id, name FROM customers WHERE id < :id ORDER BY id"), {"id": 3})])


@feature_of_engine("reflect-names")
def _(engine):
    inspector = sa.inspect(engine)
    show(sorted(inspector.get_schema_names()))
    for schema in (None, "reports"):
        show(sorted(inspector.get_table_names(schema)), sorted(inspector.get_view_names(schema)), sorted(inspector.get_sequence_names(schema)))
    show(inspector.get_materialized_view_names(), inspector.get_temp_table_names())
    show(inspector.has_table("orders"), inspector.has_table("missing"), inspector.has_schema("reports"), inspector.has_sequence("invoice_numbers"))


@feature_of_engine("reflect-columns")
def _(engine):
    inspector = sa.inspect(engine)
    for name in ("customers", "orders", "order_items", "all_types", "order_totals"):
        for column in inspector.get_columns(name):
            show(name, plain(column))
    with fails():
        inspector.get_columns("missing")


@feature_of_engine("reflect-keys")
def _(engine):
    inspector = sa.inspect(engine)
    for name in ("customers", "orders", "order_items"):
        show(name, plain(inspector.get_pk_constraint(name)))
        show(plain(inspector.get_foreign_keys(name)))
        show(plain(sorted(inspector.get_unique_constraints(name), key=str)))


@feature_of_engine("reflect-checks")
def _(engine):
    inspector = sa.inspect(engine)
    for name in ("customers", "orders", "order_items"):
        show(name, plain(sorted(inspector.get_check_constraints(name), key=str)))


@feature_of_engine("reflect-indexes")
def _(engine):
    inspector = sa.inspect(engine)
    for name in ("customers", "orders", "order_items"):
        show(name, plain(sorted(inspector.get_indexes(name), key=str)))


@feature_of_engine("reflect-comments")
def _(engine):
    inspector = sa.inspect(engine)
    show(inspector.get_table_comment("customers"), inspector.get_table_comment("orders"), inspector.get_table_comment("order_totals"))
    show([column["comment"] for column in inspector.get_columns("customers")])


@feature_of_engine("reflect-enums-and-views")
def _(engine):
    inspector = sa.inspect(engine)
    show(plain(inspector.get_enums()))
    show(" ".join(inspector.get_view_definition("order_totals").split()))


@feature_of_engine("reflect-everything")
def _(engine):
    metadata = sa.MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection, views=True)
    for table in sorted(metadata.tables.values(), key=lambda table: table.name):
        show(table.name, [(column.name, repr(column.type), column.nullable, column.primary_key) for column in table.columns])
        show(sorted(f"{key.parent} -> {key.column}" for key in table.foreign_keys))
    autoloaded = sa.Table("orders", sa.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        show([tuple(row) for row in connection.execute(sa.select(autoloaded).where(autoloaded.c.amount > 1).order_by(autoloaded.c.id))])


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "sa_authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50))
    born: Mapped[datetime.date | None]
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "sa_books"
    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("sa_authors.id"))
    title: Mapped[str] = mapped_column(sa.Text, index=True)
    price: Mapped[Decimal] = mapped_column(sa.Numeric(10, 2))
    author: Mapped[Author] = relationship(back_populates="books")


@feature_of_engine("create-all-and-orm")
def _(engine):
    Base.metadata.create_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        author = Author(name="Karel", born=datetime.date(1890, 1, 9))
        author.books = [Book(title="R.U.R.", price=Decimal("12.50")), Book(title="Válka s mloky", price=Decimal("9.99"))]
        session.add(author)
        session.commit()
        show(author.id, [book.id for book in author.books])
        show([(book.title, book.price, book.author.name) for book in session.scalars(sa.select(Book).join(Author).order_by(Book.title))])
        author.name = "Karel Čapek"
        session.flush()
        show(session.scalar(sa.select(sa.func.count()).select_from(Author).where(Author.name.like("%Čapek"))))
        session.rollback()
        show(session.get(Author, author.id).name)
    Base.metadata.drop_all(engine)


@feature_of_engine("core-writes")
def _(engine):
    table = sa.Table("sa_core", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), sa.Column("moment", sa.DateTime), sa.Column("tags", sa.ARRAY(sa.Text)), sa.Column("doc", sa.JSON), sa.Column("raw", sa.LargeBinary))
    table.create(engine)
    with engine.begin() as connection:
        result = connection.execute(sa.insert(table), [{"id": i, "moment": datetime.datetime(2024, 1, i + 1), "tags": ["a", None], "doc": {"n": i}, "raw": b"\x00\xff"} for i in range(3)])
        show(result.rowcount)
        show([tuple(row) for row in connection.execute(sa.select(table).order_by(table.c.id))])
        show(connection.execute(sa.update(table).where(table.c.id == 1).values(tags=None)).rowcount)
        show([tuple(row) for row in connection.execute(sa.delete(table).where(table.c.id > 0).returning(table.c.id))])
    with fails():
        with engine.begin() as connection:
            connection.execute(sa.insert(table), {"id": 0})
    with engine.connect() as connection:
        show(connection.scalar(sa.select(sa.func.count()).select_from(table)))
    table.drop(engine)


@feature_of_engine("streaming")
def _(engine):
    with engine.connect() as connection:
        result = connection.execution_options(stream_results=True, yield_per=1000).execute(sa.text("SELECT n FROM numbers ORDER BY n"))
        total = 0
        for part in result.partitions():
            total += sum(row.n for row in part)
        show(total)


@feature_of_engine("pandas-read")
def _(engine):
    with engine.connect() as connection:
        frame = pandas.read_sql_query(sa.text("SELECT id, flag, small, whole, big, exact, single, twice, words, day, moment FROM all_types WHERE id IN (1, 3) ORDER BY id"), connection)
        show({name: str(kind) for name, kind in frame.dtypes.items()})
        show([tuple(row) for row in frame.itertuples(index=False)])
        show(len(pandas.read_sql_table("orders", connection, parse_dates=["placed_on"])))
        show([len(part) for part in pandas.read_sql_query(sa.text("SELECT n FROM numbers"), connection, chunksize=40000)])


@feature_of_engine("pandas-round-trip")
def _(engine):
    frame = pandas.DataFrame(
        {
            "n": [1, 2, 3],
            "x": [1.5, None, 3.25],
            "t": ["a", None, "č ☃"],
            "moment": pandas.to_datetime(["2024-01-01", None, "2024-02-29 01:02:03.004005"], format="ISO8601"),
            "yes": [True, False, True],
        }
    )
    with engine.begin() as connection:
        show(frame.to_sql("sa_frame", connection, index=False, if_exists="replace"))
        show(frame.to_sql("sa_frame", connection, index=False, if_exists="append", method="multi"))
        back = pandas.read_sql_table("sa_frame", connection)
        show({name: str(kind) for name, kind in back.dtypes.items()})
        show([tuple(row) for row in back.itertuples(index=False)])
        frame.head(1).to_sql("sa_frame", connection, index_label="i", if_exists="replace")
        show([column["name"] for column in sa.inspect(connection).get_columns("sa_frame")])
        connection.execute(sa.text("DROP TABLE sa_frame"))


@feature_of_engine("all-types")
def _(engine):
    table = sa.Table("all_types", sa.MetaData(), autoload_with=engine)
    columns = [table.c[name] for name in "flag small whole big exact single twice words bytes day clock moment instant span ident doc ints texts feeling".split()]
    with engine.connect() as connection:
        for row in connection.execute(sa.select(*columns).where(table.c.id.in_([1, 3, 4])).order_by(table.c.id)):
            for value in row:
                show(value)
        show(connection.scalar(sa.select(sa.func.count()).where(table.c.exact > Decimal("0"), table.c.day < datetime.date(2100, 1, 1))))


@feature_of_engine("transactions")
def _(engine):
    table = sa.Table("sa_moved", sa.MetaData(), sa.Column("a", sa.Integer, primary_key=True, autoincrement=False))
    table.create(engine)
    with engine.connect() as connection:
        connection.execute(sa.insert(table), {"a": 1})
        with engine.connect() as other:
            show(other.scalar(sa.select(sa.func.count()).select_from(table)))
        connection.commit()
        connection.execute(sa.insert(table), {"a": 2})
        connection.rollback()
        show(connection.scalars(sa.select(table.c.a)).all())
    with Session(engine) as session, session.begin():
        session.execute(sa.insert(table), {"a": 3})
    serializable = engine.connect().execution_options(isolation_level="SERIALIZABLE")
    show(serializable.scalar(sa.text("SHOW transaction_isolation")), serializable.scalar(sa.select(sa.func.count()).select_from(table)))
    serializable.close()
    automatic = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    automatic.execute(sa.insert(table), {"a": 4})
    automatic.close()
    with engine.connect() as connection:
        show(connection.scalars(sa.select(table.c.a).order_by(table.c.a)).all())
    table.drop(engine)


@feature_of_engine("nested-transaction-reads")
def _(engine):
    with engine.begin() as connection:
        with connection.begin_nested():
            show(connection.scalar(sa.text("SELECT count(*) FROM customers")))
        with fails():
            with connection.begin_nested():
                connection.execute(sa.text("SELECT * FROM missing"))
        show(connection.scalar(sa.text("SELECT count(*) FROM orders")))


@feature_of_engine("errors")
def _(engine):
    for statement in (
        "SELECT * FROM missing",
        "SELECT nme FROM customers",
        "SELEC 1",
        "SELECT 'x'::integer",
        "INSERT INTO customers (id, email, name) VALUES (1, 'x', 'y')",
        "INSERT INTO customers (id, email, name) VALUES (70, NULL, 'y')",
    ):
        with fails():
            with engine.begin() as connection:
                connection.execute(sa.text(statement))
    with engine.connect() as connection:
        show(connection.scalar(sa.text("SELECT 1")))


@feature_of_engine("statement-timeout")
def _(engine):
    with engine.connect() as connection:
        connection.execute(sa.text("SET statement_timeout = 400"))
        connection.commit()
        with fails():
            connection.execute(sa.text("SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x)"))
        connection.rollback()
        show(connection.scalar(sa.text("SELECT 1")))


@feature_of_engine("copy")
def _(engine):
    """By the driver's own connection below SQLAlchemy's: the recipe for `to_sql` with COPY."""
    data = b"1,one\n2,\n"
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE sa_copied (n integer, label text)"))
    raw = engine.raw_connection()
    if DRIVER == "psycopg2":
        cursor = raw.cursor()
        cursor.copy_expert("COPY sa_copied FROM STDIN WITH (FORMAT csv)", io.BytesIO(data))
        out = io.BytesIO()
        cursor.copy_expert("COPY (SELECT n, label FROM numbers ORDER BY n) TO STDOUT WITH (FORMAT csv)", out)
    elif DRIVER == "psycopg":
        with raw.driver_connection.cursor() as cursor:
            with cursor.copy("COPY sa_copied FROM STDIN WITH (FORMAT csv)") as copy:
                copy.write(data)
            out = io.BytesIO()
            with cursor.copy("COPY (SELECT n, label FROM numbers ORDER BY n) TO STDOUT WITH (FORMAT csv)") as copy:
                for part in copy:
                    out.write(part)
    else:
        out = io.BytesIO()
        await_only(raw.driver_connection.copy_to_table("sa_copied", source=io.BytesIO(data), format="csv"))
        await_only(raw.driver_connection.copy_from_query("SELECT n, label FROM numbers ORDER BY n", output=out, format="csv"))
    raw.commit()
    raw.close()
    show(len(out.getvalue()))
    with engine.begin() as connection:
        show([tuple(row) for row in connection.execute(sa.text("SELECT n, label FROM sa_copied ORDER BY n"))])
        connection.execute(sa.text("DROP TABLE sa_copied"))


run()
