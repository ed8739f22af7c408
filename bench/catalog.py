"""The catalogue's sections: a million partitions, projection, planning against peers, readers.

Partitions are year/month/day/hour/bucket, ten buckets an hour from 2015 on, as bench/catalog_load.c
registers them. Planning is measured in-process by bench/plan.c on the stopped server's folder.
"""

import contextlib
import json
import os
import statistics
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import duckdb

from common import Tarn, aws, percentile, program
from trino import CountingProxy, Trino, milliseconds

PARTITIONS, ADD_CONNECTIONS, OPENINGS = 1_000_000, 4, 9
FOLDERS, DUCKDB_ROUNDS, TRINO_ROUNDS = 100_000, 3, 15
PLAN_ROUNDS = 300
# Name: first and last date, how many values of entity_id_mod; times 5 names and 24 hours.
RANGES = {
    "10^6": ("2024-09-20", "2026-12-31", 10),
    "10^9": ("2000-01-01", "4281-08-08", 10),
    "10^12": ("2000-01-01", "4281-08-08", 10_000),
}
READ_SECONDS, READ_CONNECTIONS, READ_RATE = 10, 32, 3_000
READ_TABLES, READ_PARTITIONS = 200, 10_000
DDL_PAUSE, DELIVERY_PAUSE = 0.02, 0.3

KEYS = (("year", "string"), ("month", "string"), ("day", "string"), ("hour", "string"))
KEYS += (("bucket", "string"),)
FILTER = "year = '2015' and month = '02' and day = '03' and bucket = '3'"
KEPT = 24
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
COLUMNS = (("id", "string"), ("price", "double"), ("user_id", "bigint"))


def fields(columns):
    return [{"Name": n, "Type": t} for n, t in columns]


def create_table(glue, name, keys, **parameters):
    glue.create_table(
        DatabaseName="bench",
        TableInput={
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": fields(keys),
            "Parameters": {"classification": "parquet", **parameters},
            "StorageDescriptor": {
                "Columns": fields(COLUMNS),
                "Location": f"s3://lake/{name}/",
                **PARQUET,
            },
        },
    )


def create_lake(tarn):
    glue = aws("glue", tarn.port)
    aws("s3", tarn.port).create_bucket(Bucket="lake")
    glue.create_database(DatabaseInput={"Name": "bench", "LocationUri": "s3://lake/"})
    return glue


def add_partitions(tarn, table, count):
    added = program("catalog_load", "add", tarn.port, "bench", table, count, ADD_CONNECTIONS)
    if added["errors"]:
        raise RuntimeError(f"BatchCreatePartition: {added['first_error']}")
    return added


def mix(tarn, folder, seconds, connections, requests, rate=0):
    """Latencies by label; requests are (label, operation, input). Rate 0: as fast as it goes."""
    path = folder / "requests.tsv"
    path.write_text("".join(f"{l}\tAWSGlue.{o}\t{json.dumps(i)}\n" for l, o, i in requests))
    done = program("catalog_load", "mix", tarn.port, seconds, connections, rate, path)
    if done["errors"] and connections == 1:
        raise RuntimeError(done["first_error"])
    return done


def plan(tarn, sql, rounds=PLAN_ROUNDS):
    """The server must be stopped."""
    return program("plan", tarn.folder / "data", "bench", sql, rounds)


def database_bytes(tarn):
    return sum(f.stat().st_size for f in (tarn.folder / "data").glob("catalog.db*"))


# ---- a million registered partitions ----


