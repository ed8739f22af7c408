"""Firehose through boto3: operations, errors, raw delivery, and malformed events."""

import base64
import gzip
import io
import json
import time

import botocore.exceptions
import pytest

from conftest import wait_until

ROLE = "arn:aws:iam::000000000000:role/r"
COLUMNS = [
    {"Name": "id", "Type": "string"},
    {"Name": "n", "Type": "bigint"},
    {"Name": "price", "Type": "decimal(10,2)"},
    {"Name": "at", "Type": "timestamp"},
    {"Name": "tags", "Type": "array<string>"},
    {"Name": "who", "Type": "struct<name:string,age:int>"},
]


@pytest.fixture(scope="module")
def firehose(tarn):
    return tarn.client("firehose", parameter_validation=False)


@pytest.fixture(scope="module")
def lake(tarn):
    tarn.client("s3").create_bucket(Bucket="lake")
    tarn.client("glue").create_database(DatabaseInput={"Name": "d"})
    return "lake"


def make_table(tarn, name, columns=COLUMNS):
    tarn.client("glue").create_table(DatabaseName="d", TableInput={
        "Name": name, "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": "inserted_at", "Type": "string"}],
        "StorageDescriptor": {
            "Columns": columns, "Location": f"s3://lake/{name}/",
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary":
                          "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}}})


def raw_destination(**changes):
    return {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::lake",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0}, **changes}


def parquet_destination(table, interval=900, **changes):
    return {
        "RoleARN": ROLE, "BucketARN": "arn:aws:s3:::lake",
        "Prefix": f"{table}/", "ErrorOutputPrefix": f"errors/{table}/",
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": interval},
        "DataFormatConversionConfiguration": {
            "SchemaConfiguration": {"RoleARN": ROLE, "DatabaseName": "d", "TableName": table},
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}}}, **changes}


def create(firehose, name, destination, **kwargs):
    return firehose.create_delivery_stream(
        DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination,
        **kwargs)["DeliveryStreamARN"]


def fails(code, call, **kwargs):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**kwargs)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    assert caught.value.response["Error"]["Message"]
    return caught.value.response["Error"]["Message"]


def keys(tarn, prefix):
    listed = tarn.client("s3").list_objects_v2(Bucket="lake", Prefix=prefix)
    return [o["Key"] for o in listed.get("Contents", [])]


def body(tarn, key):
    return tarn.client("s3").get_object(Bucket="lake", Key=key)["Body"].read()


# ---- operations ----

def test_create_describe_delete(firehose, lake):
    arn = create(firehose, "life", raw_destination(), Tags=[{"Key": "a", "Value": "b"}])
    assert arn == "arn:aws:firehose:us-east-1:000000000000:deliverystream/life"
    d = firehose.describe_delivery_stream(DeliveryStreamName="life")["DeliveryStreamDescription"]
    assert d["DeliveryStreamARN"] == arn
    assert d["DeliveryStreamStatus"] == "ACTIVE"
    assert d["DeliveryStreamType"] == "DirectPut"
    assert d["VersionId"] == "1"
    assert d["DeliveryStreamEncryptionConfiguration"]["Status"] == "DISABLED"
    assert not d["HasMoreDestinations"] and "Source" not in d
    assert abs(d["CreateTimestamp"].timestamp() - time.time()) < 60
    dest = d["Destinations"][0]
    assert dest["DestinationId"] == "destinationId-000000000001"
    extended = dest["ExtendedS3DestinationDescription"]
    assert extended["BucketARN"] == "arn:aws:s3:::lake" and extended["RoleARN"] == ROLE
    assert extended["BufferingHints"] == {"SizeInMBs": 1, "IntervalInSeconds": 0}
    assert extended["CompressionFormat"] == "UNCOMPRESSED"
    assert extended["EncryptionConfiguration"] == {"NoEncryptionConfig": "NoEncryption"}
    assert extended["S3BackupMode"] == "Disabled"
    assert dest["S3DestinationDescription"]["BucketARN"] == "arn:aws:s3:::lake"
    fails("ResourceInUseException", firehose.create_delivery_stream, DeliveryStreamName="life",
          ExtendedS3DestinationConfiguration=raw_destination())
    firehose.delete_delivery_stream(DeliveryStreamName="life")
    fails("ResourceNotFoundException", firehose.describe_delivery_stream,
          DeliveryStreamName="life")
    fails("ResourceNotFoundException", firehose.delete_delivery_stream, DeliveryStreamName="life")
    fails("ResourceNotFoundException", firehose.put_record, DeliveryStreamName="life",
          Record={"Data": b"x"})


