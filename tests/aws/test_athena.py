"""Athena over boto3: executions, results, workgroups, DDL, tables over foreign files."""

import json
import threading
import time
import uuid

import botocore.exceptions
import pytest

RESULTS = "s3://aws-athena-query-results-000000000000-us-east-1/"


@pytest.fixture(scope="module")
def athena(tarn):
    return tarn.client("athena")


def error(call, **kwargs):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**kwargs)
    return caught.value.response["Error"]


def failure(tarn, sql, database=None):
    execution = tarn.query(sql, database)
    assert execution["Status"]["State"] == "FAILED", sql
    return execution["Status"]["StateChangeReason"]


def put_lines(tarn, bucket, key, *lines):
    s3 = tarn.client("s3")
    if bucket not in [b["Name"] for b in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body="".join(line + "\n" for line in lines).encode())


# ---- executions ----
def test_select_literals(tarn, athena):
    execution = tarn.query("select 1, 'a' as b, cast(null as varchar) c, ''")
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["StatementType"] == "DML" and execution["SubstatementType"] == "SELECT"
    assert execution["WorkGroup"] == "primary"
    assert execution["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    query_id = execution["QueryExecutionId"]
    location = execution["ResultConfiguration"]["OutputLocation"]
    assert location.startswith("s3://") and location.endswith(f"/{query_id}.csv")
    statistics = execution["Statistics"]
    assert statistics["DataScannedInBytes"] == 0
    assert statistics["TotalExecutionTimeInMillis"] >= statistics["EngineExecutionTimeInMillis"]

    page = athena.get_query_results(QueryExecutionId=query_id)
    rows = [[c.get("VarCharValue") for c in r["Data"]] for r in page["ResultSet"]["Rows"]]
    assert rows == [["_col0", "b", "c", "_col3"], ["1", "a", None, ""]]
    info = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Label"], c["Type"]) for c in info] == [
        ("_col0", "_col0", "integer"), ("b", "b", "varchar"), ("c", "c", "varchar"),
        ("_col3", "_col3", "varchar")]
    assert info[0]["Precision"] == 10 and info[0]["CatalogName"] == "hive"
    bucket, key = location[5:].split("/", 1)
    body = tarn.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert body == b'"_col0","b","c","_col3"\n"1","a",,""\n'
    assert tarn.client("s3").head_object(Bucket=bucket, Key=key + ".metadata")


def test_paging(tarn, athena):
    sql = "select a.x * 100 + b.x from unnest(sequence(0, 24)) a(x) cross join unnest(sequence(0, 99)) b(x) order by 1"
    execution = tarn.query(sql)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    query_id = execution["QueryExecutionId"]
    pages = list(athena.get_paginator("get_query_results").paginate(
        QueryExecutionId=query_id, PaginationConfig={"PageSize": 999}))
    assert [len(p["ResultSet"]["Rows"]) for p in pages] == [999, 999, 503]
    values = [r["Data"][0]["VarCharValue"] for p in pages for r in p["ResultSet"]["Rows"]]
    assert values == ["_col0"] + [str(i) for i in range(2500)]
    assert error(athena.get_query_results, QueryExecutionId=query_id, NextToken="x" * 24)[
        "Code"] == "InvalidRequestException"


def test_start_refuses(tarn, athena):
    e = error(athena.start_query_execution, QueryString="selec 1")
    assert e["Code"] == "InvalidRequestException"
    assert e["Message"].startswith("line 1:1: mismatched input 'selec'")
    e = error(athena.start_query_execution, QueryString="select 1", WorkGroup="nope")
    assert e == {"Code": "InvalidRequestException", "Message": "WorkGroup does not exist"}
    e = error(athena.start_query_execution, QueryString="select 1",
              ResultConfiguration={"OutputLocation": "s3://no-such-bucket/x/"})
    assert "no-such-bucket" in e["Message"]
    missing = str(uuid.uuid4())
    assert error(athena.get_query_execution, QueryExecutionId=missing)["Message"] == (
        f"QueryExecution {missing} was not found")


