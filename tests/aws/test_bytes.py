"""The bytes that a plan predicts are, to the byte, those the query then reads of column chunks.

A library preloaded into the server and its workers (readtrace.c) writes down every read of a Parquet
file. Reads are mapped to the column chunks that the files' footers name: a read belongs to the chunk
in which it starts, and counts up to that chunk's end (the engine reads a page's header with some
bytes more than it has). The footer itself is not data."""
import bisect
import datetime
import decimal
import os
import random
import sqlite3
import subprocess

import pytest
import requests

from conftest import ROOT, Server
from test_fresh_reads import make_stream, put

pyarrow = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

GROUP, GROUPS, FILES = 1000, 10, 2
MB = 1024 * 1024
ROWS = GROUP * GROUPS


class Trace:
    def __init__(self, path):
        self.path = path
        self.chunks = {}  # path: [(start, end, column, row group)]

    def add_file(self, path):
        found, meta = [], pq.ParquetFile(path).metadata
        for g in range(meta.num_row_groups):
            for c in range(meta.num_columns):
                chunk = meta.row_group(g).column(c)
                start = min(o for o in (chunk.dictionary_page_offset, chunk.data_page_offset) if o)
                found.append((start, start + chunk.total_compressed_size, chunk.path_in_schema, g))
        self.chunks[str(path)] = sorted(found)

    def clear(self):
        self.path.unlink(missing_ok=True)

    def read(self):
        """{(path, column, row group): (bytes read of the chunk, its size)}; a chunk that several
        scans of the query read counts as often."""
        spans = {}
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        for line in lines:
            at, size, path = line.split(" ", 2)
            at, size = int(at), int(size)
            if path not in self.chunks:
                continue
            chunks = self.chunks[path]
            i = bisect.bisect_right(chunks, (at, float("inf"))) - 1
            if i < 0 or at >= chunks[i][1]:
                continue  # the magic number, the footer
            start, end, column, group = chunks[i]
            spans.setdefault((path, column, group, start, end), []).append((at, min(at + size, end)))
        found = {}
        for (path, column, group, start, end), parts in spans.items():
            times = sum(a == start for a, _ in parts)
            total = 0
            for turn in range(max(times, 1)):
                reached = start
                for a, b in sorted(p for p in set(parts) if parts.count(p) > turn):
                    total += max(0, b - max(a, reached))
                    reached = max(reached, b)
            found[path, column, group] = (total, (end - start) * times)
        return found


