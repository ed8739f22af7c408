"""3,000,000 real flights through PutRecords: counted before and after the flush, and five aggregates
that equal what DuckDB answers on the source file."""

import pathlib
import subprocess

import duckdb
import pytest

from conftest_server import ROOT

FLIGHTS = ROOT / "examples" / "flights"
QUERIES = sorted((FLIGHTS / "queries").glob("*.sql"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source():
    path = subprocess.run([ROOT / "tools" / "fetch-flights.sh"], check=True, text=True,
                          capture_output=True).stdout.strip()
    return pathlib.Path(path)


@pytest.fixture(scope="module")
def flights(tarn, source):
    tarn.tarn("up", FLIGHTS / "warehouse.yaml")
    put = tarn.tarn("put", "flights", "--file", source, "-w", FLIGHTS / "warehouse.yaml")
    assert put.stdout == "3000000 events acknowledged\n"
    return tarn


def in_duckdb(source, sql):
    """The same statement on the source file; only what the dialects spell differently is replaced."""
    con = duckdb.connect()
    con.sql(f"create view flights as select * from '{source}'")
    con.sql("set TimeZone='UTC'")
    spelled = sql.replace("count_if(delay > 60)", "count(*) filter (where delay > 60)")
    return [[None if v is None else v for v in row] for row in con.sql(spelled).fetchall()]


def same(text, value):
    if value is None or text is None:
        return text is None and value is None
    if isinstance(value, float):
        return float(text) == pytest.approx(value, rel=1e-12)
    if hasattr(value, "hour"):
        return text == value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    return text == str(value)


def test_count_before_and_after_the_flush(flights):
    assert flights.rows("select count(*) from flights", "flights") == [["3000000"]]
    flights.flush()
    assert flights.rows("select count(*) from flights", "flights") == [["3000000"]]


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_aggregates_equal_duckdb(flights, source, path):
    ours = flights.rows(path.read_text(), "flights")
    theirs = in_duckdb(source, path.read_text())
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert len(a) == len(b) and all(same(x, y) for x, y in zip(a, b)), (a, b)


def test_a_query_reads_only_its_columns(flights):
    one = flights.query("select max(distance) from flights", "flights")
    all_ = flights.query("select max(distance), max(date), max(delay), max(origin), "
                         "max(destination) from flights", "flights")
    assert 0 < one["Statistics"]["DataScannedInBytes"] < all_["Statistics"]["DataScannedInBytes"]
