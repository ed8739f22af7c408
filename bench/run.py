"""Runs the benchmarks of docs/benchmarks.md and prints one table; called by bench/run.sh.

Each section starts what it needs, measures Tarn and its peer in turn, and stops it again. The C
programs beside this file do the measuring and print one JSON object each; here are only processes,
medians and the table. Everything is also written to build/bench.json.
"""

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import duckdb

import catalog
import isolation
import tpch
from common import BUILD, KEY, SECRET, TARN, Tarn, aws, free_port, percentile, program, say, stop

CONVERT_EVENTS, CONVERT_ROUNDS = 1_000_000, 15
CONVERSIONS = (
    ("flat", "snappy"),
    ("flat", "zstd"),
    ("nested", "snappy"),
    ("nested", "zstd"),
)
PUT_ROUNDS, PUT_SECONDS, PUT_CONNECTIONS = 3, 2.5, 8
VISIBLE_ROUNDS, VISIBLE_TAIL, VISIBLE_TAIL_ROUNDS = 300, 100_000, 50
SELECT_ROUNDS, AGGREGATE_ROUNDS = 300, 20

AGGREGATE = (
    "select origin, count(*) as flights, avg(delay) as delay, max(distance) as distance "
    "from {} group by origin order by flights desc, origin"
)
EVENT_COLUMNS = {
    "session_id": "string",
    "id": "string",
    "event_time": "timestamp",
    "advertiser": "string",
    "campaign_id": "int",
    "price": "double",
    "position": "smallint",
    "user_agent": "string",
    "url": "string",
    "country": "string",
    "visible": "boolean",
    "user_id": "bigint",
}
FLIGHT_COLUMNS = {
    "date": "timestamp",
    "delay": "bigint",
    "distance": "bigint",
    "origin": "string",
    "destination": "string",
}