def test_failures_name_their_reason(tarn):
    assert failure(tarn, "select nope from (select 1 a) t").startswith(
        "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved")
    assert failure(tarn, "select * from nope.t").startswith("SCHEMA_NOT_FOUND: line 1:15:")
    assert failure(tarn, "select * from default.nope").startswith(
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.default.nope' does not exist")
    assert failure(tarn, "select 1 / (x - 1) from (values 1) t(x)").startswith("DIVISION_BY_ZERO")


def test_tokens(tarn, athena):
    token = str(uuid.uuid4())
    first = athena.start_query_execution(QueryString="select 1", ClientRequestToken=token)
    again = athena.start_query_execution(QueryString="select 1", ClientRequestToken=token)
    assert first["QueryExecutionId"] == again["QueryExecutionId"]
    assert error(athena.start_query_execution, QueryString="select 2", ClientRequestToken=token)[
        "Message"] == "Idempotent parameters do not match"


def test_list_and_batch(tarn, athena):
    athena.create_work_group(Name="lists", Configuration={
        "ResultConfiguration": {"OutputLocation": RESULTS}})
    ids = [tarn.query(f"select {i}", WorkGroup="lists")["QueryExecutionId"] for i in range(5)]
    listed = [i for page in athena.get_paginator("list_query_executions").paginate(
        WorkGroup="lists", PaginationConfig={"PageSize": 2}) for i in page["QueryExecutionIds"]]
    assert listed == ids[::-1]
    got = athena.batch_get_query_execution(QueryExecutionIds=[ids[0], "nope"])
    assert [q["Query"] for q in got["QueryExecutions"]] == ["select 0"]
    assert [u["QueryExecutionId"] for u in got["UnprocessedQueryExecutionIds"]] == ["nope"]


def test_workgroups(tarn, athena):
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="wg-results")
    athena.create_work_group(Name="team", Description="d", Configuration={
        "ResultConfiguration": {"OutputLocation": "s3://wg-results/team"}})
    group = athena.get_work_group(WorkGroup="team")["WorkGroup"]
    assert group["State"] == "ENABLED" and group["Configuration"]["EnforceWorkGroupConfiguration"]
    execution = tarn.query("select 1", WorkGroup="team")
    assert execution["ResultConfiguration"]["OutputLocation"].startswith("s3://wg-results/team/")
    assert "already exists" in error(athena.create_work_group, Name="team")["Message"]
    athena.update_work_group(WorkGroup="team", State="DISABLED", ConfigurationUpdates={
        "ResultConfigurationUpdates": {"OutputLocation": "s3://wg-results/new/"}})
    group = athena.get_work_group(WorkGroup="team")["WorkGroup"]
    assert group["State"] == "DISABLED"
    assert group["Configuration"]["ResultConfiguration"]["OutputLocation"] == "s3://wg-results/new/"
    assert "primary" in [g["Name"] for g in athena.list_work_groups()["WorkGroups"]]
    athena.delete_work_group(WorkGroup="team", RecursiveDeleteOption=True)
    assert error(athena.get_work_group, WorkGroup="team")["Code"] == "InvalidRequestException"