def get_table_once(port):
    """As the first request after a start; signed so that the server knows the service."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/",
        b'{"DatabaseName":"bench","Name":"facts"}',
        {
            "X-Amz-Target": "AWSGlue.GetTable",
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/glue/"
            f"aws4_request, SignedHeaders=host, Signature={0:064d}",
        },
    )
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def open_again(tarn):
    """Milliseconds from exec to the first GetTable."""
    times = []
    for _ in range(OPENINGS):
        tarn.stop()
        start = time.perf_counter()
        tarn.start()
        get_table_once(tarn.port)
        times.append((time.perf_counter() - start) * 1e3)
    return {"p50_ms": statistics.median(times), "worst_ms": max(times)}


def partitions(folder):
    with contextlib.ExitStack() as stack:
        tarn = Tarn(stack, folder)
        glue = create_lake(tarn)
        create_table(glue, "facts", KEYS)
        result = {"memory": {"empty": tarn.memory()}}
        result["add"] = add_partitions(tarn, "facts", PARTITIONS)
        result["memory"]["added"] = tarn.memory()
        result["database_bytes"] = database_bytes(tarn)
        query = {"DatabaseName": "bench", "TableName": "facts", "Expression": FILTER}
        kept = len(glue.get_partitions(**query)["Partitions"])
        if kept != KEPT:
            raise RuntimeError(f"GetPartitions kept {kept} instead of {KEPT}")
        result["get_partitions"] = mix(tarn, folder, 2, 1, [("get", "GetPartitions", query)])["get"]
        pages = glue.get_paginator("get_partitions").paginate(
            DatabaseName="bench", TableName="facts", Expression="year = '2016'"
        )
        start = time.perf_counter()
        result["year"] = {"partitions": sum(len(p["Partitions"]) for p in pages)}
        result["year"]["seconds"] = time.perf_counter() - start
        result["memory"]["read"] = tarn.memory()
        result["open"] = open_again(tarn)
        result["memory"]["opened"] = tarn.memory()
        tarn.stop()
        result["plan"] = plan(tarn, f"select count(*) from facts where {FILTER}")
        if result["plan"]["partitions"] != KEPT:
            raise RuntimeError(f"the plan has {result['plan']['partitions']} partitions")
    return result


def both(v):
    return f"p50 {v['p50_ms']:.2f} ms, p99 {v['p99_ms']:.2f} ms"


def partition_rows(r):
    peak = max(m["peak"] for m in r["memory"].values())
    yield f"{PARTITIONS:,} partitions by BatchCreatePartition", f"{r['add']['seconds']:.1f} s", "", "", "≤ 60 s"
    yield f"GetPartitions that keeps {KEPT} of them", both(r["get_partitions"]), "", "", "≤ 5 ms"
    yield "planning SQL that keeps the same", both(r["plan"]), "", "", "≤ 5 ms"
    opened = f"p50 {r['open']['p50_ms']:.1f} ms, worst {r['open']['worst_ms']:.1f} ms"
    yield "exec to the first GetTable", opened, "", "", "≤ 50 ms"
    yield "highest resident memory of all that", f"{peak / 1e6:.1f} MB", "", "", "≤ 100 MB"
    yield "the catalogue's file", f"{r['database_bytes'] / 1e6:.0f} MB", "", "", ""


# ---- projection ----

PROJECTED_KEYS = (
    ("attribute_name", "string"),
    ("entity_id_mod", "int"),
    ("created_date", "string"),
    ("hour", "int"),
)
PROJECTED = (
    "attribute_name = 'revenue' and entity_id_mod = 3 "
    "and created_date between '2026-01-01' and '2026-01-02'"
)


def projection_parameters(first, last, mods):
    return {
        "projection.enabled": "true",
        "projection.attribute_name.type": "enum",
        "projection.attribute_name.values": "revenue,visits,churn,segment,score",
        "projection.entity_id_mod.type": "integer",
        "projection.entity_id_mod.range": f"0,{mods - 1}",
        "projection.created_date.type": "date",
        "projection.created_date.format": "yyyy-MM-dd",
        "projection.created_date.range": f"{first},{last}",
        "projection.hour.type": "integer",
        "projection.hour.range": "0,23",
    }


def projection(folder):
    result = {}
    with contextlib.ExitStack() as stack:
        tarn = Tarn(stack, folder)
        glue = create_lake(tarn)
        for i, ranges in enumerate(RANGES.values()):
            create_table(glue, f"p{i}", PROJECTED_KEYS, **projection_parameters(*ranges))
        tarn.stop()
        for i, name in enumerate(RANGES):
            result[name] = plan(tarn, f"select count(*) from p{i} where {PROJECTED}")
            if result[name]["partitions"] != 48:
                raise RuntimeError(f"{result[name]['partitions']} projected partitions")
    return result


def projection_rows(r):
    for name, v in r.items():
        yield (
            f"planning over {v['considered']:.1e} projected partitions, {v['partitions']} kept",
            both(v),
            "",
            "",
            "≤ 1 ms",
        )


# ---- planning against DuckDB's glob and a real Trino, on the same tree ----


def tiny_parquet(path):
    duckdb.sql(
        f"copy (select 'a' || i as id, i * 1.5 as price, i as user_id from range(10) t(i)) "
        f"to '{path}' (format parquet)"
    )


def write_tree(root, count):
    """One file in each of the folders that catalog_load's first `count` partitions name; links, of
    which a file system allows only so many."""
    for hour in range(count // 10):
        t = time.gmtime(1420070400 + hour * 3600)
        folder = f"{root}/" + time.strftime("year=%Y/month=%m/day=%d/hour=%H", t)
        os.makedirs(folder)
        if hour % 1000 == 0:
            source = f"{folder}/../tiny-{hour}"
            tiny_parquet(source)
        for bucket in range(10):
            os.mkdir(f"{folder}/bucket={bucket}")
            os.link(source, f"{folder}/bucket={bucket}/0.parquet")


def plan_duckdb(root):
    """Milliseconds to plan (EXPLAIN) over the glob, and to open and plan an explicit list."""
    con = duckdb.connect()
    glob = f"read_parquet('{root}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
    times = []
    for _ in range(DUCKDB_ROUNDS):
        start = time.perf_counter()
        con.execute(f"explain select count(*) from {glob} where {FILTER}").fetchall()
        times.append((time.perf_counter() - start) * 1e3)
    rows = con.execute(f"select count(*) from {glob} where {FILTER}").fetchone()[0]
    con.close()
    return {"p50_ms": statistics.median(times), "all_ms": times, "rows": rows}


def plan_trino(stack, folder, tarn, expected):
    """Trino's own planning times, and what one query of it asks of the catalogue."""
    proxy = CountingProxy(stack, tarn.port)
    trino = Trino(stack, folder, {"tarn": tarn.port, "counted": proxy.port})
    sql = f"select count(*) from facts where {FILTER}"
    times = []
    for _ in range(5 + TRINO_ROUNDS):
        rows, stats = trino.query(sql)
        if rows != [[expected]]:
            raise RuntimeError(f"Trino counts {rows} instead of {expected}")
        times.append(milliseconds(stats["analysisTime"]) + milliseconds(stats["planningTime"]))
    trino.query(sql, "counted")
    proxy.take()
    trino.query(sql, "counted")
    return {
        "p50_ms": statistics.median(times[5:]),
        "p99_ms": percentile(times[5:], 0.99),
        "first_ms": times[0],
        "traffic": proxy.take(),
    }