def test_plain_s3_destination_and_defaults(firehose, lake):
    firehose.create_delivery_stream(DeliveryStreamName="plain", S3DestinationConfiguration={
        "RoleARN": ROLE, "BucketARN": "arn:aws:s3:::lake"})
    d = firehose.describe_delivery_stream(DeliveryStreamName="plain")["DeliveryStreamDescription"]
    hints = d["Destinations"][0]["S3DestinationDescription"]["BufferingHints"]
    assert hints == {"SizeInMBs": 5, "IntervalInSeconds": 300}
    firehose.delete_delivery_stream(DeliveryStreamName="plain")


def test_kinesis_source_is_described(tarn, firehose, lake):
    tarn.client("kinesis").create_stream(StreamName="source", ShardCount=1)
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/source"
    create(firehose, "from-kinesis", raw_destination(), DeliveryStreamType="KinesisStreamAsSource",
           KinesisStreamSourceConfiguration={"KinesisStreamARN": arn, "RoleARN": ROLE})
    d = firehose.describe_delivery_stream(
        DeliveryStreamName="from-kinesis")["DeliveryStreamDescription"]
    source = d["Source"]["KinesisStreamSourceDescription"]
    assert source["KinesisStreamARN"] == arn and source["RoleARN"] == ROLE
    assert d["DeliveryStreamType"] == "KinesisStreamAsSource"
    message = fails("InvalidArgumentException", firehose.put_record,
                    DeliveryStreamName="from-kinesis", Record={"Data": b"x"})
    assert "KinesisStreamAsSource" in message
    firehose.delete_delivery_stream(DeliveryStreamName="from-kinesis")
    fails("ResourceNotFoundException", firehose.create_delivery_stream, DeliveryStreamName="lost",
          DeliveryStreamType="KinesisStreamAsSource", KinesisStreamSourceConfiguration={
              "KinesisStreamARN": arn + "-not", "RoleARN": ROLE},
          ExtendedS3DestinationConfiguration=raw_destination())


def test_create_is_checked(tarn, firehose, lake):
    make_table(tarn, "checked")

    def refused(destination, word):
        message = fails("InvalidArgumentException", firehose.create_delivery_stream,
                        DeliveryStreamName="refused",
                        ExtendedS3DestinationConfiguration=destination)
        assert word in message, message

    hints = lambda size, seconds: {"SizeInMBs": size, "IntervalInSeconds": seconds}
    refused(raw_destination(BufferingHints=hints(129, 60)), "SizeInMBs")
    refused(raw_destination(BufferingHints=hints(1, 901)), "IntervalInSeconds")
    refused(raw_destination(BufferingHints={"SizeInMBs": 1}), "both")
    refused(parquet_destination("checked", BufferingHints=hints(63, 60)), "64")
    refused(parquet_destination("checked", CompressionFormat="GZIP"), "UNCOMPRESSED")
    refused(parquet_destination("nowhere"), "nowhere")
    refused(raw_destination(Prefix="!{timestmp:yyyy}/", ErrorOutputPrefix="e/"), "timestmp")
    refused(raw_destination(Prefix="!{timestamp:yyyy}/"), "ErrorOutputPrefix")
    refused(raw_destination(CompressionFormat="Snappy"), "Snappy")
    refused(raw_destination(BucketARN="lake"), "BucketARN")
    refused(raw_destination(DynamicPartitioningConfiguration={"Enabled": True}),
            "DynamicPartitioning")
    refused(raw_destination(S3BackupMode="Enabled"), "S3BackupMode")
    orc = parquet_destination("checked")
    orc["DataFormatConversionConfiguration"]["OutputFormatConfiguration"] = {
        "Serializer": {"OrcSerDe": {}}}
    refused(orc, "Parquet")
    zstd = parquet_destination("checked")
    zstd["DataFormatConversionConfiguration"]["OutputFormatConfiguration"] = {
        "Serializer": {"ParquetSerDe": {"Compression": "ZSTD"}}}
    refused(zstd, "tarn.compression")
    fails("InvalidArgumentException", firehose.create_delivery_stream, DeliveryStreamName="none")
    fails("InvalidArgumentException", firehose.create_delivery_stream, DeliveryStreamName="es",
          AmazonopensearchserviceDestinationConfiguration={"RoleARN": ROLE})
    fails("ValidationException", firehose.create_delivery_stream, DeliveryStreamName="a/b",
          ExtendedS3DestinationConfiguration=raw_destination())
    fails("ValidationException", firehose.create_delivery_stream, DeliveryStreamName="x" * 65,
          ExtendedS3DestinationConfiguration=raw_destination())


