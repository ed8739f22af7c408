"""PyAthena as its users have it: cursors, parameters, SQLAlchemy's reflection."""
import datetime
import decimal
import functools
import os

import pyarrow.fs
import pytest

SQL = ("select 1 a, cast(2.5 as decimal(3,1)) b, 'x' c, date '2020-01-01' d, timestamp '2020-01-01 01:02:03.004' t, "
       "array[1, 2] r, map(array['k'], array[1]) m, true bo, cast(null as varchar) n, 1.5e0 dd, X'0102' bin")
ROW = {"a": 1, "b": decimal.Decimal("2.5"), "c": "x", "d": datetime.date(2020, 1, 1),
       "t": datetime.datetime(2020, 1, 1, 1, 2, 3, 4000), "bo": True, "n": None, "dd": 1.5, "bin": b"\x01\x02"}


@pytest.fixture(scope="module")
def connection(tarn):
    """All that a user changes is the environment."""
    tarn.client("s3").create_bucket(Bucket="pyathena")
    settings = {"AWS_ENDPOINT_URL": tarn.endpoint, "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t",
                "AWS_DEFAULT_REGION": "us-east-1"}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    from pyathena import connect

    yield connect(s3_staging_dir="s3://pyathena/results/", region_name="us-east-1", poll_interval=0.02)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(scope="module")
def shop(connection):
    cursor = connection.cursor()
    cursor.execute("create database if not exists shop")
    cursor.execute("create external table shop.orders (id int comment 'the order', item string, price decimal(9,2)) "
                   "partitioned by (day date) stored as parquet location 's3://pyathena/orders/' tblproperties ('a' = 'b')")
    return cursor


def test_cursors(connection):
    from pyathena.cursor import DictCursor

    row = connection.cursor().execute(SQL).fetchall()[0]
    assert row[:5] == tuple(ROW.values())[:5]
    found = connection.cursor(DictCursor).execute(SQL).fetchone()
    assert {k: found[k] for k in ROW} == ROW
    assert found["r"] == [1, 2]


def test_pandas_cursor(connection):
    from pyathena.pandas.cursor import PandasCursor

    frame = connection.cursor(PandasCursor).execute(SQL).as_pandas()
    assert frame["a"][0] == 1 and frame["b"][0] == ROW["b"] and frame["t"][0].to_pydatetime() == ROW["t"]
    large = connection.cursor(PandasCursor).execute(
        "select x, cast(x as varchar) s from unnest(sequence(1, 2500)) u(x)").as_pandas()
    assert large["x"].sum() == 2500 * 2501 // 2 and large["s"].iloc[-1] == "2500"


def test_arrow_cursor(connection, tarn, monkeypatch):
    from pyathena.arrow.cursor import ArrowCursor

    # pyarrow's S3 has no environment variable for the endpoint
    monkeypatch.setattr(pyarrow.fs, "S3FileSystem", functools.partial(
        pyarrow.fs.S3FileSystem, endpoint_override=tarn.endpoint))
    table = connection.cursor(ArrowCursor).execute(SQL).as_arrow()
    assert table["a"].to_pylist() == [1] and table["t"].to_pylist() == [ROW["t"]]


@pytest.mark.parametrize("style,sql,parameters", [
    ("qmark", "select ? + 1, ?", ["41", "'o''x'"]),
    ("pyformat", "select %(a)s + 1, %(b)s", {"a": 41, "b": "o'x"})])
def test_parameters(connection, style, sql, parameters):
    assert connection.cursor().execute(sql, parameters, paramstyle=style).fetchall() == [(42, "o'x")]


def test_errors_are_named(connection):
    from pyathena.error import OperationalError

    with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved"):
        connection.cursor().execute("select nothing from (values 1) t(x)")


def test_sqlalchemy(connection, shop):
    import sqlalchemy as sa

    engine = sa.create_engine("awsathena+rest://t:t@athena.us-east-1.amazonaws.com:443/shop?"
                              "s3_staging_dir=s3%3A%2F%2Fpyathena%2Fresults%2F&poll_interval=0.02")
    inspector = sa.inspect(engine)
    assert "shop" in inspector.get_schema_names()
    assert "orders" in inspector.get_table_names(schema="shop")
    columns = inspector.get_columns("orders", schema="shop")
    assert [(c["name"], str(c["type"])) for c in columns] == [
        ("id", "INTEGER"), ("item", "VARCHAR"), ("price", "DECIMAL(9, 2)"), ("day", "DATE")]
    assert columns[0]["comment"] == "the order"
    assert columns[3]["dialect_options"]["awsathena_partition"] is True
    options = inspector.get_table_options("orders", schema="shop")
    assert options["awsathena_location"] == "s3://pyathena/orders/"
    table = sa.Table("orders", sa.MetaData(), schema="shop", autoload_with=engine)
    with engine.connect() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0
        assert session.execute(sa.select(sa.cast(sa.literal("1"), sa.BigInteger), sa.func.substr(sa.literal("abc"), 2))
                               ).fetchall() == [(1, "bc")]
