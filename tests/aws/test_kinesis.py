"""Kinesis Data Streams through boto3: every operation, its errors, and what an ack means."""

import base64
import datetime
import hashlib
import json
import time

import boto3
import botocore.exceptions
import pytest
import requests


@pytest.fixture(scope="module")
def kinesis(tarn):
    return tarn.client("kinesis", parameter_validation=False)


@pytest.fixture
def stream(kinesis, request):
    """A fresh stream of one shard; `stream(n)` makes it n."""
    made = []

    def make(shards=1, suffix=""):
        name = f"s-{abs(hash(request.node.name)) % 10**10}{suffix}"
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        made.append(name)
        return name

    yield make
    for name in made:
        try:
            kinesis.delete_stream(StreamName=name)
        except botocore.exceptions.ClientError:
            pass


def fails(code, call, **kwargs):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**kwargs)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    assert caught.value.response["Error"]["Message"]
    return caught.value.response["Error"]["Message"]


def iterator(kinesis, name, shard=0, kind="TRIM_HORIZON", **kwargs):
    return kinesis.get_shard_iterator(
        StreamName=name, ShardId=f"shardId-{shard:012d}", ShardIteratorType=kind,
        **kwargs)["ShardIterator"]


def read_all(kinesis, name, shard=0, kind="TRIM_HORIZON", **kwargs):
    at, records = iterator(kinesis, name, shard, kind, **kwargs), []
    while True:
        page = kinesis.get_records(ShardIterator=at)
        records += page["Records"]
        if page["MillisBehindLatest"] == 0:
            return records
        at = page["NextShardIterator"]


# ---- streams ----

