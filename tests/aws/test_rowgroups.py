"""Leaving row groups out never changes an answer: conditions on columns of every type, around the
least and greatest values of row groups, counted by Tarn and by DuckDB on the same files."""
import datetime as dt
import decimal
import random
import re

import pytest
import requests

pyarrow = pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

GROUP, GROUPS = 50, 8
N = GROUP * GROUPS
PREFIX = "x" * 70

# name: (type in the table, type to compare as in DuckDB, how literals are written)
COLUMNS = {
    "i8": ("tinyint", "TINYINT", "{}"), "wide": ("bigint", "BIGINT", "{}"),
    "narrow": ("int", "INTEGER", "{}"), "u32": ("bigint", "BIGINT", "{}"),
    "u64": ("decimal(20,0)", "DECIMAL(20,0)", "decimal '{}'"),
    "f32": ("float", "FLOAT", "{}"), "f64": ("double", "DOUBLE", "{}"),
    "f32_wide": ("double", "DOUBLE", "{}"),
    "d9": ("decimal(9,2)", "DECIMAL(9,2)", "decimal '{}'"),
    "d30": ("decimal(30,10)", "DECIMAL(30,10)", "decimal '{}'"),
    "d_round": ("decimal(10,1)", "DECIMAL(10,1)", "decimal '{}'"),
    "d_more": ("decimal(12,4)", "DECIMAL(12,4)", "decimal '{}'"),
    "day": ("date", "DATE", "date '{}'"), "us": ("timestamp", "TIMESTAMP", "timestamp '{}'"),
    "ns": ("timestamp", "TIMESTAMP", "timestamp '{}'"), "tz": ("timestamp", "TIMESTAMP", "timestamp '{}'"),
    "word": ("string", "VARCHAR", "'{}'"), "long": ("varchar(200)", "VARCHAR", "'{}'"),
    "bin": ("string", "VARCHAR", "'{}'"), "flag": ("boolean", "BOOLEAN", "{}"),
    "none": ("bigint", "BIGINT", "{}"), "late": ("bigint", "BIGINT", "{}"),
}
DECIMALS = {"d9": 2, "d30": 10, "d_round": 1, "d_more": 4}