def test_list_and_tags(firehose, lake):
    names = [f"list-{i}" for i in range(4)]
    for name in names:
        create(firehose, name, raw_destination())
    page = firehose.list_delivery_streams(Limit=3, ExclusiveStartDeliveryStreamName="list-")
    assert page["DeliveryStreamNames"] == names[:3] and page["HasMoreDeliveryStreams"]
    page = firehose.list_delivery_streams(ExclusiveStartDeliveryStreamName="list-2")
    assert page["DeliveryStreamNames"][:1] == names[3:]
    only = firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")
    assert not set(names) & set(only["DeliveryStreamNames"])
    firehose.tag_delivery_stream(DeliveryStreamName="list-0", Tags=[
        {"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    firehose.tag_delivery_stream(DeliveryStreamName="list-0", Tags=[{"Key": "b", "Value": "3"}])
    firehose.untag_delivery_stream(DeliveryStreamName="list-0", TagKeys=["a"])
    tags = firehose.list_tags_for_delivery_stream(DeliveryStreamName="list-0")
    assert tags["Tags"] == [{"Key": "b", "Value": "3"}] and not tags["HasMoreTags"]
    for name in names:
        firehose.delete_delivery_stream(DeliveryStreamName=name)


def test_put_limits(firehose, lake):
    create(firehose, "limits", raw_destination())
    one = firehose.put_record(DeliveryStreamName="limits", Record={"Data": b"x" * 1024000})
    assert one["RecordId"] and one["Encrypted"] is False
    fails("ValidationException", firehose.put_record, DeliveryStreamName="limits",
          Record={"Data": b"x" * 1024001})
    fails("ValidationException", firehose.put_record_batch, DeliveryStreamName="limits",
          Records=[])
    fails("ValidationException", firehose.put_record_batch, DeliveryStreamName="limits",
          Records=[{"Data": b"x"}] * 501)
    fails("InvalidArgumentException", firehose.put_record_batch, DeliveryStreamName="limits",
          Records=[{"Data": b"x" * 900000}] * 5)
    many = firehose.put_record_batch(DeliveryStreamName="limits", Records=[{"Data": b"x"}] * 500)
    assert many["FailedPutCount"] == 0 and many["Encrypted"] is False
    assert len({r["RecordId"] for r in many["RequestResponses"]}) == 500
    firehose.delete_delivery_stream(DeliveryStreamName="limits")


# ---- raw delivery ----

def test_raw_delivery(tarn, firehose, lake):
    create(firehose, "raw", raw_destination(Prefix="raw/"))
    firehose.put_record_batch(DeliveryStreamName="raw", Records=[
        {"Data": f"line {i}\n".encode()} for i in range(100)])
    [key] = wait_until(lambda: keys(tarn, "raw/"), message="an object after a second")
    assert body(tarn, key) == b"".join(f"line {i}\n".encode() for i in range(100))
    folder, name = key.rsplit("/", 1)
    assert folder.startswith("raw/20") and folder.count("/") == 4
    assert name.startswith("raw-1-20")
    firehose.delete_delivery_stream(DeliveryStreamName="raw")
    assert keys(tarn, "raw/") == [key]


def test_raw_gzip_with_delimiter(tarn, firehose, lake):
    create(firehose, "zip", raw_destination(
        Prefix="zip/", CompressionFormat="GZIP", BufferingHints={
            "SizeInMBs": 5, "IntervalInSeconds": 900},
        ProcessingConfiguration={"Enabled": True, "Processors": [{
            "Type": "AppendDelimiterToRecord",
            "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]}]}))
    for i in range(10):
        firehose.put_record(DeliveryStreamName="zip", Record={"Data": f"r{i}".encode()})
    assert keys(tarn, "zip/") == []
    tarn.flush("zip")
    [key] = keys(tarn, "zip/")
    assert key.endswith(".gz")
    assert gzip.decompress(body(tarn, key)) == b"".join(f"r{i}\n".encode() for i in range(10))
    firehose.delete_delivery_stream(DeliveryStreamName="zip")


def test_size_makes_an_object(tarn, firehose, lake):
    create(firehose, "size", raw_destination(
        Prefix="size/", BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900}))
    for i in range(5):
        firehose.put_record(DeliveryStreamName="size", Record={"Data": b"x" * 500_000})
    wait_until(lambda: len(keys(tarn, "size/")) >= 2, message="two objects of a megabyte")
    for key in keys(tarn, "size/"):
        assert len(body(tarn, key)) == 1_000_000
    tarn.flush("size")
    assert sum(len(body(tarn, key)) for key in keys(tarn, "size/")) == 2_500_000
    firehose.delete_delivery_stream(DeliveryStreamName="size")


def test_update_destination(tarn, firehose, lake):
    create(firehose, "upd", raw_destination(
        Prefix="upd-a/", BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900}))
    update = dict(DeliveryStreamName="upd", DestinationId="destinationId-000000000001",
                  ExtendedS3DestinationUpdate={"Prefix": "upd-b/"})
    fails("ConcurrentModificationException", firehose.update_destination,
          CurrentDeliveryStreamVersionId="7", **update)
    firehose.update_destination(CurrentDeliveryStreamVersionId="1", **update)
    d = firehose.describe_delivery_stream(DeliveryStreamName="upd")["DeliveryStreamDescription"]
    assert d["VersionId"] == "2" and "LastUpdateTimestamp" in d
    assert d["Destinations"][0]["ExtendedS3DestinationDescription"]["Prefix"] == "upd-b/"
    firehose.put_record(DeliveryStreamName="upd", Record={"Data": b"x"})
    tarn.flush("upd")
    [key] = keys(tarn, "upd-")
    assert key.startswith("upd-b/") and "/upd-2-" in key
    firehose.delete_delivery_stream(DeliveryStreamName="upd")


def test_missing_bucket_is_an_error_until_it_is_there(tarn, firehose, lake):
    create(firehose, "nobucket", raw_destination(BucketARN="arn:aws:s3:::later"))
    firehose.put_record(DeliveryStreamName="nobucket", Record={"Data": b"kept"})
    time.sleep(1.5)
    firehose.put_record(DeliveryStreamName="nobucket", Record={"Data": b" too"})
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="later")
    found = wait_until(lambda: s3.list_objects_v2(Bucket="later").get("Contents"),
                       message="delivery after the bucket was made")
    data = [s3.get_object(Bucket="later", Key=o["Key"])["Body"].read() for o in found]
    assert b"".join(sorted(data, reverse=True)).startswith(b"kept")
    firehose.delete_delivery_stream(DeliveryStreamName="nobucket")


# ---- conversion: malformed events never stop the stream ----

def good(i):
    return json.dumps({"id": f"good-{i}", "n": i, "price": "1.25", "at": "2020-01-23T20:38:42.151Z",
                       "tags": ["a", "b"], "who": {"name": "x", "age": i}}).encode()


MALFORMED = {
    "not JSON": b"{\"id\":\"1\",",
    "plain text": b"hello",
    "wrong type": b"{\"id\":\"1\",\"n\":\"many\"}",
    "out of range": b"{\"id\":\"1\",\"n\":99999999999999999999}",
    "bad timestamp": b"{\"id\":\"1\",\"at\":\"yesterday\"}",
    "bad nested": b"{\"id\":\"1\",\"who\":{\"age\":\"old\"}}",
    "truncated UTF-8": b"{\"id\":\"caf\xc3\"}",
    "array": b"[{\"id\":\"1\"}]",
    "deep nesting": b"{\"id\":" + b"[" * 5000 + b"]" * 5000 + b"}",
    "good then bad": b"{\"id\":\"half\",\"n\":1}{\"id\":",
    "long and broken": b"{\"id\":\"" + b"x" * 1_000_000,
}
# Unusual, but rows all the same.
WELL_FORMED = {
    "duplicate keys": (b"{\"id\":\"first\",\"id\":\"last\"}", ["last"]),
    "1 MiB line": (b"{\"id\":\"" + b"y" * 1_000_000 + b"\"}", ["y" * 1_000_000]),
    "two documents": (b"{\"id\":\"one\"}{\"id\":\"two\"}", ["one", "two"]),
    "unknown members": (b"{\"id\":\"u\",\"zzz\":[1,{\"a\":null}]}", ["u"]),
    "upper case": (b"{\"ID\":\"upper\"}", ["upper"]),
    "blank record": (b" \n", []),
}


@pytest.mark.parametrize("source", ["direct", "kinesis"])
def test_malformed_events(tarn, firehose, lake, source):
    table = f"events_{source}"
    make_table(tarn, table)
    bad = list(MALFORMED.items())
    payloads = []
    for i, (_, data) in enumerate(bad):
        payloads += [good(i), data]
    payloads += [data for data, _ in WELL_FORMED.values()]
    if source == "direct":
        create(firehose, table, parquet_destination(table))
        for data in payloads:
            firehose.put_record(DeliveryStreamName=table, Record={"Data": data})
    else:
        kinesis = tarn.client("kinesis")
        kinesis.create_stream(StreamName=table, ShardCount=2)
        create(firehose, table, parquet_destination(table),
               DeliveryStreamType="KinesisStreamAsSource", KinesisStreamSourceConfiguration={
                   "RoleARN": ROLE,
                   "KinesisStreamARN": f"arn:aws:kinesis:us-east-1:000000000000:stream/{table}"})
        numbers = [kinesis.put_record(StreamName=table, Data=data, PartitionKey=str(i))
                   ["SequenceNumber"] for i, data in enumerate(payloads)]
    tarn.flush(table)

    import pyarrow.parquet as pq
    rows = []
    for key in keys(tarn, f"{table}/"):
        assert key.endswith(".parquet")
        rows += pq.read_table(io.BytesIO(body(tarn, key))).to_pylist()
    expected = [f"good-{i}" for i in range(len(bad))]
    expected += [v for _, values in WELL_FORMED.values() for v in values]
    assert sorted(r["id"] for r in rows) == sorted(expected)
    first = next(r for r in rows if r["id"] == "good-3")
    assert first["n"] == 3 and str(first["price"]) == "1.25"
    assert first["tags"] == ["a", "b"] and first["who"] == {"name": "x", "age": 3}
    assert first["at"].isoformat().startswith("2020-01-23T20:38:42.151")

    error_keys = keys(tarn, f"errors/{table}/")
    assert error_keys and all("/format-conversion-failed/" in k for k in error_keys)
    documents = [json.loads(line) for k in error_keys for line in body(tarn, k).splitlines() if line]
    assert sorted(base64.b64decode(d["rawData"]) for d in documents) == sorted(
        data for _, data in bad)
    for d in documents:
        assert d["lastErrorCode"].startswith("DataFormatConversion."), d
        assert d["lastErrorMessage"] and d["sequenceNumber"]
        assert abs(d["arrivalTimestamp"] / 1000 - time.time()) < 300
        assert d["dataCatalogTable"]["databaseName"] == "d"
        assert d["dataCatalogTable"]["tableName"] == table
    by_data = {base64.b64decode(d["rawData"]): d for d in documents}
    assert "n" in by_data[MALFORMED["wrong type"]]["lastErrorMessage"]
    if source == "kinesis":
        for data, number in zip(payloads, numbers):
            if data in by_data:
                assert by_data[data]["sequenceNumber"] == number
    firehose.delete_delivery_stream(DeliveryStreamName=table)


@pytest.mark.parametrize("version,kind,encodings", [
    (None, "double", {"PLAIN"}),  # every engine reads it
    (None, "struct<p:array<float>>", {"PLAIN"}),
    (None, "bigint", {"DELTA_BINARY_PACKED"}),
    ("V1", "bigint", {"PLAIN"}),
    ("V2", "double", {"BYTE_STREAM_SPLIT"}),
])
def test_writer_version(tarn, firehose, lake, version, kind, encodings):
    """Floating columns are what version 2 writes in a way that Trino cannot read."""
    import pyarrow.parquet as pq

    name = f"writer_{version}_{kind[:6]}".lower()
    make_table(tarn, name, [{"Name": "v", "Type": kind}])
    destination = parquet_destination(name)
    if version:
        destination["DataFormatConversionConfiguration"]["OutputFormatConfiguration"][
            "Serializer"]["ParquetSerDe"]["WriterVersion"] = version
    create(firehose, name, destination)
    for start in range(0, 4000, 500):
        firehose.put_record_batch(DeliveryStreamName=name, Records=[
            {"Data": json.dumps({"v": {"p": [i + 0.7]} if kind[0] == "s" else i * 7919}).encode()}
            for i in range(start, start + 500)])
    tarn.flush(name)
    [key] = keys(tarn, name + "/")
    column = pq.ParquetFile(io.BytesIO(body(tarn, key))).metadata.row_group(0).column(0)
    assert column.num_values == 4000
    assert encodings <= set(column.encodings), column.encodings
    assert ("BYTE_STREAM_SPLIT" in column.encodings) == (version == "V2")