# ---- DDL ----
def test_ddl_round_trip(tarn, athena):
    assert tarn.rows("create database ddl") == []
    assert failure(tarn, "create database ddl").endswith(
        "AlreadyExistsException(message:Database ddl already exists)")
    tarn.rows("""CREATE EXTERNAL TABLE T1 (`id` bigint COMMENT 'the key', s struct<a:int,b:array<string>>)
        PARTITIONED BY (dt string) STORED AS PARQUET LOCATION 's3://ddl/t1/'
        TBLPROPERTIES ('x'='y')""", "ddl")
    t = tarn.client("glue").get_table(DatabaseName="ddl", Name="t1")["Table"]
    assert t["TableType"] == "EXTERNAL_TABLE" and t["Parameters"]["x"] == "y"
    assert t["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] == (
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe")
    assert [c["Type"] for c in t["StorageDescriptor"]["Columns"]] == [
        "bigint", "struct<a:int,b:array<string>>"]
    assert tarn.rows("show tables", "ddl") == [["t1"]]
    assert tarn.rows("show tables in ddl 'x*|t*'") == [["t1"]]
    assert ["ddl"] in tarn.rows("show databases")
    assert tarn.rows("show columns in ddl.t1") == [["id".ljust(20)], ["s".ljust(20)], ["dt".ljust(20)]]
    described = tarn.rows("describe ddl.t1")
    assert described[0] == ["id".ljust(20) + "\t" + "bigint".ljust(20) + "\t" + "the key".ljust(20)]
    assert ["# Partition Information\t \t "] in described
    tarn.client("glue").create_partition(DatabaseName="ddl", TableName="t1", PartitionInput={
        "Values": ["2020"], "StorageDescriptor": {"Location": "s3://ddl/t1/2020/"}})
    assert tarn.rows("show partitions ddl.t1") == [["dt=2020"]]
    execution = tarn.query("describe ddl.t1")
    assert execution["ResultConfiguration"]["OutputLocation"].endswith(".txt")
    assert execution["StatementType"] == "UTILITY"
    meta = athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="ddl", TableName="t1")
    assert [c["Name"] for c in meta["TableMetadata"]["PartitionKeys"]] == ["dt"]
    names = athena.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="ddl")
    assert [m["Name"] for m in names["TableMetadataList"]] == ["t1"]
    assert "ddl" in [d["Name"] for d in athena.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]]
    assert failure(tarn, "drop database ddl").endswith(
        "InvalidOperationException(message:Database ddl is not empty. One or more tables exist.)")
    tarn.rows("drop table ddl.t1")
    tarn.rows("drop database ddl")
    assert failure(tarn, "drop database ddl") == (
        "FAILED: SemanticException [Error 10072]: Database does not exist: ddl")


def test_alter_partitions(tarn):
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="alter")
    for key, n in (("t/dt=2020-01-01/h=5/a.json", 1), ("elsewhere/a.json", 2), ("t/dt=a%3Ab/h=1/a.json", 3)):
        s3.put_object(Bucket="alter", Key=key, Body=b'{"n": %d}' % n)
    tarn.rows("create database alter_db")
    tarn.rows("create external table alter_db.t (n int) partitioned by (dt string, h int) "
              "row format serde 'org.openx.data.jsonserde.JsonSerDe' location 's3://alter/t'")

    execution = tarn.query("alter table alter_db.t add partition (dt='2020-01-01', h=5) "
                           "partition (h='6', dt='2020-01-01') location 's3://alter/elsewhere/'")
    assert execution["Status"]["State"] == "SUCCEEDED" and execution["StatementType"] == "DDL"
    query = "select n, dt, h from alter_db.t order by n"
    assert tarn.rows(query) == [["1", "2020-01-01", "5"], ["2", "2020-01-01", "6"]]
    tarn.rows("alter table alter_db.t add if not exists partition (dt='2020-01-01', h=5) "
              "partition (dt='a:b', h=1)")
    assert tarn.rows(query)[2] == ["3", "a:b", "1"]

    def reason(sql):
        status = tarn.query(sql)["Status"]
        assert status["State"] == "FAILED"
        return status["StateChangeReason"]

    assert "AlreadyExistsException" in reason(
        "alter table alter_db.t add partition (dt='new', h=1) partition (dt='2020-01-01', h=5)")
    assert len(tarn.rows("show partitions alter_db.t")) == 3
    assert "AlreadyExistsException" in reason(
        "alter table alter_db.t add partition (dt='new', h=1) partition (dt='new', h=1)")
    assert "doesn't contain all (2) partition columns" in reason(
        "alter table alter_db.t add partition (dt='new')")
    assert "non-partition columns" in reason("alter table alter_db.t add partition (x='new', h=1)")
    assert "Table not found alter_db.gone" in reason("alter table alter_db.gone drop partition (dt='1')")
    assert "Partition not found {dt=gone}" in reason("alter table alter_db.t drop partition (dt='gone')")

    tarn.rows("alter table alter_db.t drop partition (dt='2020-01-01', h=6), partition (dt='a:b')")
    tarn.rows("alter table alter_db.t drop if exists partition (dt='gone')")
    assert tarn.rows("show partitions alter_db.t") == [["dt=2020-01-01/h=5"]]
    tarn.rows("drop database alter_db cascade")


