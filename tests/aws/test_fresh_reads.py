"""A row is visible to the next query after its ack, exactly once, before, during and after flushes."""

import datetime
import json
import threading
import time

import pytest

from conftest import wait_until
from test_firehose import ROLE, create, parquet_destination

COLUMNS = [{"Name": "id", "Type": "bigint"}, {"Name": "who", "Type": "string"}]


def make_stream(server, table, interval=900, shards=2):
    from test_firehose import make_table
    s3 = server.client("s3")
    if not any(b["Name"] == "lake" for b in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket="lake")
        server.client("glue").create_database(DatabaseInput={"Name": "d"})
    make_table(server, table, COLUMNS)
    server.client("kinesis").create_stream(StreamName=table, ShardCount=shards)
    create(server.client("firehose"), table, parquet_destination(table, interval),
           DeliveryStreamType="KinesisStreamAsSource", KinesisStreamSourceConfiguration={
               "RoleARN": ROLE,
               "KinesisStreamARN": f"arn:aws:kinesis:us-east-1:000000000000:stream/{table}"})


def put(server, table, ids):
    ids = list(ids)
    for at in range(0, len(ids), 500):
        reply = server.client("kinesis").put_records(StreamName=table, Records=[
            {"Data": json.dumps({"id": i, "who": f"w{i % 7}"}).encode(), "PartitionKey": str(i)}
            for i in ids[at:at + 500]])
        assert reply["FailedRecordCount"] == 0


def counts(server, table, where=""):
    [[n, distinct]] = server.rows(f"select count(*), count(distinct id) from {table} {where}", "d",
                                  ResultConfiguration={"OutputLocation": "s3://lake/results/"})
    return int(n), int(distinct)


def partitions(server, table):
    listed = server.client("glue").get_partitions(DatabaseName="d", TableName=table)["Partitions"]
    return sorted(p["Values"][0] for p in listed)


def test_rows_are_visible_before_any_flush(tarn):
    make_stream(tarn, "fresh")
    assert counts(tarn, "fresh") == (0, 0)
    total = 0
    for batch in (1, 5, 600):
        put(tarn, "fresh", range(total, total + batch))
        total += batch
        assert counts(tarn, "fresh") == (total, total)
    hour = datetime.datetime.now(datetime.timezone.utc).strftime("%Y/%m/%d/%H")
    before = counts(tarn, "fresh", f"where inserted_at = '{hour}'")
    tarn.flush("fresh")
    assert counts(tarn, "fresh") == (total, total)
    assert counts(tarn, "fresh", f"where inserted_at = '{hour}'") == before
    put(tarn, "fresh", range(total, total + 10))
    assert counts(tarn, "fresh") == (total + 10, total + 10)
    tarn.flush()
    assert counts(tarn, "fresh") == (total + 10, total + 10)


def test_counts_never_waver_while_flushing(tarn):
    make_stream(tarn, "steady", interval=0)
    acked, stop, wrong = [0], threading.Event(), []

    def writer():
        while not stop.is_set():
            put(tarn, "steady", range(acked[0], acked[0] + 100))
            acked[0] += 100

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        until = time.time() + 8
        while time.time() < until:
            low = acked[0]
            n, distinct = counts(tarn, "steady")
            high = acked[0] + 100
            if n != distinct or not low <= n <= high:
                wrong.append((low, n, distinct, high))
    finally:
        stop.set()
        thread.join()
    assert not wrong
    tarn.flush("steady")
    assert counts(tarn, "steady") == (acked[0], acked[0])


def test_an_hour_keeps_its_rows(make_server, tmp_path):
    clock = tmp_path / "turn"
    clock.write_text("0")
    server = make_server("hours", env={"TARN_CLOCK_FILE": str(clock)})
    make_stream(server, "hours")
    put(server, "hours", range(0, 30))
    first = datetime.datetime.now(datetime.timezone.utc)
    clock.write_text(str(3600 * 1000))
    time.sleep(0.1)
    put(server, "hours", range(30, 70))
    second = first + datetime.timedelta(hours=1)
    hours = [t.strftime("%Y/%m/%d/%H") for t in (first, second)]

    def per_hour():
        return [counts(server, "hours", f"where inserted_at = '{h}'")[0] for h in hours]

    assert counts(server, "hours") == (70, 70)
    assert per_hour() == [30, 40]
    server.flush("hours")
    assert counts(server, "hours") == (70, 70)
    assert per_hour() == [30, 40]
    assert partitions(server, "hours") == hours


def test_old_hour_is_delivered_when_the_next_one_begins(make_server, tmp_path):
    clock = tmp_path / "turn"
    clock.write_text("0")
    server = make_server("boundary", env={"TARN_CLOCK_FILE": str(clock)})
    make_stream(server, "edge")
    put(server, "edge", range(10))
    clock.write_text(str(3600 * 1000))
    time.sleep(0.1)
    put(server, "edge", range(10, 20))
    wait_until(lambda: len(partitions(server, "edge")) >= 1, message="the old hour's partition")
    assert counts(server, "edge") == (20, 20)


@pytest.mark.parametrize("rounds", [5])
def test_exactly_once_over_kill(make_server, rounds):
    server = make_server("kill")
    make_stream(server, "once", interval=0)
    total = 0
    for _ in range(rounds):
        for _ in range(4):
            put(server, "once", range(total, total + 500))
            total += 500
            time.sleep(0.3)
        server.kill()
        server.start()
        assert counts(server, "once") == (total, total)
    server.flush("once")
    assert counts(server, "once") == (total, total)


def project(server, table):
    """The table's partitions are projected from now on, as Athena's guide does for Firehose."""
    glue = server.client("glue")
    old = glue.get_table(DatabaseName="d", Name=table)["Table"]
    kept = ("Name", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
    new = {k: v for k, v in old.items() if k in kept}
    location = new["StorageDescriptor"]["Location"].rstrip("/")
    new["Parameters"] = dict(new["Parameters"], **{
        "projection.enabled": "true", "projection.inserted_at.type": "date",
        "projection.inserted_at.format": "yyyy/MM/dd/HH",
        "projection.inserted_at.range": "NOW-2DAYS,NOW",
        "projection.inserted_at.interval": "1", "projection.inserted_at.interval.unit": "HOURS",
        "storage.location.template": location + "/${inserted_at}/"})
    glue.update_table(DatabaseName="d", TableInput=new)


def test_projected_partitions_of_a_stream(tarn):
    make_stream(tarn, "projected")
    put(tarn, "projected", range(30))
    tarn.flush("projected")
    project(tarn, "projected")
    for total in (30, 60):
        hour = datetime.datetime.now(datetime.timezone.utc).strftime("%Y/%m/%d/%H")
        assert counts(tarn, "projected") == (total, total)
        assert counts(tarn, "projected", f"where inserted_at <= '{hour}'") == (total, total)
        assert counts(tarn, "projected", "where inserted_at < '2020'") == (0, 0)
        put(tarn, "projected", range(total, total + 30))
        assert counts(tarn, "projected") == (total + 30, total + 30)
        tarn.flush("projected")
        assert counts(tarn, "projected") == (total + 30, total + 30)
