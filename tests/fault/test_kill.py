"""kill -9 of the server and of workers under load: every acknowledged event is in SQL exactly once.

A round: writers put numbered events and note each acknowledgement; at a random moment something is
killed. After the rounds, the numbers that were acknowledged must be in the table exactly once; events
whose acknowledgement was lost may be there once or not at all, never twice per attempt."""

import json
import os
import pathlib
import random
import signal
import threading
import time

import pyarrow.parquet
import pytest
import requests

from conftest_server import wait_until

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "50"))
COLUMNS = [{"Name": "n", "Type": "bigint"}, {"Name": "pad", "Type": "string"}]


def make_table(server, interval=1):
    """A Kinesis stream delivered to Parquet every `interval` seconds, in a partitioned Glue table."""
    server.client("s3").create_bucket(Bucket="lake")
    glue = server.client("glue")
    glue.create_database(DatabaseInput={"Name": "default"})
    glue.create_table(DatabaseName="default", TableInput={
        "Name": "events", "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": "inserted_at", "Type": "string"}],
        "Parameters": {"classification": "parquet",
                       "tarn.partition.inserted_at": "yyyy/MM/dd/HH"},
        "StorageDescriptor": {
            "Columns": COLUMNS, "Location": "s3://lake/events/",
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary":
                          "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}}})
    kinesis = server.client("kinesis")
    kinesis.create_stream(StreamName="events", ShardCount=2)
    wait_until(lambda: kinesis.describe_stream_summary(StreamName="events")[
        "StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")
    server.client("firehose").create_delivery_stream(
        DeliveryStreamName="events", DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={
            "KinesisStreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/events",
            "RoleARN": "arn:aws:iam::000000000000:role/tarn"},
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/tarn", "BucketARN": "arn:aws:s3:::lake",
            "Prefix": "events/!{timestamp:yyyy/MM/dd/HH}/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": interval},
            "DataFormatConversionConfiguration": {
                "Enabled": True,
                "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
                "SchemaConfiguration": {"DatabaseName": "default", "TableName": "events",
                                        "RoleARN": "arn:aws:iam::000000000000:role/tarn"}}})


class Writer(threading.Thread):
    """Puts numbered events until told to stop; remembers what was acknowledged."""

    def __init__(self, server, first):
        super().__init__()
        self.server, self.next = server, first
        self.acknowledged, self.unknown = set(), set()
        self.stopping = False
        self.longest_pause = 0.0

    def run(self):
        import boto3
        import botocore.config
        client = boto3.client(
            "kinesis", endpoint_url=self.server.endpoint, region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test",
            config=botocore.config.Config(retries={"max_attempts": 0}, read_timeout=20))
        last = time.time()
        while not self.stopping:
            batch = range(self.next, self.next + 20)
            self.next += 20
            records = [{"Data": json.dumps({"n": n, "pad": "x" * 100}), "PartitionKey": str(n)}
                       for n in batch]
            try:
                reply = client.put_records(StreamName="events", Records=records)
                for n, result in zip(batch, reply["Records"]):
                    (self.unknown if "ErrorCode" in result else self.acknowledged).add(n)
                self.longest_pause = max(self.longest_pause, time.time() - last)
                last = time.time()
            except Exception:  # the connection died: nobody knows
                self.unknown.update(batch)
                time.sleep(0.02)


def check_exactly_once(server, writers):
    acknowledged = set().union(*(w.acknowledged for w in writers))
    unknown = set().union(*(w.unknown for w in writers))
    rows = server.rows("select n, count(*) from events group by n")
    counts = {int(n): int(c) for n, c in rows}
    twice = [n for n, c in counts.items() if c != 1]
    missing = acknowledged - counts.keys()
    invented = counts.keys() - acknowledged - unknown
    assert not twice, f"{len(twice)} events are there more than once: {twice[:5]}"
    assert not missing, f"{len(missing)} acknowledged events are missing: {sorted(missing)[:5]}"
    assert not invented, f"{len(invented)} events nobody sent: {sorted(invented)[:5]}"
    return len(acknowledged)