def test_repair(tarn):
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="repair")
    for key in ("t/dt=2020-01-01/h=5/a.json", "t/dt=2020-01-01/h=6/a.json", "t/dt=a%3Ab/h=1/a.json",
                "t/dt=2020-01-02/a.json", "t/DT=2020/h=1/a.json", "t/other/h=1/a.json",
                "t/_tmp/dt=1/h=1/a.json", "t/h=1/dt=1/a.json", "t2/dt=9/h=9/a.json"):
        s3.put_object(Bucket="repair", Key=key, Body=b'{"n": 1}')
    tarn.rows("create database repair_db")
    tarn.rows("create external table repair_db.t (n int) partitioned by (dt string, h int) "
              "row format serde 'org.openx.data.jsonserde.JsonSerDe' location 's3://repair/t'")
    tarn.rows("alter table repair_db.t add partition (dt='2020-01-01', h=6)")
    execution = tarn.query("msck repair table repair_db.t")
    assert execution["Status"]["State"] == "SUCCEEDED" and execution["StatementType"] == "DDL"
    uri = execution["ResultConfiguration"]["OutputLocation"]
    bucket, key = uri.removeprefix("s3://").split("/", 1)
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() == (
        "Partitions not in metastore:\tt:dt=2020-01-01/h=5\tt:dt=a:b/h=1\n"
        "Repair: Added partition to metastore t:dt=2020-01-01/h=5\n"
        "Repair: Added partition to metastore t:dt=a:b/h=1\n")
    assert tarn.rows("show partitions repair_db.t") == [
        ["dt=2020-01-01/h=5"], ["dt=2020-01-01/h=6"], ["dt=a:b/h=1"]]
    assert tarn.rows("select dt, h from repair_db.t order by 1, 2") == [
        ["2020-01-01", "5"], ["2020-01-01", "6"], ["a:b", "1"]]
    assert tarn.rows("msck repair table repair_db.t") == []
    tarn.rows("create external table repair_db.flat (n int) location 's3://repair/t'")
    assert tarn.rows("msck repair table repair_db.flat") == []

    # More than the catalogue takes at once.
    for i in range(1003):
        s3.put_object(Bucket="repair", Key=f"many/dt={i:04}/a.json", Body=b'{"n": 1}')
    tarn.rows("create external table repair_db.many (n int) partitioned by (dt string) "
              "row format serde 'org.openx.data.jsonserde.JsonSerDe' location 's3://repair/many/'")
    added = tarn.rows("msck repair table repair_db.many")
    assert len(added) == 1 + 1003
    assert added[1003] == ["Repair: Added partition to metastore many:dt=1002"]
    assert tarn.rows("select count(*), min(dt), max(dt) from repair_db.many") == [
        ["1003", "0000", "1002"]]
    tarn.rows("drop database repair_db cascade")


# ---- tables over files that others wrote ----
@pytest.fixture(scope="module")
def files(tarn):
    tarn.rows("create database files")
    return tarn


