"""A real Trino on Tarn's Glue and S3: reads what was delivered, writes what Athena reads.

Runs when TRINO=1, since it fetches 190 MB and takes half a minute: tools/trino.sh says how."""

import contextlib
import os
import sys

import pytest

from conftest import BINARY, ROOT, Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("TRINO") != "1", reason="set TRINO=1 to run a real Trino"),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    os.environ.setdefault("TARN", BINARY)
    sys.path.insert(0, str(ROOT / "bench"))
    from trino import Trino

    folder = tmp_path_factory.mktemp("trino")
    with contextlib.ExitStack() as stack:
        server = Server(folder / "data").start()
        stack.callback(server.stop)
        server.client("s3").create_bucket(Bucket="lake")
        server.client("glue").create_database(
            DatabaseInput={"Name": "bench", "LocationUri": "s3://lake/bench/"}
        )
        yield server, Trino(stack, folder, {"tarn": server.port}).query


WAREHOUSE = """name: {name}
bucket: {name}
streaming_tables:
  {table}:
    columns: {{id: bigint, item: string, price: '{price}', at: timestamp}}
    buffer: {{size_mb: 64, interval_s: 900}}
"""


def deliver(server, folder, name, table, price):
    warehouse = folder / "warehouse.yaml"
    warehouse.write_text(WAREHOUSE.format(name=name, table=table, price=price))
    server.tarn("up", warehouse)
    (folder / "events.ndjson").write_text(
        "".join(
            f'{{"id":{i},"item":"i{i % 5}","price":{i}.5,"at":"2026-01-01 00:00:0{i % 10}"}}\n'
            for i in range(100)
        )
    )
    server.tarn("put", table, "-f", folder / "events.ndjson", "-w", warehouse)
    server.flush(f"{name}-{table}")


def both_answer(server, trino, table):
    sql = "select item, count(*), sum(price), max(at) from {} group by item order by item"
    ours = server.rows(sql.format(table), database="default")
    theirs = trino(sql.format(f'"default".{table}'))[0]
    assert len(ours) == 5
    assert [[str(v) for v in row] for row in theirs] == ours


def test_trino_reads_what_was_delivered(lake, tmp_path):
    server, trino = lake
    deliver(server, tmp_path, "shop", "orders", "decimal(9,2)")
    both_answer(server, trino, "orders")


def test_trino_reads_delivered_doubles(lake, tmp_path):
    server, trino = lake
    deliver(server, tmp_path, "market", "trades", "double")
    both_answer(server, trino, "trades")


def test_trino_writes_and_athena_reads(lake):
    server, trino = lake
    trino(
        "create table parts (id bigint, name varchar, at timestamp(3), day varchar) "
        "with (format = 'PARQUET', partitioned_by = array['day'])"
    )
    trino(
        "insert into parts select i, 'n' || cast(i as varchar), timestamp '2026-01-01 10:00:00', "
        "cast(i % 3 as varchar) from unnest(sequence(1, 30)) t(i)"
    )
    values = [
        p["Values"]
        for p in server.client("glue").get_partitions(DatabaseName="bench", TableName="parts")[
            "Partitions"
        ]
    ]
    assert values == [["0"], ["1"], ["2"]]
    rows = server.rows(
        "select day, count(*), sum(id), max(at) from parts where day <> '1' group by day order by 1",
        database="bench",
    )
    assert rows == [
        ["0", "10", "165", "2026-01-01 10:00:00.000"],
        ["2", "10", "155", "2026-01-01 10:00:00.000"],
    ]


def test_trino_keeps_statistics_in_the_catalogue(lake):
    _, trino = lake
    trino("analyze parts")
    stats = {r[0]: r for r in trino("show stats for (select * from parts where day = '1')")[0]}
    assert stats["id"][2] == 10.0 and stats["id"][5:] == ["1", "28"]
    assert stats[None][4] == 10.0


def test_trino_deletes_alters_and_drops(lake):
    server, trino = lake
    trino("delete from parts where day = '1'")
    assert trino("select count(*), count(distinct day) from parts")[0] == [[20, 2]]
    trino("alter table parts add column x integer")
    trino("insert into parts values (99, 'z', null, 5, '7')")
    assert trino("select x from parts where day = '7'")[0] == [[5]]
    assert server.rows("select sum(x) from parts", database="bench") == [["5"]]
    trino("create view v as select id from parts where day = '0'")
    assert trino("select count(*) from v")[0] == [[10]]
    trino("drop view v")
    trino("drop table parts")
    assert server.client("glue").get_tables(DatabaseName="bench")["TableList"] == []