def check_files(server):
    """Every object opens in another reader; nothing unfinished is left."""
    files = list((server.data_dir / "objects" / "lake").rglob("*.parquet"))
    for path in files:
        pyarrow.parquet.ParquetFile(path).read()
    return len(files)


def temporary_files(server):
    return [p for p in (server.data_dir / "tmp").rglob("*") if p.is_file()]


def test_kill_server(make_server):
    server = make_server()
    make_table(server)
    chance = random.Random(7)
    writers, total = [], 0
    for round_ in range(ROUNDS):
        pair = [Writer(server, (round_ * 2 + i) * 1_000_000) for i in range(2)]
        writers += pair
        for w in pair:
            w.start()
        time.sleep(chance.uniform(0.05, 0.6))
        server.kill()
        for w in pair:
            w.stopping = True
        for w in pair:
            w.join()
        server.start()
        if round_ == 0:
            left = temporary_files(server)
            assert not left, left
        if round_ % 10 == 9:
            check_exactly_once(server, writers)
    total = check_exactly_once(server, writers)
    server.flush()
    assert check_exactly_once(server, writers) == total
    assert check_files(server) > 0
    server.kill()
    server.start()
    assert not temporary_files(server)
    assert check_exactly_once(server, writers) == total
    assert total > ROUNDS * 20


def workers(server):
    status = requests.get(f"{server.endpoint}/tarn/v1/status", timeout=10).json()
    return status["workers"]["pids"]


def test_kill_workers(make_server):
    """The front never stops acknowledging; a query whose worker died says so or is retried."""
    server = make_server()
    make_table(server)
    chance = random.Random(11)
    writers = [Writer(server, i * 1_000_000) for i in range(2)]
    for w in writers:
        w.start()
    kills, failed = 0, []
    deadline = time.time() + 240
    while kills < ROUNDS and time.time() < deadline:
        outcome = {}

        def ask():
            outcome["execution"] = server.query("select count(*), sum(length(pad)) from events")

        query = threading.Thread(target=ask)
        query.start()
        time.sleep(chance.uniform(0.0, 0.05))
        pids = workers(server)
        if pids:
            try:
                os.kill(chance.choice(pids), signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
        query.join()
        status = outcome["execution"]["Status"]
        if status["State"] != "SUCCEEDED":
            failed.append(status.get("StateChangeReason", ""))
    for w in writers:
        w.stopping = True
    for w in writers:
        w.join()
    assert kills == ROUNDS
    assert all("worker" in reason.lower() for reason in failed), failed
    assert not any(w.unknown for w in writers), "a put failed although only workers died"
    assert max(w.longest_pause for w in writers) < 5
    total = check_exactly_once(server, writers)
    server.flush()
    assert check_exactly_once(server, writers) == total
    assert check_files(server) > 0
    wait_until(lambda: not temporary_files(server), 10, f"no files in {server.data_dir}/tmp")


@pytest.mark.parametrize("nth", [3, 10, 40, 90, 150])
def test_disk_full(make_server, nth):
    """ENOSPC at the nth file operation of the server: an error or success, never a lost event."""
    server = make_server()
    make_table(server)
    server.stop()
    server.env["TARN_VFS_FAIL"] = f"{nth}:28"
    try:
        server.start()
    except RuntimeError as refused:  # it may refuse to start, with a reason
        assert "No space" in str(refused) or "space" in str(refused)
        del server.env["TARN_VFS_FAIL"]
        server.start()
    w = Writer(server, 0)
    w.start()
    time.sleep(1.5)
    w.stopping = True
    w.join()
    server.env.pop("TARN_VFS_FAIL", None)
    server.kill()
    server.start()
    assert check_exactly_once(server, [w]) > 0
    assert pathlib.Path(server.data_dir).exists()