def run_athena(tarn, sql):
    athena = aws("athena", tarn.port)
    query = athena.start_query_execution(
        QueryString=sql, QueryExecutionContext={"Database": "bench"}
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.005)
    if status["State"] != "SUCCEEDED":
        raise RuntimeError(status["StateChangeReason"])
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    return int(rows[1]["Data"][0]["VarCharValue"])


def in_memory(stack, folder):
    """A folder in memory where there is one: removing 200,000 entries takes minutes on some disks."""
    if not os.access("/dev/shm", os.W_OK):
        return folder
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir="/dev/shm")))


def planning(folder):
    with contextlib.ExitStack() as stack:
        folder = in_memory(stack, folder)
        tarn = Tarn(stack, folder)
        create_table(create_lake(tarn), "facts", KEYS)
        add_partitions(tarn, "facts", FOLDERS)
        root = folder / "data" / "objects" / "lake" / "facts"
        write_tree(root, FOLDERS)
        rows = run_athena(tarn, f"select count(*) from facts where {FILTER}")
        result = {"rows": rows, "duckdb": plan_duckdb(root)}
        if rows != KEPT * 10 or result["duckdb"]["rows"] != rows:
            raise RuntimeError(f"{rows} rows, DuckDB {result['duckdb']['rows']}")
        result["trino"] = plan_trino(stack, folder, tarn, rows)
        tarn.stop()
        result["tarn"] = plan(tarn, f"select count(*) from facts where {FILTER}")
    for peer in ("duckdb", "trino"):
        result[peer]["ratio"] = round(result[peer]["p50_ms"] / result["tarn"]["p50_ms"], 1)
    return result


def planning_rows(r):
    traffic = r["trino"]["traffic"]
    asked = sum(traffic.get(o, (0, 0))[0] for o in ("GetPartitions", "BatchGetPartition"))
    size = sum(traffic.get(o, (0, 0))[1] for o in ("GetPartitions", "BatchGetPartition"))
    ours = f"{both(r['tarn'])}, first {r['tarn']['first_ms']:.2f} ms"
    yield (
        f"planning a query that reads {KEPT} of {FOLDERS:,} folders",
        ours,
        f"{r['duckdb']['p50_ms']:.0f} ms (DuckDB, glob of the same folders)",
        f"{r['duckdb']['ratio']:,.0f} x",
        "≥ 500 x",
    )
    yield (
        "the same, against Trino 435 on Tarn's Glue",
        ours,
        f"p50 {r['trino']['p50_ms']:.1f} ms, {asked} partition requests, {size / 1e3:.0f} kB",
        f"{r['trino']['ratio']:,.0f} x",
        "",
    )


# ---- readers during DDL and deliveries ----

WAREHOUSE = """name: bench
bucket: bench
streaming_tables:
  events:
    columns: {session_id: string, id: string, event_time: timestamp, price: double, user_id: bigint}
    shards: 1
    buffer: {size_mb: 64, interval_s: 60}
"""