def values(name, rnd, ids):
    """Clustered, so that row groups differ, with some disorder."""
    at = [i * 3 // 2 - N // 2 + rnd.randrange(-20, 20) for i in ids]
    moment = dt.datetime(1970, 1, 1)
    arrays = {
        "i8": ([max(-128, min(127, v // 4)) for v in at], pa.int8()),
        "wide": (at, pa.int32()), "narrow": (at, pa.int64()),
        "u32": ([v + 4 * 10**9 for v in at], pa.uint32()),
        "u64": ([v + 2**63 for v in at], pa.uint64()),
        "f32": ([float("nan") if v % 17 == 0 else v / 3 for v in at], pa.float32()),
        "f64": ([float("nan") if v % 19 == 0 else -0.0 if v == 0 else float("inf") if v == 77 else v / 7
                 for v in at], pa.float64()),
        "f32_wide": ([v / 3 for v in at], pa.float32()),
        "d9": ([decimal.Decimal(v) / 4 for v in at], pa.decimal128(9, 2)),
        "d30": ([decimal.Decimal(v) * 10**9 / 8 for v in at], pa.decimal128(30, 10)),
        "d_round": ([decimal.Decimal(v) / 1000 for v in at], pa.decimal128(12, 3)),
        "d_more": ([decimal.Decimal(v) / 4 for v in at], pa.decimal128(9, 2)),
        "day": ([dt.date(1970, 1, 1) + dt.timedelta(days=v) for v in at], pa.date32()),
        "us": ([moment + dt.timedelta(microseconds=v * 500001) for v in at], pa.timestamp("us")),
        "ns": ([v * 500000001 for v in at], pa.timestamp("ns")),
        "tz": ([moment + dt.timedelta(seconds=v) for v in at], pa.timestamp("ms", tz="Asia/Kolkata")),
        "word": ([("é" if v % 3 else "") + f"w{v + 1000:05d}" if v % 23 else "" for v in at], pa.string()),
        "long": ([PREFIX + f"{v + 1000:05d}" + ("\U0010ffff" if v % 5 == 0 else "") for v in at], pa.string()),
        "bin": ([f"b{v + 1000:05d}".encode() for v in at], pa.binary()),
        "flag": ([i // GROUP % 3 == 0 for i in ids], pa.bool_()),
        "none": ([None] * len(at), pa.int64()), "late": (at, pa.int64()),
    }
    found, kind = arrays[name]
    if name not in ("none", "flag"):
        found = [None if i // GROUP % 4 == 3 or rnd.random() < 0.05 else v for i, v in zip(ids, found)]
    return pa.array(found, kind)


@pytest.fixture(scope="module")
def both(tarn, tmp_path_factory):
    folder, rnd = tmp_path_factory.mktemp("rowgroups"), random.Random(7)
    s3, paths = tarn.client("s3"), []
    s3.create_bucket(Bucket="groups")
    for file in range(3):
        ids = range(file * N, (file + 1) * N)
        table = pa.table({n: values(n, rnd, ids) for n in COLUMNS if n != "late" or file})
        path = folder / f"{file}.parquet"
        options = [{}, {"use_deprecated_int96_timestamps": True, "version": "1.0"},
                   {"write_statistics": ["wide", "word", "us", "f64"]}][file]
        pq.write_table(table, path, row_group_size=GROUP, **options)
        s3.put_object(Bucket="groups", Key=f"t/{path.name}", Body=path.read_bytes())
        paths.append(str(path))
    tarn.rows("create database groups")
    tarn.rows("create external table groups.t (" + ", ".join(f"{n} {t[0]}" for n, t in COLUMNS.items())
              + ") stored as parquet location 's3://groups/t/'")
    con = duckdb.connect()
    con.sql("set TimeZone = 'UTC'")
    casts = ", ".join(f"CAST({n} AS {t[1]}) AS {n}" for n, t in COLUMNS.items())
    con.sql(f"create table t as select {casts} from read_parquet({paths}, union_by_name=true, "
            "binary_as_string=true)")
    return tarn, con


def literals(con, name, rnd):
    """Values of the column, and some beside them, as text."""
    cast = f"strftime({name}, '%Y-%m-%d %H:%M:%S.%f')" if COLUMNS[name][0] == "timestamp" else \
        f"CAST({name} AS VARCHAR)"
    some = [v for v, in con.sql(f"select {cast} from t where {name} is not null and {name}::varchar not in "
                                f"('nan', 'inf') using sample 12 rows (reservoir, {rnd.randrange(10**6)})"
                                ).fetchall()]
    ends = con.sql(f"select {cast.replace(name, f'min({name})')}, {cast.replace(name, f'max({name})')} from t "
                   f"where {name}::varchar not in ('nan', 'inf')").fetchall()[0]
    some += [v for v in ends if v is not None]
    if COLUMNS[name][0] in ("tinyint", "int", "bigint", "float", "double") or name in DECIMALS:
        some += ["0"]
    if name in DECIMALS:
        step = decimal.Decimal(1).scaleb(-DECIMALS[name])
        some += [format(decimal.Decimal(v) + step, "f") for v in some]
    if name in ("f32", "f64"):
        some = [f"{float(v)!r}" if "e" not in v else v for v in some]
    if name == "none":
        some = ["5"]
    return some


def written(name):
    """How a literal of the column is written."""
    if COLUMNS[name][0] in ("float", "double"):
        return "real '{}'" if COLUMNS[name][0] == "float" else "double '{}'"
    return COLUMNS[name][2]


def conditions(con, name, rnd):
    found = [written(name).format(v) for v in literals(con, name, rnd)]
    # whether NaN is greater than other numbers is not what is asked here
    ops = {"flag": ["="], "f32": ["=", "<", "<="], "f64": ["=", "<", "<="]}.get(
        name, ["=", "<", "<=", ">", ">="])
    made = [f"{name} {op} {v}" for v in found for op in rnd.sample(ops, min(2, len(ops)))]
    for _ in range(4):
        a, b, c = (rnd.choice(found) for _ in range(3))
        made.append(f"{name} in ({a}, {b}, {c})")
        if len(ops) > 1:
            made += [f"{name} between {a} and {b}", f"{name} < {a} or {name} = {b}"]
    return made


def in_duckdb(condition):
    """Its own decimal literals have three digits after the point."""
    return re.sub(r"decimal ('[^']*')", r"CAST(\1 AS DECIMAL(38,12))", condition)


@pytest.mark.parametrize("name", COLUMNS)
def test_counts_equal_duckdb(both, name):
    tarn, con = both
    made = conditions(con, name, random.Random(name))
    asked = "\nunion all ".join(f"select {i}, count(*) from groups.t where {c}" for i, c in enumerate(made))
    got = {int(i): int(n) for i, n in tarn.rows(asked)}
    for i, condition in enumerate(made):
        want = con.sql(f"select count(*) from t where {in_duckdb(condition)}").fetchall()[0][0]
        assert got[i] == want, condition


def test_row_groups_are_left_out(both):
    tarn, con = both
    for name in ("i8", "wide", "narrow", "u32", "f32", "f64", "f32_wide", "d9", "d_more",
                 "day", "us", "ns", "tz", "word", "long", "none", "late"):
        low = literals(con, name, random.Random(1))[0]
        plan = requests.post(f"{tarn.endpoint}/tarn/v1/plan", timeout=60, json={
            "sql": f"select flag from groups.t where {name} = {written(name).format(low)}"}).json()
        assert plan["row_groups"]["kept"] < plan["row_groups"]["considered"] == 3 * GROUPS, (name, low)