class Kinesalite:
    """The peer; with a folder it keeps its records in LevelDB there, else in memory."""

    def __init__(self, stack, folder=None):
        self.port = free_port()
        where = ["--path", folder] if folder else []
        self.process = subprocess.Popen(
            ["node", os.environ["KINESALITE"], "--port", str(self.port), "--createStreamMs", "0"]
            + ["--deleteStreamMs", "0"]
            + where,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(stop, self.process)
        if "Listening" not in self.process.stdout.readline():
            raise RuntimeError("kinesalite did not start")


@contextlib.contextmanager
def stream(port):
    """A fresh stream of four shards that is gone afterwards."""
    client = aws("kinesis", port)
    client.create_stream(StreamName="bench", ShardCount=4)
    for _ in range(200):
        summary = client.describe_stream_summary(StreamName="bench")
        if summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
            break
        time.sleep(0.02)
    yield
    client.delete_stream(StreamName="bench")
    for _ in range(500):
        if "bench" not in client.list_streams()["StreamNames"]:
            break
        time.sleep(0.02)


# ---- sections: each returns what goes into bench.json ----


def convert(folder):
    result = {}
    for shape, compression in CONVERSIONS:
        work = folder / f"{shape}-{compression}"
        work.mkdir()
        result[f"{shape}, {compression}"] = program(
            "convert", work, CONVERT_EVENTS, shape, CONVERT_ROUNDS, compression
        )
        shutil.rmtree(work)
        os.sync()
    return result


def puts(folder):
    with contextlib.ExitStack() as stack:
        for name in ("plain", "verify", "leveldb"):
            (folder / name).mkdir()
        servers = {
            "tarn": Tarn(stack, folder / "plain"),
            "kinesalite on disk": Kinesalite(stack, folder / "leveldb"),
            "tarn, signatures verified": Tarn(
                stack, folder / "verify", "--access-key", KEY, "--secret-key", SECRET
            ),
            "kinesalite in memory": Kinesalite(stack),
        }
        runs = {name: [] for name in servers}
        for _ in range(PUT_ROUNDS):
            for name, server in servers.items():
                with stream(server.port):
                    runs[name].append(
                        program(
                            "put_load",
                            server.port,
                            "bench",
                            PUT_CONNECTIONS,
                            PUT_SECONDS,
                            KEY,
                            SECRET,
                        )
                    )
                os.sync()  # what one wrote is not the next one's burden
    result = {}
    for name, all_runs in runs.items():
        in_order = sorted(all_runs, key=lambda r: r["records_per_s"])
        result[name] = in_order[len(in_order) // 2]
        result[name]["all_records_per_s"] = [r["records_per_s"] for r in all_runs]
    peer = max(result[n]["records_per_s"] for n in result if n.startswith("kinesalite"))
    result["kinesalite_best_records_per_s"] = peer
    for name in ("tarn", "tarn, signatures verified"):
        result[name]["ratio"] = round(result[name]["records_per_s"] / peer, 1)
    return result


def write_warehouse(folder):
    def columns(types):
        return "".join(f"      {n}: {t}\n" for n, t in types.items())

    path = folder / "warehouse.yaml"
    path.write_text(
        "name: bench\nbucket: bench\n"
        "static_tables:\n  flights:\n    columns:\n" + columns(FLIGHT_COLUMNS) + "    format: "
        f"parquet\n    files: ['{os.environ['FLIGHTS']}']\n"
        "streaming_tables:\n  events:\n    columns:\n" + columns(EVENT_COLUMNS) + "    shards: 2\n"
        "    buffer: {size_mb: 128, interval_s: 900}\n"
    )
    return path


def visible(folder):
    with contextlib.ExitStack() as stack:
        tarn = Tarn(stack, folder)
        warehouse = write_warehouse(folder)
        tarn.run("up", warehouse)
        args = ("bench-events", "default", "events")
        few = program("athena", "visible", VISIBLE_ROUNDS, *args, port=tarn.port)
        tarn.run("put", "events", "--generate", VISIBLE_TAIL, "-w", warehouse)
        many = program("athena", "visible", VISIBLE_TAIL_ROUNDS, *args, port=tarn.port)
    return {"few": few, "many": many}


def time_duckdb(sql, rounds):
    con = duckdb.connect()
    times = []
    for i in range(3 + rounds):
        start = time.perf_counter()
        rows = con.execute(sql).fetchall()
        if i >= 3:
            times.append((time.perf_counter() - start) * 1000)
    con.close()
    return {"rows": len(rows), "p50_ms": statistics.median(times), "p99_ms": percentile(times, 0.99)}


def queries(folder):
    source = f"'{os.environ['FLIGHTS']}'"
    statements = {
        "select 1": ("select 1", "select 1", SELECT_ROUNDS),
        "aggregate": (AGGREGATE.format("flights"), AGGREGATE.format(source), AGGREGATE_ROUNDS),
    }
    result = {}
    with contextlib.ExitStack() as stack:
        tarn = Tarn(stack, folder)
        tarn.run("up", write_warehouse(folder))
        for name, (ours, theirs, rounds) in statements.items():
            athena = program("athena", "query", rounds, "default", ours, port=tarn.port)
            bare = time_duckdb(theirs, rounds)
            if athena["rows"] != bare["rows"]:
                raise RuntimeError(f"{name}: {athena['rows']} rows instead of {bare['rows']}")
            result[name] = {
                "athena": athena,
                "duckdb": bare,
                "overhead_ms": athena["round_trip"]["p50_ms"] - bare["p50_ms"],
            }
    return result


# ---- the table ----


def first_answer(folder):
    """Milliseconds from exec on an empty data folder to the first HTTP answer; the idle server."""
    port = free_port()
    start = time.perf_counter()
    process = subprocess.Popen(
        [TARN, "serve", "--port", str(port), "--data", folder / "data"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/tarn/v1/status") as reply:
                    status = json.load(reply)
                break
            except OSError:
                time.sleep(0.0005)
        return (time.perf_counter() - start) * 1e3, status
    finally:
        stop(process)


def start(folder):
    runs = []
    for i in range(11):
        (folder / str(i)).mkdir()
        runs.append(first_answer(folder / str(i)))
    times = sorted(ms for ms, _ in runs)
    return {
        "first_answer_ms": times[len(times) // 2],
        "worst_ms": times[-1],
        "idle_rss_bytes": max(s["rss_bytes"] for _, s in runs),
        "workers": max(len(s["workers"]["pids"]) for _, s in runs),
    }


def million(value):
    return f"{value / 1e6:.3f} M/s" if value >= 1e6 else f"{value / 1e3:.1f} k/s"


def convert_rows(r):
    for c, v in r.items():
        yield (
            f"JSON to Parquet, one core, {c}",
            f"{million(v['tarn_rows_per_s'])} rows",
            f"{million(v['duckdb_rows_per_s'])} rows (DuckDB `read_json` → `COPY`)",
            f"{v['ratio']:.2f} x",
            "≥ 1.4 x",
        )


def put_rows(r):
    peer = r["kinesalite_best_records_per_s"]
    for name, label in (
        ("tarn", "PutRecords, durable"),
        ("tarn, signatures verified", "PutRecords, durable, signatures verified"),
    ):
        yield (
            label,
            f"{million(r[name]['records_per_s'])} records, request p50 {r[name]['p50_ms']:.1f} ms",
            f"{million(peer)} records (kinesalite, the faster of memory and LevelDB)",
            f"{r[name]['ratio']:.1f} x",
            "≥ 20 x",
        )


def visible_rows(r):
    def both(v):
        return f"p50 {v['p50_ms']:.2f} ms, p99 {v['p99_ms']:.2f} ms"

    yield "PutRecord acknowledged (on disk)", both(r["few"]["acknowledged"]), "", "", ""
    yield "put to visible in `count(*)`", both(r["few"]["visible"]), "", "", ""
    label = f"put to visible, {VISIBLE_TAIL:,} undelivered events"
    yield label, both(r["many"]["visible"]), "", "", ""


def query_rows(r):
    labels = {"select 1": "`select 1` over the Athena API", "aggregate": "aggregate of 3,000,000 rows"}
    for name, v in r.items():
        ours, bare = v["athena"]["round_trip"]["p50_ms"], v["duckdb"]["p50_ms"]
        yield (
            labels[name],
            f"p50 {ours:.2f} ms",
            f"p50 {bare:.2f} ms (bare DuckDB)",
            f"{ours / bare:.2f} x, {v['overhead_ms']:+.2f} ms",
            "",
        )


def start_rows(r):
    yield (
        "`tarn serve` on an empty folder: exec to first answer",
        f"p50 {r['first_answer_ms']:.1f} ms, worst {r['worst_ms']:.1f} ms",
        "",
        "",
        "≤ 100 ms",
    )
    memory = f"{r['idle_rss_bytes'] / 1e6:.1f} MB, {r['workers']} workers"
    yield "resident memory of the idle server", memory, "", "", "≤ 30 MB"


def tpch_rows(r):
    yield (
        f"TPC-H at scale {r['scale']}, 22 queries over the Athena API with result files",
        f"{r['tarn_sum_s']:.2f} s",
        f"{r['duckdb_sum_s']:.2f} s (bare DuckDB, same files and threads)",
        f"{r['ratio']:.2f} x",
        "≤ 1.1 x",
    )
    if "trino_s" in r:
        slower = ", ".join(map(str, r["slower_than_trino"])) or "none"
        ratio = sum(r["trino_s"]) / r["tarn_sum_s"]
        yield "the same on Trino 435; queries on which Tarn is slower", slower, f"{sum(r['trino_s']):.2f} s", f"{ratio:.1f} x", "none"
    one = r["select_1"]
    yield "`select 1`, start to rows", f"p50 {one['p50_ms']:.2f} ms, p99 {one['p99_ms']:.2f} ms", "", "", "p50 < 5 ms"
    many = r["clients_64"]
    yield (
        "64 clients at once, a small query each",
        f"{many['queries_per_s']:.0f} queries/s, p50 {many['p50_ms']:.0f} ms, p99 {many['p99_ms']:.0f} ms",
        "",
        f"fewest {many['fewest']}, most {many['most']} a client",
        "",
    )


SECTIONS = {
    "start": (start, start_rows),
    "convert": (convert, convert_rows),
    "puts": (puts, put_rows),
    "visible": (visible, visible_rows),
    "queries": (queries, query_rows),
    "tpch": (tpch.tpch, tpch_rows),
    "isolation": (isolation.isolation, isolation.rows),
    **catalog.SECTIONS,
}
GROUPS = {"catalog": list(catalog.SECTIONS)}


def machine():
    cpu = platform.processor()
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        cpu = found.group(1) if found else cpu
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu,
        "system": platform.platform(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "load_before": os.getloadavg()[0],
    }


def print_table(rows):
    head = ("what", "Tarn", "peer", "ratio", "target")
    table = [head, *rows]
    widths = [max(len(r[i]) for r in table) for i in range(len(head))]
    for i, row in enumerate(table):
        print("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |")
        if i == 0:
            print("|" + "|".join("-" * (w + 2) for w in widths) + "|")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    only = os.environ.get("ONLY", "")
    chosen = [s for name in only.split(",") for s in GROUPS.get(name, [name])] if only else list(SECTIONS)
    results, rows, failed = {"machine": machine()}, [], False
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
    start = time.monotonic()
    try:
        for name in chosen:
            say(f"bench: {name} ...")
            (folder / name).mkdir()
            measure, rows_of = SECTIONS[name]
            try:
                results[name] = measure(folder / name)
                rows += rows_of(results[name])
            except (RuntimeError, OSError, subprocess.SubprocessError) as e:
                failed = True
                say(f"bench: {name} failed: {e}")
            shutil.rmtree(folder / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results["seconds"] = round(time.monotonic() - start, 1)
    (BUILD / "bench.json").write_text(json.dumps(results, indent=2) + "\n")
    m = results["machine"]
    print(f"\n{m['cores']} cores, {m['cpu']}, load {m['load_before']:.2f} before, "
          f"{results['seconds']:.0f} s in all\n")
    print_table(rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