class Background:
    """Repeats `work` on a thread of its own until the end; counts, keeps the first error."""

    def __init__(self, stack, work, pause):
        self.work, self.pause = work, pause
        self.rounds, self.errors, self.first_error = 0, 0, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.main)
        self.thread.start()
        stack.callback(self.end)

    def main(self):
        while not self.over.is_set():
            try:
                self.work(self.rounds)
            except Exception as e:  # whatever a client can see is what is counted
                self.errors += 1
                self.first_error = self.first_error or repr(e)
            self.rounds += 1
            self.over.wait(self.pause)

    def end(self):
        self.over.set()
        self.thread.join()


def ddl(glue):
    """Creates, changes and drops a table, and adds and removes partitions of another."""

    def work(i):
        name = f"tmp{i % 7}"
        create_table(glue, name, KEYS)
        table = {"Name": name, "PartitionKeys": fields(KEYS), "Parameters": {"round": str(i)}}
        glue.update_table(DatabaseName="bench", TableInput=table)
        values = ["2030", "01", "01", "00", str(i)]
        glue.create_partition(
            DatabaseName="bench", TableName="facts", PartitionInput={"Values": values}
        )
        glue.delete_partition(DatabaseName="bench", TableName="facts", PartitionValues=values)
        glue.delete_table(DatabaseName="bench", Name=name)

    return work


def deliveries(tarn, warehouse):
    """Puts events and has them delivered at once."""

    def work(_):
        tarn.run("put", "events", "--generate", 500, "-w", warehouse)
        request = urllib.request.Request(
            f"http://127.0.0.1:{tarn.port}/tarn/v1/flush?delivery=bench-events", method="POST"
        )
        urllib.request.urlopen(request).read()

    return work


def reading(names):
    """Of ten reads six are GetTable, three GetPartitions with an expression, one GetTables."""
    filters = [f"year='2015' and month='01' and day='{d:02d}' and bucket='3'" for d in range(1, 29)]
    for i, name in enumerate(names):
        table = {"DatabaseName": "bench", "Name": name}
        query = {"DatabaseName": "bench", "TableName": "facts", "Expression": filters[i % 28]}
        for _ in range(2):
            yield from (("GetTable", "GetTable", table),) * 3
            yield "GetPartitions", "GetPartitions", query
        yield "GetPartitions", "GetPartitions", query
        yield "GetTables", "GetTables", {"DatabaseName": "bench", "MaxResults": 10}


def readers(folder):
    warehouse = folder / "warehouse.yaml"
    warehouse.write_text(WAREHOUSE)
    with contextlib.ExitStack() as stack:
        tarn = Tarn(stack, folder)
        glue = create_lake(tarn)
        tarn.run("up", warehouse)
        create_table(glue, "facts", KEYS)
        add_partitions(tarn, "facts", READ_PARTITIONS)
        names = [f"t{i:03d}" for i in range(READ_TABLES)]
        for name in names:
            create_table(glue, name, KEYS)
        requests = list(reading(names))
        quiet = mix(tarn, folder, READ_SECONDS / 4, READ_CONNECTIONS, requests, READ_RATE)
        with contextlib.ExitStack() as busy:
            changes = Background(busy, ddl(glue), DDL_PAUSE)
            feeds = Background(busy, deliveries(tarn, warehouse), DELIVERY_PAUSE)
            loud = mix(tarn, folder, READ_SECONDS, READ_CONNECTIONS, requests, READ_RATE)
            flood = mix(tarn, folder, READ_SECONDS / 4, READ_CONNECTIONS, requests)
        result = {"quiet": quiet, "busy": loud, "flood": flood, "memory": tarn.memory()}
        for name, b in (("ddl", changes), ("deliveries", feeds)):
            result[name] = {"rounds": b.rounds, "errors": b.errors, "first_error": b.first_error}
    return result


def reads(v):
    return f"{v['requests'] / v['seconds']:,.0f} reads/s"


def reader_rows(r):
    errors = r["busy"]["errors"] + r["ddl"]["errors"] + r["deliveries"]["errors"]
    yield (
        f"GetTable during DDL and deliveries, {READ_CONNECTIONS} connections, {reads(r['busy'])}",
        f"{both(r['busy']['GetTable'])}, {errors} errors",
        f"{both(r['quiet']['GetTable'])} (without them)",
        "",
        "≤ 5 ms, 0 errors",
    )
    yield (
        f"the same as fast as {READ_CONNECTIONS} connections ask, {reads(r['flood'])}",
        f"{both(r['flood']['GetTable'])}, {r['flood']['errors']} errors",
        "",
        "",
        "0 errors",
    )


SECTIONS = {
    "partitions": (partitions, partition_rows),
    "projection": (projection, projection_rows),
    "planning": (planning, planning_rows),
    "readers": (readers, reader_rows),
}
