"""SQLAlchemy 2 and pandas over one of the drivers psycopg2, psycopg (3) and asyncpg: WIRE_DRIVER names it."""

import datetime
import os
from decimal import Decimal

import pandas
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.util import greenlet_spawn
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


run()