def test_csv(files):
    put_lines(files, "files", "csv/a.csv", "id,name,when,day", '1,"a ""q"", b",1579811922151,18262',
              "2,,,", '3,"x",2020-01-01 00:00:00,2020-01-02')
    put_lines(files, "files", "csv/_hidden.csv", "h", "9,no,,")
    files.rows("""CREATE EXTERNAL TABLE csv (id int, name string, `when` timestamp, `day` date)
        ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
        LOCATION 's3://files/csv/' TBLPROPERTIES ('skip.header.line.count'='1')""", "files")
    assert files.rows('select id, name, "when", "day" from csv order by id', "files") == [
        ["1", 'a "q", b', "2020-01-23 20:38:42.151", "2020-01-01"], ["2", "", None, None],
        ["3", "x", "2020-01-01 00:00:00.000", "2020-01-02"]]
    execution = files.query("select count(*) from csv", "files")
    size = files.client("s3").head_object(Bucket="files", Key="csv/a.csv")["ContentLength"]
    assert execution["Statistics"]["DataScannedInBytes"] == size


def test_delimited_text(files):
    put_lines(files, "files", "text/dir/b.txt", "1|one|x,y|true", "2|\\N", "bad|q\"uo\"te|z|no|more|fields",
              "4|crlf|a|FALSE\r")
    files.rows("""CREATE EXTERNAL TABLE text (id int, name string, tags array<string>, ok boolean)
        ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' COLLECTION ITEMS TERMINATED BY ','
        LOCATION 's3://files/text/'""", "files")
    assert files.rows("select id, name, tags, ok from text order by name", "files") == [
        ["4", "crlf", "[a]", "false"], ["1", "one", "[x, y]", "true"],
        [None, 'q"uo"te', "[z]", None], ["2", None, None, None]]


def test_json(files):
    put_lines(files, "files", "json/a.json",
              json.dumps({"Id": 1, "s": {"a": 5}, "arr": [1, 2], "extra": 1}),
              json.dumps({"Id": 2, "s": None, "late": "x"}))
    files.rows("""CREATE EXTERNAL TABLE js (id bigint, s struct<a:int>, arr array<int>, late string)
        ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://files/json/'""", "files")
    assert files.rows("select id, s.a, arr, late from js order by id", "files") == [
        ["1", "5", "[1, 2]", None], ["2", None, None, "x"]]


