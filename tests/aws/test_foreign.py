"""What other projects' clients and suites showed (docs/conformance.md)."""
import pytest
from botocore.exceptions import ClientError


def test_tables_by_hive_pattern(tarn):
    glue = tarn.client("glue")
    glue.create_database(DatabaseInput={"Name": "patterns"})
    for name in ("events", "old_events", "other"):
        glue.create_table(DatabaseName="patterns", TableInput={"Name": name})

    def names(expression):
        tables = glue.get_tables(DatabaseName="patterns", Expression=expression)["TableList"]
        return [t["Name"] for t in tables]

    assert names("*events*") == ["events", "old_events"]
    assert names("e*") == ["events"]
    assert names("o.*") == ["old_events", "other"]
    assert names("other|e*") == ["events", "other"]


def test_retention_limits_in_aws_words(tarn):
    kinesis = tarn.client("kinesis")
    kinesis.create_stream(StreamName="retained", ShardCount=1)
    with pytest.raises(ClientError) as e:
        kinesis.increase_stream_retention_period(StreamName="retained", RetentionPeriodHours=9999)
    assert e.value.response["Error"]["Message"] == (
        "Maximum allowed retention period is 8760 hours. "
        "Requested retention period (9999 hours) is too long.")


def test_unsatisfiable_range_names_the_size(tarn):
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="ranges-named")
    s3.put_object(Bucket="ranges-named", Key="k", Body=b"123456789")
    with pytest.raises(ClientError) as e:
        s3.get_object(Bucket="ranges-named", Key="k", Range="bytes=20-30")
    error = e.value.response["Error"]
    assert (error["Code"], error["ActualObjectSize"]) == ("InvalidRange", "9")
    assert error["RangeRequested"] == "bytes=20-30"
