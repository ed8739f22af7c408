"""Isolation: what ingestion and production queries lose while an ad-hoc workgroup runs wild.

The production query counts three million flights in the primary workgroup, one client, one after the
other. Ingestion is put_load's, a window of its own. The wild query, in a workgroup with nothing but the
defaults and less memory, groups the texts of a cross join of 10^12 rows: over 100 GB if it had them. Windows with and
without it take turns; each figure is a median over the rounds. It is started again whenever it ends.
"""

import json
import os
import statistics
import threading
import time
import urllib.request

from common import KEY, SECRET, Tarn, aws, percentile, program

ROUNDS, QUERIES, PUT_SECONDS = 5, 40, 4
PRODUCTION = "select origin, count(*), avg(delay) from flights group by origin order by 2 desc, 1"
WILD = (
    "select count(distinct cast(a.x as varchar) || cast(b.x as varchar) || cast(c.x as varchar) || "
    "' a text of forty characters, to fill memory') from unnest(sequence(1, 9999)) a(x), "
    "unnest(sequence(1, 9999)) b(x), unnest(sequence(1, 9999)) c(x)"
)


def call(port, operation, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/",
        json.dumps(body).encode(),
        {
            "X-Amz-Target": f"AmazonAthena.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/athena/aws4_request, "
            "SignedHeaders=host, Signature=" + "0" * 64,
            "X-Amz-Date": "20260101T000000Z",
        },
    )
    with urllib.request.urlopen(request, timeout=120) as reply:
        return json.loads(reply.read() or b"{}")


def query(port, sql):
    """Seconds from start to end."""
    begin = time.perf_counter()
    query_id = call(port, "StartQueryExecution", {"QueryString": sql})["QueryExecutionId"]
    urllib.request.urlopen(f"http://127.0.0.1:{port}/tarn/v1/wait?id={query_id}&ms=60000", timeout=120).read()
    seconds = time.perf_counter() - begin
    status = call(port, "GetQueryExecution", {"QueryExecutionId": query_id})["QueryExecution"]["Status"]
    if status["State"] != "SUCCEEDED":
        raise RuntimeError(status.get("StateChangeReason"))
    return seconds


class Wild:
    """Keeps the wild query running while it is on."""

    def __init__(self, port):
        self.athena = aws("athena", port)
        self.athena.create_work_group(
            Name="adhoc",
            Configuration={"ResultConfiguration": {
                "OutputLocation": "s3://aws-athena-query-results-000000000000-us-east-1/adhoc/"}},
            Tags=[{"Key": "tarn.memory_mb", "Value": "512"}, {"Key": "tarn.spill_mb", "Value": "1024"}],
        )
        self.reasons, self.on, self.thread = {}, False, None

    def run(self):
        while self.on:
            query_id = self.athena.start_query_execution(QueryString=WILD, WorkGroup="adhoc")["QueryExecutionId"]
            while True:
                time.sleep(0.2)
                status = self.athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
                if status["State"] not in ("QUEUED", "RUNNING"):
                    reason = status.get("StateChangeReason", status["State"]).split(":")[0]
                    self.reasons[reason] = self.reasons.get(reason, 0) + 1
                    break
                if not self.on:
                    self.athena.stop_query_execution(QueryExecutionId=query_id)
                    break

    def switch(self, on):
        if on == self.on:
            return
        self.on = on
        if on:
            self.thread = threading.Thread(target=self.run)
            self.thread.start()
            time.sleep(1.5)
        else:
            self.thread.join()
            time.sleep(0.5)


def isolation(folder):
    import contextlib

    from run import stream, write_warehouse

    result = {"quiet": {"p95_ms": [], "p50_ms": [], "records_per_s": []}}
    result["wild"] = {k: [] for k in result["quiet"]}
    with contextlib.ExitStack() as stack:
        tarn = Tarn(stack, folder)
        tarn.run("up", write_warehouse(folder))
        wild = Wild(tarn.port)
        stack.callback(wild.switch, False)
        for _ in range(5):
            query(tarn.port, PRODUCTION)
        for _ in range(ROUNDS):
            for name in ("quiet", "wild"):
                wild.switch(name == "wild")
                times = [query(tarn.port, PRODUCTION) * 1000 for _ in range(QUERIES)]
                with stream(tarn.port):
                    load = program("put_load", tarn.port, "bench", 8, PUT_SECONDS, KEY, SECRET)
                result[name]["p50_ms"].append(statistics.median(times))
                result[name]["p95_ms"].append(percentile(times, 0.95))
                result[name]["records_per_s"].append(load["records_per_s"])
                os.sync()
        wild.switch(False)
        result["ends"] = wild.reasons
    middle = {n: {k: statistics.median(v) for k, v in result[n].items()} for n in ("quiet", "wild")}
    result["median"] = middle
    result["p95_ratio"] = round(middle["wild"]["p95_ms"] / middle["quiet"]["p95_ms"], 2)
    result["ingest_ratio"] = round(middle["wild"]["records_per_s"] / middle["quiet"]["records_per_s"], 2)
    return result


def rows(result):
    quiet, wild = result["median"]["quiet"], result["median"]["wild"]
    yield (
        "production query p95 beside a wild ad-hoc query",
        f"{wild['p95_ms']:.0f} ms",
        f"{quiet['p95_ms']:.0f} ms alone",
        f"{result['p95_ratio']}",
        "at most 1.3",
    )
    yield (
        "ingestion beside it, records/s",
        f"{wild['records_per_s']:,.0f}",
        f"{quiet['records_per_s']:,.0f} alone",
        f"{result['ingest_ratio']}",
        "at least 0.9",
    )
