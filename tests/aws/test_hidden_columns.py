"""Hidden columns: "$path", "$file_size", "$file_modified_time", "$partition", "$bucket"."""

import json
import time

import pytest


def failure(tarn, sql, database="h"):
    execution = tarn.query(sql, database)
    assert execution["Status"]["State"] == "FAILED", sql
    return execution["Status"]["StateChangeReason"]


def run(tarn, sql, database="h"):
    execution = tarn.query(sql, database)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    return execution


@pytest.fixture(scope="module", autouse=True)
def tables(tarn):
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="hidden")
    run(tarn, "create database h", None)
    for day in (1, 2):
        for part in ("a", "b"):
            s3.put_object(Bucket="hidden", Key=f"text/dt=2024-01-0{day}/{part}.csv",
                          Body=f"{day}{part},x\n{day}{part},yy\n".encode())
            out = io.BytesIO()
            pq.write_table(pa.table({"id": [day * 10, day * 10 + 1], "s": [part, part]}), out)
            s3.put_object(Bucket="hidden", Key=f"parquet/{day}{part}.parquet", Body=out.getvalue())
            s3.put_object(Bucket="hidden", Key=f"json/{day}{part}.json",
                          Body=json.dumps({"id": day, "s": part}).encode() + b"\n")
    run(tarn, "create external table text (k string, v string) partitioned by (dt date) row format "
              "delimited fields terminated by ',' location 's3://hidden/text/'")
    run(tarn, "msck repair table text")
    run(tarn, "create external table pq (id bigint, s string) stored as parquet "
              "location 's3://hidden/parquet/'")
    run(tarn, "create external table js (id int, s string) row format serde "
              "'org.openx.data.jsonserde.JsonSerDe' location 's3://hidden/json/'")


def test_path(tarn):
    assert tarn.rows('select "$path", k, v from text where v = \'x\' order by 1', "h") == [
        [f"s3://hidden/text/dt=2024-01-0{d}/{p}.csv", f"{d}{p}", "x"]
        for d in (1, 2) for p in ("a", "b")]
    assert tarn.rows('select distinct "$path" from pq order by 1', "h") == [
        [f"s3://hidden/parquet/{d}{p}.parquet"] for d in (1, 2) for p in ("a", "b")]
    assert tarn.rows('select j."$path", s from h.js j where id = 2 order by s', "h") == [
        [f"s3://hidden/json/2{p}.json", p] for p in ("a", "b")]
    assert tarn.rows('select count(*), typeof(max("$path")) from pq where "$path" like '
                     "'%/1_.parquet'", "h") == [["4", "varchar"]]


def test_size_and_time(tarn):
    heads = {o["Key"]: o for o in tarn.client("s3").list_objects_v2(
        Bucket="hidden", Prefix="parquet/")["Contents"]}
    rows = tarn.rows('select distinct "$path", "$file_size", "$file_modified_time", '
                     'typeof("$file_size"), typeof("$file_modified_time") from pq', "h")
    assert len(rows) == 4
    for path, size, modified, size_type, time_type in rows:
        head = heads[path[len("s3://hidden/"):]]
        assert int(size) == head["Size"]
        assert modified.startswith(head["LastModified"].strftime("%Y-%m-%d %H:%M:%S."))
        assert modified.endswith(" UTC") and len(modified) == len("2024-01-01 00:00:00.000 UTC")
        assert (size_type, time_type) == ("bigint", "timestamp(3) with time zone")
    assert tarn.rows('select count(*) from pq where "$file_modified_time" > timestamp '
                     "'2020-01-01 00:00:00 UTC'", "h") == [["8"]]
    assert tarn.rows('select count(*) from text where "$file_size" > 8', "h") == [["8"]]
    assert tarn.rows('select count(*) from text where "$file_size" = 10000', "h") == [["0"]]


def test_partition_and_bucket(tarn):
    assert tarn.rows('select distinct "$partition" from text order by 1', "h") == [
        ["dt=2024-01-01"], ["dt=2024-01-02"]]
    assert "Column '$partition' cannot be resolved" in failure(tarn, 'select "$partition" from pq')
    assert "Column '$bucket' cannot be resolved" in failure(tarn, 'select "$bucket" from pq')
    s3 = tarn.client("s3")
    s3.put_object(Bucket="hidden", Key="buckets/000000_0", Body=b"a\n")
    s3.put_object(Bucket="hidden", Key="buckets/000001_0", Body=b"b\n")
    run(tarn, "create external table b (k string) clustered by (k) into 2 buckets "
              "location 's3://hidden/buckets/'")
    assert tarn.rows('select k, "$bucket" from b order by k', "h") == [["a", "0"], ["b", "1"]]
    s3.put_object(Bucket="hidden", Key="buckets/other.txt", Body=b"c\n")
    assert failure(tarn, 'select "$bucket" from b').startswith("HIVE_INVALID_BUCKET_FILES: ")
    assert tarn.rows("select count(*) from b", "h") == [["3"]]