def test_parquet_partitions(files, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq
    s3 = files.client("s3")
    glue = files.client("glue")
    put_lines(files, "files", "touch", "")
    files.rows("""CREATE EXTERNAL TABLE pq (id bigint, name string, late int)
        PARTITIONED BY (dt string, n int) STORED AS PARQUET LOCATION 's3://files/pq/'""", "files")
    for dt, n, table in [
            ("2020-01-01", "1", {"id": [1, 2], "Name": ["a", None]}),
            ("2020-01-02", "1", {"id": pyarrow.array([3], pyarrow.int32()), "name": ["c"], "late": [7]}),
            ("2020-01-02", "02", {"id": [4], "name": ["d"], "more": [1.5]}),
            ("__HIVE_DEFAULT_PARTITION__", "3", {"id": [5], "name": ["e"]})]:
        path = tmp_path / "f.parquet"
        pq.write_table(pyarrow.table(table), path)
        s3.put_object(Bucket="files", Key=f"pq/{dt}_{n}/odd [name]*.parquet", Body=path.read_bytes())
        glue.create_partition(DatabaseName="files", TableName="pq", PartitionInput={
            "Values": [dt, n], "StorageDescriptor": {"Location": f"s3://files/pq/{dt}_{n}"}})
    assert files.rows("select * from pq order by id", "files") == [
        ["1", "a", None, "2020-01-01", "1"], ["2", None, None, "2020-01-01", "1"],
        ["3", "c", "7", "2020-01-02", "1"], ["4", "d", None, "2020-01-02", "2"],
        ["5", "e", None, None, "3"]]
    assert files.rows("select sum(id) from pq where dt = '2020-01-02'", "files") == [["7"]]
    assert files.rows("select id from pq where n = 2", "files") == [["4"]]
    assert files.rows("select id from pq where dt is null", "files") == [["5"]]
    assert files.rows("select count(*) from pq where dt between '2020-01-01' and '2020-01-01'",
                      "files") == [["2"]]
    assert files.rows("select count(*), max(n) from pq where dt > '2021'", "files") == [["0", None]]
    all_bytes = files.query("select id from pq", "files")["Statistics"]["DataScannedInBytes"]
    one = files.query("select id from pq where dt = '2020-01-01'", "files")["Statistics"]["DataScannedInBytes"]
    assert 0 < one < all_bytes
    assert files.query("select count(*) from pq", "files")["Statistics"]["DataScannedInBytes"] == 0
    # A change of a file by others is seen by the next query.
    pq.write_table(pyarrow.table({"id": [40], "name": ["d"]}), path)
    s3.put_object(Bucket="files", Key="pq/2020-01-02_02/odd [name]*.parquet", Body=path.read_bytes())
    assert files.rows("select id from pq where n = 2", "files") == [["40"]]


def test_empty_and_missing_locations(files):
    files.rows("""CREATE EXTERNAL TABLE empty (id bigint, x double) STORED AS PARQUET
        LOCATION 's3://files/nothing/here/'""", "files")
    assert files.rows("select count(*), sum(x) from empty", "files") == [["0", None]]
    files.rows("CREATE EXTERNAL TABLE lost (id bigint) STORED AS PARQUET LOCATION 's3://no-bucket/x/'",
               "files")
    assert failure(files, "select * from lost", "files").startswith("HIVE_METASTORE_ERROR")
    files.rows("CREATE EXTERNAL TABLE orc (id bigint) STORED AS ORC LOCATION 's3://files/orc/'", "files")
    assert "OrcSerde" in failure(files, "select * from orc", "files")


# ---- life cycle ----
SLOW = "select count(*) from unnest(sequence(1, 10000)) a(x) cross join unnest(sequence(1, 10000)) b(y) cross join unnest(sequence(1, 10000)) c(z) where x * y + z = 7"


def wait_for(athena, query_id, state):
    deadline = time.time() + 30
    while time.time() < deadline:
        status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        if status["State"] == state:
            return status
        assert status["State"] in ("QUEUED", "RUNNING"), status
        time.sleep(0.02)
    raise AssertionError(status)


def test_cancel(tarn, athena):
    query_id = athena.start_query_execution(QueryString=SLOW)["QueryExecutionId"]
    wait_for(athena, query_id, "RUNNING")
    assert error(athena.get_query_results, QueryExecutionId=query_id)["Message"] == (
        "Query has not yet finished. Current state: RUNNING")
    athena.stop_query_execution(QueryExecutionId=query_id)
    wait_for(athena, query_id, "CANCELLED")
    athena.stop_query_execution(QueryExecutionId=query_id)
    assert tarn.rows("select 1") == [["1"]]


def test_killed_server_fails_running_queries(make_server):
    server = make_server()
    athena = server.client("athena")
    done = server.query("select 42")["QueryExecutionId"]
    query_id = athena.start_query_execution(QueryString=SLOW)["QueryExecutionId"]
    wait_for(athena, query_id, "RUNNING")
    server.kill()
    server.start()
    status = wait_for(server.client("athena"), query_id, "FAILED")
    assert "server was stopped" in status["StateChangeReason"]
    rows = athena.get_query_results(QueryExecutionId=done)["ResultSet"]["Rows"]
    assert rows[1]["Data"][0]["VarCharValue"] == "42"


def test_many_at_once(tarn):
    failures = []

    def some(n):
        try:
            for i in range(10):
                assert tarn.rows(f"select {n} * 100 + {i}") == [[str(n * 100 + i)]]
        except Exception as e:  # noqa: BLE001
            failures.append(e)

    threads = [threading.Thread(target=some, args=(n,)) for n in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failures