def test_create_describe_delete(kinesis):
    kinesis.create_stream(StreamName="life", ShardCount=3, Tags={"team": "ads"})
    d = kinesis.describe_stream(StreamName="life")["StreamDescription"]
    assert d["StreamName"] == "life"
    assert d["StreamARN"] == "arn:aws:kinesis:us-east-1:000000000000:stream/life"
    assert d["StreamStatus"] == "ACTIVE"
    assert d["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert d["RetentionPeriodHours"] == 24
    assert d["EncryptionType"] == "NONE"
    assert d["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]
    assert not d["HasMoreShards"]
    assert abs(d["StreamCreationTimestamp"].timestamp() - time.time()) < 60
    ranges = [s["HashKeyRange"] for s in d["Shards"]]
    assert ranges[0]["StartingHashKey"] == "0"
    assert ranges[2]["EndingHashKey"] == str(2**128 - 1)
    for a, b in zip(ranges, ranges[1:]):
        assert int(a["EndingHashKey"]) + 1 == int(b["StartingHashKey"])
    s = kinesis.describe_stream_summary(StreamARN=d["StreamARN"])["StreamDescriptionSummary"]
    assert s["OpenShardCount"] == 3 and s["ConsumerCount"] == 0
    kinesis.delete_stream(StreamARN=d["StreamARN"])
    fails("ResourceNotFoundException", kinesis.describe_stream, StreamName="life")


def test_on_demand(kinesis):
    kinesis.create_stream(StreamName="demand", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    s = kinesis.describe_stream_summary(StreamName="demand")["StreamDescriptionSummary"]
    assert s["OpenShardCount"] == 4
    assert s["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
    kinesis.delete_stream(StreamName="demand")


def test_create_errors(kinesis, stream):
    name = stream()
    fails("ResourceInUseException", kinesis.create_stream, StreamName=name, ShardCount=1)
    fails("ValidationException", kinesis.create_stream, StreamName="bad/name", ShardCount=1)
    fails("ValidationException", kinesis.create_stream, StreamName="x" * 129, ShardCount=1)
    fails("ValidationException", kinesis.create_stream, StreamName="none", ShardCount=0)
    fails("LimitExceededException", kinesis.create_stream, StreamName="many", ShardCount=10**6)
    fails("ValidationException", kinesis.create_stream, StreamName="both", ShardCount=2,
          StreamModeDetails={"StreamMode": "ON_DEMAND"})
    fails("ResourceNotFoundException", kinesis.delete_stream, StreamName="nobody")
    fails("InvalidArgumentException", kinesis.describe_stream_summary, StreamARN="arn:aws:s3:::b")
    fails("InvalidArgumentException", kinesis.describe_stream_summary)
    fails("InvalidArgumentException", kinesis.describe_stream_summary, StreamName="other",
          StreamARN=f"arn:aws:kinesis:us-east-1:000000000000:stream/{name}")


def test_describe_pages_shards(kinesis, stream):
    name = stream(5)
    first = kinesis.describe_stream(StreamName=name, Limit=2)["StreamDescription"]
    assert first["HasMoreShards"] and len(first["Shards"]) == 2
    rest = kinesis.describe_stream(StreamName=name, ExclusiveStartShardId="shardId-000000000001")
    rest = rest["StreamDescription"]
    assert [s["ShardId"][-1] for s in rest["Shards"]] == ["2", "3", "4"]
    assert not rest["HasMoreShards"]
    paged = kinesis.get_paginator("describe_stream").paginate(
        StreamName=name, PaginationConfig={"PageSize": 2})
    assert sum(len(p["StreamDescription"]["Shards"]) for p in paged) == 5


def test_list_streams_pages(kinesis):
    names = [f"list-{i}" for i in range(7)]
    for name in names:
        kinesis.create_stream(StreamName=name, ShardCount=1)
    page = kinesis.list_streams(Limit=3, ExclusiveStartStreamName="list-")
    assert page["StreamNames"] == names[:3] and page["HasMoreStreams"]
    assert [s["StreamName"] for s in page["StreamSummaries"]] == names[:3]
    page = kinesis.list_streams(Limit=100, NextToken=page["NextToken"])
    assert page["StreamNames"][:4] == names[3:] and not page["HasMoreStreams"]
    fails("InvalidArgumentException", kinesis.list_streams, NextToken="nonsense")
    for name in names:
        kinesis.delete_stream(StreamName=name)


def test_list_shards(kinesis, stream):
    name = stream(4)
    page = kinesis.list_shards(StreamName=name, MaxResults=3)
    assert len(page["Shards"]) == 3
    fails("InvalidArgumentException", kinesis.list_shards, StreamName=name,
          NextToken=page["NextToken"])
    last = kinesis.list_shards(NextToken=page["NextToken"])
    assert [s["ShardId"] for s in last["Shards"]] == ["shardId-000000000003"]
    assert "NextToken" not in last
    for kind in ("AT_LATEST", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON"):
        assert len(kinesis.list_shards(StreamName=name, ShardFilter={"Type": kind})["Shards"]) == 4
    after = kinesis.list_shards(StreamName=name, ShardFilter={
        "Type": "AFTER_SHARD_ID", "ShardId": "shardId-000000000002"})
    assert [s["ShardId"] for s in after["Shards"]] == ["shardId-000000000003"]
    fails("InvalidArgumentException", kinesis.list_shards, StreamName=name,
          ShardFilter={"Type": "AFTER_SHARD_ID"})
    fails("ResourceNotFoundException", kinesis.list_shards, StreamName="nobody")


def test_tags_and_retention(kinesis, stream):
    name = stream()
    kinesis.add_tags_to_stream(StreamName=name, Tags={"a": "1", "b": "2"})
    kinesis.add_tags_to_stream(StreamName=name, Tags={"b": "3", "c": "4"})
    kinesis.remove_tags_from_stream(StreamName=name, TagKeys=["a", "zz"])
    tags = kinesis.list_tags_for_stream(StreamName=name)
    assert {t["Key"]: t["Value"] for t in tags["Tags"]} == {"b": "3", "c": "4"}
    assert kinesis.list_tags_for_stream(StreamName=name, Limit=1)["HasMoreTags"]
    kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=48)
    hours = kinesis.describe_stream(StreamName=name)["StreamDescription"]["RetentionPeriodHours"]
    assert hours == 48
    fails("InvalidArgumentException", kinesis.increase_stream_retention_period, StreamName=name,
          RetentionPeriodHours=36)
    kinesis.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=24)
    fails("InvalidArgumentException", kinesis.decrease_stream_retention_period, StreamName=name,
          RetentionPeriodHours=1)


# ---- put and get ----

def test_put_get_round_trip(kinesis, stream):
    name = stream()
    payloads = [b"", b"\x00\xff" * 50, "zäh€".encode(), b"x" * 100_000]
    numbers = []
    for i, data in enumerate(payloads):
        reply = kinesis.put_record(StreamName=name, Data=data, PartitionKey=f"schlüssel-{i}")
        assert reply["ShardId"] == "shardId-000000000000"
        assert len(reply["SequenceNumber"]) == 56
        numbers.append(int(reply["SequenceNumber"]))
    assert numbers == sorted(set(numbers))
    records = read_all(kinesis, name)
    assert [r["Data"] for r in records] == payloads
    assert [r["PartitionKey"] for r in records] == [f"schlüssel-{i}" for i in range(4)]
    assert [int(r["SequenceNumber"]) for r in records] == numbers
    age = time.time() - records[0]["ApproximateArrivalTimestamp"].timestamp()
    assert 0 <= age < 60


def test_put_records_go_by_md5_and_explicit_key(kinesis, stream):
    name = stream(4)
    keys = [f"user-{i}" for i in range(200)]
    reply = kinesis.put_records(StreamName=name, Records=[
        {"Data": k.encode(), "PartitionKey": k} for k in keys])
    assert reply["FailedRecordCount"] == 0
    width = 2**128 // 4
    for key, entry in zip(keys, reply["Records"]):
        shard = min(int(hashlib.md5(key.encode()).hexdigest(), 16) // width, 3)
        assert entry["ShardId"] == f"shardId-{shard:012d}"
    assert len({e["SequenceNumber"] for e in reply["Records"]}) == 200
    got = []
    for shard in range(4):
        records = read_all(kinesis, name, shard)
        numbers = [int(r["SequenceNumber"]) for r in records]
        assert numbers == sorted(numbers)
        got += [r["Data"].decode() for r in records]
    assert sorted(got) == sorted(keys)
    for value, shard in ((0, 0), (width - 1, 0), (width, 1), (2**128 - 1, 3)):
        entry = kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="k",
                                   ExplicitHashKey=str(value))
        assert entry["ShardId"] == f"shardId-{shard:012d}"
    fails("InvalidArgumentException", kinesis.put_record, StreamName=name, Data=b"x",
          PartitionKey="k", ExplicitHashKey=str(2**128))


def test_put_limits(kinesis, stream):
    name = stream()
    fails("ValidationException", kinesis.put_records, StreamName=name, Records=[])
    fails("ValidationException", kinesis.put_records, StreamName=name,
          Records=[{"Data": b"", "PartitionKey": "k"}] * 501)
    fails("ValidationException", kinesis.put_record, StreamName=name, Data=b"x", PartitionKey="")
    fails("ValidationException", kinesis.put_record, StreamName=name, Data=b"x",
          PartitionKey="k" * 257)
    kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="ä" * 256)
    kinesis.put_record(StreamName=name, Data=b"x" * (2**20 - 1), PartitionKey="k")
    fails("ValidationException", kinesis.put_record, StreamName=name, Data=b"x" * 2**20,
          PartitionKey="k")
    fails("InvalidArgumentException", kinesis.put_records, StreamName=name,
          Records=[{"Data": b"x" * 10**6, "PartitionKey": "k"}] * 11)
    kinesis.put_records(StreamName=name,
                        Records=[{"Data": b"x" * 10**6, "PartitionKey": "k"}] * 10)
    fails("ResourceNotFoundException", kinesis.put_record, StreamName="nobody", Data=b"x",
          PartitionKey="k")
    # GetRecords returns at most 10 MiB and goes on where it stopped.
    page = kinesis.get_records(ShardIterator=iterator(kinesis, name))
    assert sum(len(r["Data"]) for r in page["Records"]) <= 10 * 2**20
    assert page["MillisBehindLatest"] >= 0
    assert len(read_all(kinesis, name)) == 12


def test_bad_base64_is_refused(tarn, kinesis, stream):
    name = stream()
    reply = requests.post(tarn.endpoint, headers={
        "X-Amz-Target": "Kinesis_20131202.PutRecord", "Content-Type": "application/x-amz-json-1.1",
        "Authorization": "AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/kinesis/aws4_request, "
                         "SignedHeaders=host, Signature=00", "X-Amz-Date": "20200101T000000Z"},
        data=json.dumps({"StreamName": name, "Data": "!!", "PartitionKey": "k"}))
    assert reply.status_code == 400
    assert reply.json()["__type"].endswith("SerializationException")
    assert read_all(kinesis, name) == []


def test_iterator_types(kinesis, stream):
    name = stream()
    seqs = []
    for i in range(5):
        if i == 3:  # botocore sends timestamps in whole seconds
            at = datetime.datetime.fromtimestamp(int(time.time()) + 1)
            time.sleep(1.01 - time.time() % 1)
        seqs.append(kinesis.put_record(StreamName=name, Data=str(i).encode(),
                                       PartitionKey="k")["SequenceNumber"])

    def data(kind, **kwargs):
        return b"".join(r["Data"] for r in read_all(kinesis, name, 0, kind, **kwargs))

    assert data("TRIM_HORIZON") == b"01234"
    assert data("AT_SEQUENCE_NUMBER", StartingSequenceNumber=seqs[2]) == b"234"
    assert data("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=seqs[2]) == b"34"
    assert data("LATEST") == b""
    assert data("AT_TIMESTAMP", Timestamp=at) == b"34"
    assert data("AT_TIMESTAMP", Timestamp=datetime.datetime(2000, 1, 1)) == b"01234"
    shard = kinesis.list_shards(StreamName=name)["Shards"][0]
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    assert data("AT_SEQUENCE_NUMBER", StartingSequenceNumber=start) == b"01234"
    latest = iterator(kinesis, name, kind="LATEST")
    kinesis.put_record(StreamName=name, Data=b"5", PartitionKey="k")
    assert [r["Data"] for r in kinesis.get_records(ShardIterator=latest)["Records"]] == [b"5"]


def test_iterator_errors(kinesis, stream):
    name, two = stream(), stream(2, "-two")
    seq = kinesis.put_record(StreamName=two, Data=b"x", PartitionKey="k",
                             ExplicitHashKey="0")["SequenceNumber"]
    get = kinesis.get_shard_iterator
    base = {"StreamName": name, "ShardId": "shardId-000000000000"}
    fails("ResourceNotFoundException", get, StreamName="nobody", ShardId=base["ShardId"],
          ShardIteratorType="LATEST")
    fails("ResourceNotFoundException", get, StreamName=name, ShardId="shardId-000000000001",
          ShardIteratorType="LATEST")
    fails("InvalidArgumentException", get, **base, ShardIteratorType="AT_SEQUENCE_NUMBER")
    fails("InvalidArgumentException", get, **base, ShardIteratorType="AT_TIMESTAMP")
    fails("InvalidArgumentException", get, **base, ShardIteratorType="AT_TIMESTAMP",
          Timestamp=time.time() + 3600)
    fails("InvalidArgumentException", get, **base, ShardIteratorType="AT_SEQUENCE_NUMBER",
          StartingSequenceNumber=seq)
    message = fails("InvalidArgumentException", get, StreamName=two,
                    ShardId="shardId-000000000001", ShardIteratorType="AT_SEQUENCE_NUMBER",
                    StartingSequenceNumber=seq)
    assert "shardId-000000000000" in message
    fails("ValidationException", get, **base, ShardIteratorType="SOMETIME")
    fails("InvalidArgumentException", kinesis.get_records, ShardIterator="nonsense")
    at = iterator(kinesis, name)
    fails("InvalidArgumentException", kinesis.get_records, ShardIterator=at[:-3] + "AAA")
    fails("ValidationException", kinesis.get_records, ShardIterator=at, Limit=10001)


def test_limit_and_continuation(kinesis, stream):
    name = stream(2)
    for i in range(3):
        kinesis.put_records(StreamName=name, Records=[
            {"Data": str(i * 500 + j).encode(), "PartitionKey": "k",
             "ExplicitHashKey": "0"} for j in range(500)])
    at, got, calls = iterator(kinesis, name), [], 0
    while len(got) < 1500:
        page = kinesis.get_records(ShardIterator=at, Limit=400)
        assert len(page["Records"]) <= 400
        got += [int(r["Data"]) for r in page["Records"]]
        at, calls = page["NextShardIterator"], calls + 1
        assert calls < 20
    assert got == list(range(1500))
    # The other shard has nothing, and still gets a continuation that ends at the tip.
    assert read_all(kinesis, name, 1) == []


def test_recreated_stream_has_greater_numbers(kinesis):
    kinesis.create_stream(StreamName="again", ShardCount=1)
    old = kinesis.put_record(StreamName="again", Data=b"1", PartitionKey="k")["SequenceNumber"]
    at = iterator(kinesis, "again")
    kinesis.delete_stream(StreamName="again")
    time.sleep(0.005)
    kinesis.create_stream(StreamName="again", ShardCount=1)
    assert read_all(kinesis, "again") == []
    new = kinesis.put_record(StreamName="again", Data=b"2", PartitionKey="k")["SequenceNumber"]
    assert int(new) > int(old)
    fails("ResourceNotFoundException", kinesis.get_records, ShardIterator=at)
    kinesis.delete_stream(StreamName="again")


def test_acknowledged_survives_kill(make_server):
    server = make_server("killed")
    kinesis = server.client("kinesis")
    kinesis.create_stream(StreamName="k", ShardCount=2)
    kinesis.add_tags_to_stream(StreamName="k", Tags={"a": "b"})
    for i in range(20):
        kinesis.put_records(StreamName="k", Records=[
            {"Data": f"{i}-{j}".encode(), "PartitionKey": str(j)} for j in range(50)])
    server.kill()
    server.start()
    got = [r["Data"] for shard in (0, 1) for r in read_all(kinesis, "k", shard)]
    assert sorted(got) == sorted(f"{i}-{j}".encode() for i in range(20) for j in range(50))
    assert kinesis.list_tags_for_stream(StreamName="k")["Tags"] == [{"Key": "a", "Value": "b"}]


def test_tokens_expire(make_server, tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("0")
    server = make_server("expiry", env={"TARN_CLOCK_FILE": str(clock)})
    kinesis = server.client("kinesis")
    kinesis.create_stream(StreamName="t", ShardCount=2)
    at = iterator(kinesis, "t")
    token = kinesis.list_shards(StreamName="t", MaxResults=1)["NextToken"]
    kinesis.get_records(ShardIterator=at)
    clock.write_text("301000")
    time.sleep(0.05)
    fails("ExpiredIteratorException", kinesis.get_records, ShardIterator=at)
    fails("ExpiredNextTokenException", kinesis.list_shards, NextToken=token)
