"""TPC-H through the Athena API against bare DuckDB on the same files and threads, and a real Trino on the same catalogue.

Also: how long `select 1` takes from start to rows, and how fairly 64 clients at once are served. TPCH_SCALE (1) says
how much data; TPCH_TRINO=0 leaves Trino out."""

import contextlib
import glob
import os
import statistics
import subprocess
import sys
import threading
import time

import duckdb

from common import ROOT, Tarn, percentile, say

sys.path.append(str(ROOT / "tools"))

ROUNDS = 3
SELECT_ONE_ROUNDS = 300
CLIENTS, CLIENT_SECONDS = 64, 5
THREADS = os.cpu_count()
EXTENSIONS = ROOT / ".cache" / "duckdb-extensions"


def queries():
    db = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    db.execute(f"LOAD '{glob.glob(f'{EXTENSIONS}/**/tpch.duckdb_extension', recursive=True)[0]}'")
    def trino(text):  # which has no aliases in GROUP BY (query 15)
        return text.strip().rstrip(";").replace("GROUP BY\n        supplier_no", "GROUP BY\n        l_suppkey")

    return [trino(q) for (q,) in db.execute("SELECT query FROM tpch_queries() ORDER BY query_nr").fetchall()]


class Athena:
    def __init__(self, port):
        import corpus  # its small client of the protocol

        self.call, self.endpoint = corpus.call, f"http://127.0.0.1:{port}"

    def run(self, sql, rows=True, pause=0.001):
        """Seconds from the start to the rows of the first page; the rows."""
        began = time.perf_counter()
        status, started = self.call(self.endpoint, "StartQueryExecution", {
            "QueryString": sql, "QueryExecutionContext": {"Database": "tpch"},
            "ResultConfiguration": {"OutputLocation": "s3://results/bench/"}})
        if status != 200:
            raise RuntimeError(f"{started} for {sql}")
        query = {"QueryExecutionId": started["QueryExecutionId"]}
        while True:
            found = self.call(self.endpoint, "GetQueryExecution", query)[1]["QueryExecution"]
            if found["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                break
            time.sleep(pause)
        if found["Status"]["State"] != "SUCCEEDED":
            raise RuntimeError(f"{found['Status']} for {sql}")
        answer = self.call(self.endpoint, "GetQueryResults", query)[1] if rows else None
        return time.perf_counter() - began, answer


class Bare:
    """DuckDB over the very files that the server reads."""

    def __init__(self, files):
        self.db = duckdb.connect(config={"threads": THREADS})
        for table, path in files.items():
            self.db.execute(f"CREATE VIEW {table} AS FROM read_parquet('{path}')")

    def run(self, sql):
        began = time.perf_counter()
        self.db.execute(sql).fetchall()
        return time.perf_counter() - began


def load(server, scale):
    subprocess.run([sys.executable, ROOT / "tools" / "corpus_tables.py", f"http://127.0.0.1:{server.port}", "--tpch", str(scale), "--prefix",
                    "--extensions", str(EXTENSIONS)], check=True)
    found = glob.glob(f"{server.folder}/**/objects/tpch/*/data.parquet", recursive=True)
    return {path.split("/")[-2]: path for path in found}


def best(runs):
    return [min(times) for times in zip(*runs)]


def race(athena, bare, texts):
    """Each side's best time per query; the sides take turns."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append([bare.run(q) for q in texts])
        ours.append([athena.run(q)[0] for q in texts])
    return best(ours), best(theirs)


def select_one(athena):
    times = sorted(athena.run("select 1", pause=0.0005)[0] for _ in range(SELECT_ONE_ROUNDS))
    return {"p50_ms": 1000 * statistics.median(times), "p99_ms": 1000 * percentile(times, 99)}


def many_clients(athena):
    """How many queries each of 64 clients gets answered in the same time."""
    done, until = [0] * CLIENTS, time.perf_counter() + CLIENT_SECONDS
    waits, lock = [], threading.Lock()

    def client(n):
        while time.perf_counter() < until:
            seconds, _ = athena.run("select count(*), sum(n_regionkey) from nation", pause=0.01)
            done[n] += 1
            with lock:
                waits.append(seconds)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return {"queries_per_s": sum(done) / CLIENT_SECONDS, "fewest": min(done), "most": max(done),
            "p50_ms": 1000 * statistics.median(waits), "p99_ms": 1000 * percentile(sorted(waits), 99)}


def trino_times(stack, folder, server, texts):
    os.environ.setdefault("TRINO_MEMORY_MB", "8000")
    from trino import Trino, milliseconds

    trino = Trino(stack, folder, {"tarn": server.port})
    times = []
    for _ in range(2):
        one = []
        for q in texts:
            began = time.perf_counter()
            _, stats = trino.query(q, schema="tpch")
            one.append(min(time.perf_counter() - began, milliseconds(stats["elapsedTime"]) / 1000))
        times.append(one)
    return best(times)


def tpch(folder):
    scale, texts = os.environ.get("TPCH_SCALE", "1"), queries()
    with contextlib.ExitStack() as stack:
        server = Tarn(stack, folder)
        say(f"  making TPC-H at scale {scale}")
        files = load(server, scale)
        athena, bare = Athena(server.port), Bare(files)
        from common import aws

        aws("s3", server.port).create_bucket(Bucket="results")
        ours, theirs = race(athena, bare, texts)
        result = {"scale": scale, "threads": THREADS, "tarn_s": ours, "duckdb_s": theirs, "tarn_sum_s": sum(ours), "duckdb_sum_s": sum(theirs),
                  "ratio": sum(ours) / sum(theirs), "select_1": select_one(athena), "clients_64": many_clients(athena)}
        if os.environ.get("TPCH_TRINO", "1") == "1":
            result["trino_s"] = trino_times(stack, folder, server, texts)
            result["slower_than_trino"] = [n + 1 for n, (a, b) in enumerate(zip(ours, result["trino_s"])) if a > b]
        return result
