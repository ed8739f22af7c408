"""The README's promise with the stock aws CLI: put an event, count it at once, before any flush."""

import datetime
import json
import os
import shutil
import subprocess

import pytest

from conftest_server import ROOT

# Debian's aws CLI is version 2; another "aws" on the path may be version 1, which lacks options used here.
AWS = "/usr/bin/aws" if os.path.exists("/usr/bin/aws") else shutil.which("aws")


@pytest.fixture(scope="module")
def acme(tarn):
    tarn.tarn("up", ROOT / "examples" / "acme" / "warehouse.yaml")
    return tarn


def aws(server, *args):
    env = dict(os.environ, AWS_ACCESS_KEY_ID="tarn", AWS_SECRET_ACCESS_KEY="tarn",
               AWS_DEFAULT_REGION="us-east-1", AWS_PAGER="")
    done = subprocess.run([AWS, "--endpoint-url", server.endpoint, "--output", "json", *args],
                          env=env, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else {}


@pytest.mark.skipif(not AWS, reason="no aws CLI")
def test_count_sees_the_event_at_once(acme):
    put = aws(acme, "kinesis", "put-record", "--stream-name", "acme-impressions", "--data",
              '{"session_id":"1","id":"2","event_time":"2020-01-23T20:38:42.151Z"}',
              "--partition-key", "1", "--cli-binary-format", "raw-in-base64-out")
    assert put["ShardId"].startswith("shardId-")
    hour = datetime.datetime.now(datetime.timezone.utc).strftime("%Y/%m/%d/%H")
    started = aws(acme, "athena", "start-query-execution", "--query-string",
                  f"select count(*) from impressions where inserted_at='{hour}'")
    query = started["QueryExecutionId"]
    while True:
        execution = aws(acme, "athena", "get-query-execution", "--query-execution-id", query)
        state = execution["QueryExecution"]["Status"]["State"]
        if state not in ("QUEUED", "RUNNING"):
            break
    assert state == "SUCCEEDED", execution
    results = aws(acme, "athena", "get-query-results", "--query-execution-id", query)
    assert [c["Name"] for c in results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]] == ["_col0"]
    assert [r["Data"][0]["VarCharValue"] for r in results["ResultSet"]["Rows"]] == ["_col0", "1"]
    # nothing was flushed for it
    listing = acme.client("s3").list_objects_v2(Bucket="acme", Prefix="default/impressions/")
    assert listing["KeyCount"] == 0


def test_row_keeps_its_partition_when_it_is_delivered(acme):
    before = acme.rows("select id, event_time, inserted_at from impressions")
    assert before[0][:2] == ["2", "2020-01-23 20:38:42.151"]
    acme.flush()
    assert acme.rows("select id, event_time, inserted_at from impressions") == before
    assert acme.rows("show partitions impressions") == [[f"inserted_at={before[0][2]}"]]
    listing = acme.client("s3").list_objects_v2(
        Bucket="acme", Prefix=f"default/impressions/{before[0][2]}/")
    assert listing["KeyCount"] == 1