def table(first, seed):
    rnd = random.Random(seed)
    ids = range(first, first + ROWS)
    day = datetime.date(2024, 1, 1)
    return pyarrow.table({
        "id": pyarrow.array(ids, pyarrow.int64()),
        "small": pyarrow.array([i // 100 for i in ids], pyarrow.int16()),
        "r": pyarrow.array([rnd.randrange(50) for _ in ids], pyarrow.int32()),
        "name": [f"a common prefix of names {i:08d}" for i in ids],
        "word": [rnd.choice(("alpha", "beta", "gamma", "delta")) for _ in ids],
        "x": [rnd.random() for _ in ids],
        "f": pyarrow.array([i / 3 for i in ids], pyarrow.float32()),
        "d": [day + datetime.timedelta(days=i // 100) for i in ids],
        "ts": pyarrow.array([datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=i) for i in ids],
                            pyarrow.timestamp("us")),
        "ms": pyarrow.array([datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=i) for i in ids],
                            pyarrow.timestamp("ms", tz="UTC")),
        "price": pyarrow.array([decimal.Decimal(i) / 4 for i in ids], pyarrow.decimal128(12, 2)),
        "flag": [i // (2 * GROUP) % 2 == 0 for i in ids],
        "gap": pyarrow.array([None if i // GROUP % 2 else i for i in ids], pyarrow.int64()),
        "s": [{"a": i, "b": f"b{i}", "c": {"e": i * 2, "f": f"f{rnd.random()}"}} for i in ids],
        "l": [[i, i + 1] for i in ids],
        "m": pyarrow.array([[("k", i)] for i in ids], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
    })


COLUMNS = """id bigint, small smallint, r int, name string, word string, x double, f float, d date,
    ts timestamp, ms timestamp, price decimal(12,2), flag boolean, gap bigint,
    s struct<a:bigint,b:string,c:struct<e:bigint,f:string>>, l array<bigint>, m map<string,bigint>"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bytes")
    library, trace = folder / "readtrace.so", Trace(folder / "reads.txt")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", library,
                    ROOT / "tests" / "aws" / "readtrace.c", "-ldl"], check=True)
    asan = os.environ.get("ASAN_OPTIONS", "")
    server = Server(folder / "data", env={"LD_PRELOAD": str(library), "READTRACE": str(trace.path),
                                          "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0"}).start()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="lake")
    made = folder / "f.parquet"

    def put(key):
        s3.put_object(Bucket="lake", Key=key, Body=made.read_bytes())
        trace.add_file(server.data_dir / "objects" / "lake" / key)

    for i in range(FILES):
        pq.write_table(table(i * ROWS, i), made, row_group_size=GROUP, compression="zstd")
        put(f"t/{i}.parquet")
        put(f"p/dt=2024-01-0{i + 1}/f.parquet")
    pq.write_table(pyarrow.table({"k": pyarrow.array(range(0, 3000), pyarrow.int64()),
                                  "label": [f"l{i}" for i in range(3000)]}), made, row_group_size=GROUP)
    put("dim/f.parquet")
    server.rows("create database lake")
    server.rows(f"create external table lake.t ({COLUMNS}) stored as parquet location 's3://lake/t/'")
    server.rows(f"create external table lake.p ({COLUMNS}) partitioned by (dt string) "
                "stored as parquet location 's3://lake/p/'")
    server.rows("msck repair table lake.p")
    server.rows("create external table lake.dim (k bigint, label string) stored as parquet "
                "location 's3://lake/dim/'")
    server.trace = trace
    yield server
    assert server.stop() == 0


def planned(lake, sql):
    reply = requests.post(f"{lake.endpoint}/tarn/v1/plan", timeout=60,
                          json={"sql": sql, "database": "lake"})
    assert reply.status_code == 200, reply.text
    return reply.json()


def run(lake, sql):
    """(the plan, what the query says it scanned, what it read of each chunk)"""
    plan = planned(lake, sql)
    lake.trace.clear()
    execution = lake.query(sql, "lake")
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    return plan, execution["Statistics"]["DataScannedInBytes"], lake.trace.read()


def describe(read):
    lines = {}
    for (path, column, group), (got, size) in sorted(read.items()):
        lines.setdefault((path[-20:], column), []).append(f"{group}:{got}/{size}" if got != size else f"{group}")
    return "\n".join(f"{p} {c}: {' '.join(g)}" for (p, c), g in lines.items())


EXACT = [  # sql, row groups that it reads
    # projections
    ("select id from t", 20),
    ("select id, name, word from t", 20),
    ("select * from t", 20),
    ("select sum(x) from t", 20),
    ("select word, count(*), avg(price) from t group by word", 20),
    ("select l from t", 20),
    ("select m['k'] from t", 20),
    ("select l[1], name from t", 20),
    ("select max(length(name)) from t", 20),
    ("select distinct r from t order by r", 20),
    ("select count(*) from t", 20),
    ("select min(id), max(id) from t", 20),
    ("select count(id) from t", 20),
    ("select count(*), 1 from p where dt = '2024-01-01'", 10),
    # a sorted integer
    ("select id from t where id = 5", 1),
    ("select name from t where id = 12345", 1),
    ("select x from t where id between 2500 and 4500", 3),
    ("select sum(x) from t where id < 3000", 3),
    ("select sum(x) from t where id <= 3000", 4),
    ("select sum(r) from t where id > 18999", 1),
    ("select sum(r) from t where id >= 9999 and id < 10001", 2),
    ("select word from t where id in (5, 7777, 15000)", 3),
    ("select word from t where id = 5 or id = 9005", 2),
    ("select word from t where small = 42", 1),
    ("select word from t where 4000 > id", 4),
    ("select word from t where id + 0 = 4100 and id > 4000 and id < 4999", 1),
    ("select r from t where id = -1", 0),
    ("select r from t where id > 20000 and x > 0", 0),
    # an unsorted one
    ("select id from t where r = 7", 20),
    ("select id from t where r > 3 and word = 'beta'", 20),
    ("select id from t where r = 77", 0),
    ("select word from t where x > 0.5 and id < 5000", 5),
    # text
    ("select id from t where name = 'a common prefix of names 00004321'", 1),
    ("select id from t where name >= 'a common prefix of names 00018000'", 2),
    ("select id from t where name in ('a common prefix of names 00000001', "
     "'a common prefix of names 00011001')", 2),
    ("select id from t where name like 'a common prefix of names 000030%'", 1),
    ("select name from t where word = 'beta' and name < 'a common prefix of names 00002000'", 2),
    # times, decimals, floating point, truth
    ("select id from t where d = date '2024-02-01'", 1),
    ("select id from t where d between date '2024-01-15' and date '2024-02-20'", 5),
    ("select id from t where d >= date '2024-07-01'", 2),
    ("select id from t where ts < timestamp '2024-01-01 00:30:00'", 2),
    ("select id from t where ts between timestamp '2024-01-01 01:00:00' and timestamp '2024-01-01 01:10:00'", 2),
    ("select id from t where date_trunc('minute', ts) = timestamp '2024-01-01 00:50:00'", 1),
    ("select id from t where ms >= timestamp '2024-01-01 05:30:00'", 1),
    ("select id from t where price = 1000.25", 1),
    ("select id from t where price > decimal '4750.00'", 1),
    ("select sum(price) from t where price between 100 and 300", 2),
    ("select id from t where f < 100", 1),
    ("select id from t where f = real '1000.0'", 1),
    ("select id from t where flag and id < 6000", 4),
    ("select id from t where flag = false and id between 0 and 7999", 4),
    # nulls
    ("select gap from t", 20),
    ("select sum(id) from t where gap > 0", 10),
    ("select id from t where gap between 2500 and 6500", 3),
    # nested columns
    ("select s from t where id < 1000", 1),
    ("select l, m from t where id between 3000 and 3999", 1),
    ("select cardinality(l), id from t where ts < timestamp '2024-01-01 00:10:00'", 1),
    ("select s.a from t", 20),
    ("select s.c.f from t where id < 1000", 1),
    ("select sum(s.c.e), max(s.b) from t", 20),
    ("select s.a, s.c.e from t where s.b <> ''", 20),
    ("select s.c from t where id >= 19000", 1),
    ("select s.a, s from t where id >= 19000", 1),
    ("select s.b, count(*), sum(s.a) from t where id < 2000 group by s.b", 2),
    ("select id, s.c.f from t order by s.a desc limit 20000", 20),
    ("select case when s.a > 5 then s.b else 'x' end from t where id < 1000", 1),
    ("select a, sum(e) over (order by a) from (select s.a as a, s.c.e as e from t where id < 1000)", 1),
    # partitions, joins, subqueries
    ("select sum(x) from p where dt = '2024-01-02'", 10),
    ("select dt, sum(x) from p where id between 500 and 1500 group by dt", 2),
    ("select dt, id from p where dt >= '2024-01-01' and id >= 9500 and id < 10500", 2),
    ("select count(*), sum(length(label)) from t join dim on t.id = dim.k where t.id < 3000", 6),
    ("select t.word, dim.label from t join dim on t.id = dim.k where dim.k between 1200 and 1300", 2),
    ("select count(x) from (select x, id from t where id < 2000) where id >= 1000 and x >= 0", 1),
    ("with w as (select id, word from t) select word from w where id = 4242", 1),
    ("select id from t where id < 1000 union all select k from dim where k >= 2000", 2),
    ("select id from t where id >= (select 19000)", 1),
    ("select a.id from t a, t b where a.id = b.id and b.id between 7000 and 7100", 2),
]


@pytest.mark.parametrize("sql,groups", EXACT, ids=[f"{i}" for i in range(len(EXACT))])
def test_predicted_bytes_are_those_read(lake, sql, groups):
    plan, scanned, read = run(lake, sql)
    assert plan["row_groups"]["kept"] == groups
    assert sum(got for got, _ in read.values()) == plan["bytes"] == scanned, describe(read)
    assert all(got == size for got, size in read.values()), describe(read)
    assert plan["billed_bytes"] == max(10 * MB, -(-plan["bytes"] // MB) * MB)
    assert plan["price_usd"] == pytest.approx(plan["billed_bytes"] / 1024**4 * 5)


BOUNDS = [  # why the engine reads less than the plan says, which is what is billed
    ("a filter that no row of a group passes leaves its other columns unread",
     "select name from t where x between 0.5 and 0.50001"),
    ("a value that is not among the dictionary's leaves the data pages unread",
     "select id from t where word = 'alphabet'"),
    ("several ranges of one column are one to the plan",
     "select word from t where id between 100 and 200 or id between 9100 and 9200"),
    ("LIMIT stops early", "select word, name from t limit 5"),
    ("the smaller side of a join tells what the larger one needs",
     "select s.b from t join dim on s.a = dim.k where label < 'l2'"),
    ("whether there are NULLs at all is in the footers", "select id from t where gap is not null"),
]


@pytest.mark.parametrize("sql", [sql for _, sql in BOUNDS], ids=[why for why, _ in BOUNDS])
def test_never_more_than_predicted(lake, sql):
    plan, scanned, read = run(lake, sql)
    assert sum(got for got, _ in read.values()) < plan["bytes"] == scanned, describe(read)


def test_there_are_fifty():
    assert len({sql for sql, _ in EXACT}) >= 50


def test_a_file_that_changes_is_read_anew(lake):
    path = lake.data_dir / "objects" / "lake" / "changing" / "f.parquet"
    path.parent.mkdir()
    lake.rows("create external table lake.changing (id bigint) stored as parquet location 's3://lake/changing/'")
    for first in (0, 5000, 0):
        pq.write_table(pyarrow.table({"id": pyarrow.array(range(first, first + 4000), pyarrow.int64())}),
                       path, row_group_size=1000)
        for low in (0, 3500, 5000):
            assert lake.rows(f"select count(*) from lake.changing where id >= {low}") == [
                [str(max(0, first + 4000 - max(low, first)))]]


def test_footers_are_read_anew_when_asked(lake):
    def refresh(**body):
        return requests.post(f"{lake.endpoint}/tarn/v1/refresh", json=body, timeout=60)

    assert planned(lake, "select id from p where dt = '2024-01-01'")["rows"] == ROWS
    lake.trace.clear()
    assert refresh(database="lake", table="p").json() == {
        "files": FILES, "read": FILES, "rows": FILES * ROWS,
        "bytes": sum((lake.data_dir / f"objects/lake/p/dt=2024-01-0{i + 1}/f.parquet").stat().st_size
                     for i in range(FILES))}
    assert lake.trace.path.exists() and not lake.trace.read()
    assert planned(lake, "select id from p where id < 1000")["row_groups"]["kept"] == 1
    missing = refresh(database="lake", table="nope")
    assert missing.status_code == 400 and "nope" in missing.text
    assert refresh(database="lake").status_code == 400


def test_delivered_files(lake):
    """Their facts come with their commit; those of older versions are replaced when a plan meets them."""
    lake.rows("create database d")
    make_stream(lake, "fed")
    for first in (0, 1000, 2000):
        put(lake, "fed", range(first, first + 1000))
        lake.flush("fed")
    for path in (lake.data_dir / "objects" / "lake").rglob("fed/**/*.parquet"):
        lake.trace.add_file(path)

    def check(where, files):
        plan, scanned, read = run(lake, f"select id, who from d.fed where {where}")
        assert (plan["files"], plan["row_groups"]["kept"], plan["rows"]) == (files, files, files * 1000)
        assert sum(got for got, _ in read.values()) == plan["bytes"] == scanned, describe(read)

    check("id >= 0", 3)
    check("id between 1100 and 1200", 1)
    check("id in (5, 2500)", 2)
    check("who = 'w9'", 0)
    lake.stop()
    with sqlite3.connect(lake.data_dir / "catalog.db") as db:
        assert db.execute("update file set facts = '{\"row_groups\":1,\"columns\":{\"id\":{\"bytes\":1}}}' "
                          "where to_lsn > 0").rowcount == 3
    lake.start()
    check("id between 1100 and 1200", 1)
    with sqlite3.connect(lake.data_dir / "catalog.db") as db:
        stored = db.execute("select facts, from_lsn < to_lsn from file where to_lsn > 0").fetchall()
    assert len(stored) == 3 and all('"rows":[1000]' in facts and kept for facts, kept in stored)