def test_only_named_ones_are_seen(tarn):
    assert tarn.rows("select * from text where v = 'yy' and k = '1a'", "h") == [
        ["1a", "yy", "2024-01-01"]]
    assert tarn.rows("table js", "h")[0].__len__() == 2
    assert tarn.rows("select t.* from js as t (a, b) where a = 1 and b = 'b'", "h") == [["1", "b"]]
    assert "cannot be resolved" in failure(tarn, 'select "$path" from js as t (a, b)')
    assert "cannot be resolved" in failure(tarn, 'select "$path" from (select * from js)')
    assert tarn.rows("select * from js x join js y using (id, s) where id = 1 and s = 'a'", "h") == [
        ["1", "a"]]
    assert tarn.rows("describe js", "h")[-1][0].startswith("s ")
    run(tarn, 'create or replace view paths as select "$path" as path, id from js')
    assert tarn.rows("select id from paths where path = 's3://hidden/json/2a.json'", "h") == [["2"]]


def test_conditions_leave_out_files(tarn):
    one = "s3://hidden/parquet/2a.parquet"
    for condition, files in ((f"\"$path\" = '{one}'", 1),
                             (f"\"$path\" in ('{one}', 's3://hidden/no', "
                              "'s3://hidden/parquet/1a.parquet')", 2),
                             (f"\"$path\" >= '{one}'", 2), ("\"$path\" < 's3://'", 0)):
        execution = run(tarn, f"select sum(id) from pq where {condition}")
        every = run(tarn, "select sum(id) from pq")["Statistics"]["DataScannedInBytes"]
        assert execution["Statistics"]["DataScannedInBytes"] * 4 == every * files, condition
    assert tarn.rows(f"select id from pq where \"$path\" = '{one}' order by id", "h") == [
        ["20"], ["21"]]
    assert run(tarn, 'select count(*) from text where "$partition" = \'dt=2024-01-02\'')[
        "Statistics"]["DataScannedInBytes"] * 2 == run(tarn, "select count(*) from text")[
            "Statistics"]["DataScannedInBytes"]


def test_a_table_fed_by_a_stream(tarn):
    glue, firehose = tarn.client("glue"), tarn.client("firehose")
    tarn.client("s3").create_bucket(Bucket="fed")
    run(tarn, "create external table fed (id bigint) partitioned by (dt string) stored as parquet "
              "location 's3://fed/t/'")
    assert glue.get_table(DatabaseName="h", Name="fed")
    firehose.create_delivery_stream(
        DeliveryStreamName="feeder", DeliveryStreamType="DirectPut",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/x", "BucketARN": "arn:aws:s3:::fed",
            "Prefix": "t/dt=!{timestamp:yyyy-MM-dd}/", "ErrorOutputPrefix": "bad/",
            "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 900},
            "DataFormatConversionConfiguration": {
                "Enabled": True,
                "SchemaConfiguration": {"DatabaseName": "h", "TableName": "fed",
                                        "RoleARN": "arn:aws:iam::000000000000:role/x"},
                "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}}}})
    firehose.put_record(DeliveryStreamName="feeder", Record={"Data": b'{"id":1}'})
    tarn.flush("feeder")
    firehose.put_record(DeliveryStreamName="feeder", Record={"Data": b'{"id":2}'})
    today = time.strftime("%Y-%m-%d", time.gmtime())
    rows = tarn.rows('select id, "$path", "$file_size", "$partition", date_diff(\'minute\', '
                     '"$file_modified_time", current_timestamp) from fed order by id', "h")
    assert rows[0][1].startswith(f"s3://fed/t/dt={today}/") and int(rows[0][2]) > 0
    assert rows[1][1] == "tarn://firehose/feeder" and int(rows[1][2]) > 0
    assert [r[3] for r in rows] == [f"dt={today}"] * 2 and [r[4] for r in rows] == ["0", "0"]
    assert tarn.rows('select id from fed where "$path" = \'tarn://firehose/feeder\'', "h") == [["2"]]
    assert tarn.rows('select id from fed where "$path" like \'s3:%\'', "h") == [["1"]]
    assert tarn.rows('select dt from "fed$partitions"', "h") == [[today]]