def test_a_workgroup_whose_engine_is_trino(lake):
    server, trino = lake
    athena = server.client("athena")
    athena.create_work_group(
        Name="large",
        Configuration={"ResultConfiguration": {"OutputLocation": "s3://lake/results/"}},
        Tags=[{"Key": "tarn.engine", "Value": "trino"}, {"Key": "tarn.trino_url", "Value": f"http://127.0.0.1:{trino.__self__.port}"},
              {"Key": "tarn.trino_catalog", "Value": "tarn"}],
    )
    server.rows("create database if not exists numbers location 's3://lake/numbers/'")
    trino("create table numbers.n with (format = 'PARQUET') as select * from (values (1, 'x'), (2, null), (3, 'it''s \"q\"')) t(a, b)")
    sql = ("select a, b, array[a, null] r, map(array['k'], array[a]) m, cast(row(a, b) as row(x integer, y varchar)) w, "
           "cast(a as decimal(5,2)) d, timestamp '2020-01-01 00:00:00.1' t, X'00ff' v, 1e10 e, nan() from n order by a")
    mine = server.query(sql, database="numbers")
    theirs = server.query(sql, database="numbers", WorkGroup="large")
    assert mine["Status"]["State"] == theirs["Status"]["State"] == "SUCCEEDED", (mine["Status"], theirs["Status"])
    pages = [athena.get_query_results(QueryExecutionId=q["QueryExecutionId"])["ResultSet"] for q in (mine, theirs)]
    assert pages[0]["Rows"] == pages[1]["Rows"]
    assert [c["Type"] for c in pages[0]["ResultSetMetadata"]["ColumnInfo"]] == [
        c["Type"] for c in pages[1]["ResultSetMetadata"]["ColumnInfo"]]
    assert theirs["Statistics"]["DataScannedInBytes"] > 0
    failed = server.query("select nothing from n", database="numbers", WorkGroup="large")
    assert failed["Status"]["StateChangeReason"].startswith("COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved")
    found = server.query("select a from n where a > ?;", database="numbers", WorkGroup="large", ExecutionParameters=["2"])
    assert athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])["ResultSet"]["Rows"][1:] == [
        {"Data": [{"VarCharValue": "3"}]}]
    slow = athena.start_query_execution(
        QueryString="select count(*) from unnest(sequence(1, 10000)) a(x), unnest(sequence(1, 10000)) b(y), unnest(sequence(1, 10000)) c(z) where x + y = z",
        WorkGroup="large")["QueryExecutionId"]
    import time
    time.sleep(1)
    athena.stop_query_execution(QueryExecutionId=slow)
    for _ in range(200):
        if athena.get_query_execution(QueryExecutionId=slow)["QueryExecution"]["Status"]["State"] == "CANCELLED":
            break
        time.sleep(0.05)
    else:
        raise AssertionError("not cancelled")
    assert trino("select count(*) from system.runtime.queries where state = 'RUNNING' and query like '%10000%' and query not like '%runtime%'")[0] == [[0]]


@pytest.mark.parametrize("properties", [
    "format = 'PARQUET'", "format = 'PARQUET', write_compression = 'ZSTD'", "format = 'TEXTFILE'",
    "format = 'JSON', write_compression = 'NONE'",
])
def test_trino_reads_what_statements_wrote(lake, properties):
    """CREATE TABLE AS and INSERT here, every type and NULLs, partitions with odd names."""
    server, trino = lake
    table = "w" + str(abs(hash(properties)))
    binary = "'00FF'" if "JSON" in properties else "X'00ff'"
    made = f"""create table bench.{table} with ({properties}, partitioned_by = array['p', 'd']) as
        select cast(x as bigint) id, x * 1.5e0 a, cast(x as decimal(30,3)) b, 'é"' || cast(x as
        varchar) c, cast('2024-01-02 03:04:05.678' as timestamp) + interval '1' day * x t,
        date '2024-02-28' + interval '1' day * x e, x % 2 = 0 f, array[x, null] g,
        map(array['k'], array[cast(x as varchar)]) h, cast(row(x, 'z') as row(m integer, n varchar))
        i, {binary} j, cast(null as varchar) k,
        if(x % 3 = 0, cast(null as varchar), 'a/b=c d:e') p, date '2024-01-01' d
        from unnest(sequence(1, 20)) u(x)"""
    assert server.query(made)["Status"]["State"] == "SUCCEEDED"
    done = server.query(f"insert into bench.{table} (id, p) values (100, 'new')")
    assert done["Status"]["State"] == "SUCCEEDED"
    sql = (f"select id, a, b, c, t, e, f, element_at(g, 1), element_at(h, 'k'), i.m, i.n, "
           f"{'j' if 'JSON' in properties else 'to_hex(j)'}, k, p, d from {{}} order by id")
    theirs = trino(sql.format(f"tarn.bench.{table}"))[0]
    ours = server.rows(sql.format(f"bench.{table}"))
    assert len(ours) == 21
    assert [[as_text(v) for v in row] for row in theirs] == ours


def as_text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
