"""Athena's service around the SQL: named queries, catalogues, tags, statistics, reuse, cancel."""

import time
import uuid

import botocore.exceptions
import pytest

RESULTS = "s3://aws-athena-query-results-000000000000-us-east-1/"


@pytest.fixture(scope="module")
def athena(tarn):
    return tarn.client("athena")


def error(call, **kwargs):
    with pytest.raises(botocore.exceptions.ClientError) as e:
        call(**kwargs)
    return e.value.response["Error"]["Code"], e.value.response["Error"]["Message"]


def read(tarn, uri):
    bucket, key = uri[5:].split("/", 1)
    return tarn.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


# ---- named queries ----
def test_named_queries(athena):
    token = str(uuid.uuid4())
    given = {"Name": "daily", "Database": "db", "QueryString": "select 1", "Description": "d"}
    first = athena.create_named_query(**given, ClientRequestToken=token)["NamedQueryId"]
    assert athena.create_named_query(**given, ClientRequestToken=token)["NamedQueryId"] == first
    assert error(athena.create_named_query, **dict(given, QueryString="select 2"), ClientRequestToken=token) == (
        "InvalidRequestException", "Idempotent parameters do not match")
    assert athena.get_named_query(NamedQueryId=first)["NamedQuery"] == dict(
        given, NamedQueryId=first, WorkGroup="primary")
    athena.update_named_query(NamedQueryId=first, Name="hourly", QueryString="select 3")
    changed = athena.get_named_query(NamedQueryId=first)["NamedQuery"]
    assert (changed["Name"], changed["QueryString"], changed["Description"]) == ("hourly", "select 3", "d")
    others = [athena.create_named_query(Name=f"n{i}", Database="db", QueryString="select 1")["NamedQueryId"]
              for i in range(5)]
    pages = [page["NamedQueryIds"] for page in athena.get_paginator("list_named_queries").paginate(
        PaginationConfig={"PageSize": 4})]
    assert [len(p) for p in pages] == [4, 2] and set(sum(pages, [])) == {first, *others}
    got = athena.batch_get_named_query(NamedQueryIds=[others[0], "nope"])
    assert [q["Name"] for q in got["NamedQueries"]] == ["n0"]
    assert got["UnprocessedNamedQueryIds"][0]["NamedQueryId"] == "nope"
    athena.delete_named_query(NamedQueryId=first)
    assert error(athena.get_named_query, NamedQueryId=first)[1] == f"NamedQuery {first} was not found"
    assert error(athena.create_named_query, Name="x", Database="d", QueryString="q", WorkGroup="none")[0] == (
        "InvalidRequestException")


# ---- data catalogues ----
def test_data_catalogs(tarn, athena):
    athena.create_data_catalog(Name="other", Type="GLUE", Description="d", Parameters={"catalog-id": "1"},
                               Tags=[{"Key": "k", "Value": "v"}])
    assert error(athena.create_data_catalog, Name="other", Type="GLUE")[1] == "DataCatalog already exists"
    athena.update_data_catalog(Name="other", Type="GLUE", Description="new", Parameters={"catalog-id": "2"})
    assert athena.get_data_catalog(Name="other")["DataCatalog"] == {
        "Name": "other", "Type": "GLUE", "Description": "new", "Parameters": {"catalog-id": "2"}}
    names = [c["CatalogName"] for page in athena.get_paginator("list_data_catalogs").paginate(
        PaginationConfig={"PageSize": 2}) for c in page["DataCatalogsSummary"]]
    assert names[0] == "AwsDataCatalog" and "other" in names
    tarn.rows("create database if not exists cat_db")
    assert athena.get_database(CatalogName="other", DatabaseName="CAT_DB")["Database"]["Name"] == "cat_db"
    assert tarn.query("select 1", QueryExecutionContext={"Catalog": "other"})["Status"]["State"] == "SUCCEEDED"
    athena.delete_data_catalog(Name="other")
    assert error(athena.get_data_catalog, Name="other")[1] == "DataCatalog other was not found"
    assert error(athena.list_databases, CatalogName="other")[0] == "InvalidRequestException"


def test_a_default_database(tarn, athena):
    database = athena.get_database(CatalogName="AwsDataCatalog", DatabaseName="default")["Database"]
    assert database["Name"] == "default"
    assert "default" in [r[0] for r in tarn.rows("show databases")]


# ---- tags ----
def test_tags(athena):
    athena.create_work_group(Name="tagged", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    arn = "arn:aws:athena:us-east-1:000000000000:workgroup/tagged"
    athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "c", "Value": ""}, {"Key": "a", "Value": "3"}])
    athena.untag_resource(ResourceARN=arn, TagKeys=["b"])
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
        {"Key": "a", "Value": "3"}, {"Key": "c", "Value": ""}]
    athena.delete_work_group(WorkGroup="tagged")
    assert error(athena.list_tags_for_resource, ResourceARN=arn)[1] == f"Athena Resource, {arn} Does Not Exist"
    athena.create_work_group(Name="tagged")
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def test_resources_by_tag(tarn, athena):
    tagging = tarn.client("resourcegroupstaggingapi")
    for name, team in (("by-tag-1", "a"), ("by-tag-2", "b"), ("by-tag-3", "a")):
        athena.create_work_group(Name=name, Tags=[{"Key": "team", "Value": team}])
    tarn.client("glue").create_database(DatabaseInput={"Name": "by_tag"}, Tags={"team": "a"})

    def found(**kwargs):
        pages = tagging.get_paginator("get_resources").paginate(PaginationConfig={"PageSize": 2}, **kwargs)
        return [r["ResourceARN"].split(":", 5)[5] for p in pages for r in p["ResourceTagMappingList"]]
    team = {"TagFilters": [{"Key": "team", "Values": ["a"]}]}
    assert found(**team) == ["workgroup/by-tag-1", "workgroup/by-tag-3", "database/by_tag"]
    assert found(ResourceTypeFilters=["glue"], **team) == ["database/by_tag"]
    arn = "arn:aws:athena:us-east-1:000000000000:workgroup/by-tag-2"
    listed = tagging.get_resources(ResourceARNList=[arn, arn + "-none"])["ResourceTagMappingList"]
    assert listed == [{"ResourceARN": arn, "Tags": [{"Key": "team", "Value": "b"}]}]


def test_capacity(athena):
    athena.create_capacity_reservation(Name="r", TargetDpus=24)
    athena.put_capacity_assignment_configuration(
        CapacityReservationName="r", CapacityAssignments=[{"WorkGroupNames": ["primary"]}])
    assert athena.get_capacity_assignment_configuration(CapacityReservationName="r")[
        "CapacityAssignmentConfiguration"]["CapacityAssignments"] == [{"WorkGroupNames": ["primary"]}]
    athena.update_capacity_reservation(Name="r", TargetDpus=48)
    assert athena.get_capacity_reservation(Name="r")["CapacityReservation"]["TargetDpus"] == 48
    assert "cancelled" in error(athena.delete_capacity_reservation, Name="r")[1]
    athena.cancel_capacity_reservation(Name="r")
    athena.delete_capacity_reservation(Name="r")
    assert athena.list_capacity_reservations()["CapacityReservations"] == []


def test_engine_versions(athena):
    versions = athena.list_engine_versions()["EngineVersions"]
    assert {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"} in versions


# ---- executions ----
def test_an_execution_shows_all_its_settings(tarn, athena):
    settings = {"OutputLocation": RESULTS + "sub", "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
                "ExpectedBucketOwner": "000000000000", "AclConfiguration": {"S3AclOption": "BUCKET_OWNER_FULL_CONTROL"}}
    execution = tarn.query("select x from (values 1, 2) t(x)", ResultConfiguration=settings)
    assert execution["ResultConfiguration"] == dict(
        settings, OutputLocation=f"{RESULTS}sub/{execution['QueryExecutionId']}.csv")
    statistics = execution["Statistics"]
    for name in ("EngineExecutionTimeInMillis", "TotalExecutionTimeInMillis", "QueryQueueTimeInMillis",
                 "QueryPlanningTimeInMillis", "ServiceProcessingTimeInMillis", "ServicePreProcessingTimeInMillis",
                 "DataScannedInBytes"):
        assert statistics[name] >= 0
    assert execution["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    runtime = athena.get_query_runtime_statistics(QueryExecutionId=execution["QueryExecutionId"])
    assert runtime["QueryRuntimeStatistics"]["Rows"]["OutputRows"] == 2
    assert "KmsKey" in error(athena.start_query_execution, QueryString="select 1", ResultConfiguration={
        "OutputLocation": RESULTS, "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS"}})[1]


def fields(data):
    """The fields of a protocol buffers message: (number, value)."""
    at, found = 0, []

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value
    while at < len(data):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        else:
            assert tag & 7 == 0
        found.append((tag >> 3, value))
    return found


def test_metadata_is_a_protobuf_of_the_columns(tarn):
    execution = tarn.query("select 'x' as a, cast(1.5 as decimal(10, 2)) b")
    message = fields(read(tarn, execution["ResultConfiguration"]["OutputLocation"] + ".metadata"))
    columns = [dict(fields(value)) for number, value in message if number == 4]
    assert [(c[1], c[4], c[5], c[6], c[7], c[8]) for c in columns] == [
        (b"hive", b"a", b"a", b"varchar", 1, 0), (b"hive", b"b", b"b", b"decimal", 10, 2)]
    assert columns[0][10] == 1 and columns[1][10] == 0


def test_ddl_is_done_when_its_start_returns(athena):
    for i in range(5):
        athena.start_query_execution(QueryString=f"create schema at_once_{i}")
        athena.get_database(CatalogName="AwsDataCatalog", DatabaseName=f"at_once_{i}")


# ---- reuse ----
def reused(execution):
    return execution["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]


def by_age(minutes):
    return {"ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {
        "Enabled": True, "MaxAgeInMinutes": minutes}}}


def test_reuse_by_age(tarn, athena):
    first = tarn.query("select 42 as answer", **by_age(60))
    again = tarn.query("select 42 as answer", **by_age(60))
    assert not reused(first) and reused(again)
    assert again["QueryExecutionId"] != first["QueryExecutionId"]
    assert again["ResultConfiguration"]["OutputLocation"] == first["ResultConfiguration"]["OutputLocation"]
    assert again["ResultReuseConfiguration"]["ResultReuseByAgeConfiguration"] == {
        "Enabled": True, "MaxAgeInMinutes": 60}
    rows = athena.get_query_results(QueryExecutionId=again["QueryExecutionId"])["ResultSet"]
    assert [c["VarCharValue"] for r in rows["Rows"] for c in r["Data"]] == ["answer", "42"]
    assert rows["ResultSetMetadata"]["ColumnInfo"][0]["Name"] == "answer"
    assert not reused(tarn.query("select 42 as answer"))  # not asked for
    assert not reused(tarn.query("select 43 as answer", **by_age(60)))
    assert not reused(tarn.query("select 42 as answer", database="at_once_0", **by_age(60)))
    uri = tarn.query("select 44 as answer")["ResultConfiguration"]["OutputLocation"]
    bucket, key = uri[5:].split("/", 1)
    tarn.client("s3").delete_object(Bucket=bucket, Key=key)
    assert not reused(tarn.query("select 44 as answer", **by_age(60)))


def test_reuse_survives_a_restart(make_server):
    server = make_server("reuse")
    first = server.query("select 1 as a")
    server.restart()
    server._clients.clear()
    deadline = time.time() + 5
    while not reused(server.query("select 1 as a", **by_age(60))):
        assert time.time() < deadline
    assert first["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"] is False


def test_reuse_by_data(tarn, athena):
    athena.create_work_group(Name="instant", Configuration={"ResultConfiguration": {"OutputLocation": RESULTS}},
                             Tags=[{"Key": "tarn.reuse", "Value": "data"}])
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="reuse")
    s3.put_object(Bucket="reuse", Key="t/a.csv", Body=b"1\n2\n")
    tarn.rows("create database if not exists reuse_db")
    tarn.rows("create external table t (a int) location 's3://reuse/t/'", "reuse_db")
    sql = "select sum(a) from t"
    assert not reused(tarn.query(sql, "reuse_db", WorkGroup="instant"))
    assert reused(tarn.query(sql, "reuse_db", WorkGroup="instant"))
    assert not reused(tarn.query(sql, "reuse_db"))  # another workgroup
    s3.put_object(Bucket="reuse", Key="t/b.csv", Body=b"3\n")
    fresh = tarn.query(sql, "reuse_db", WorkGroup="instant")
    assert not reused(fresh)
    assert tarn.rows(sql, "reuse_db", WorkGroup="instant") == [["6"]]
    s3.put_object(Bucket="reuse", Key="t/b.csv", Body=b"4\n")  # same name and size
    assert tarn.rows(sql, "reuse_db", WorkGroup="instant") == [["7"]]
    for text in ("select random() from t", "select now() from t", "select uuid() from t"):
        assert not reused(tarn.query(text, "reuse_db", WorkGroup="instant"))
        assert not reused(tarn.query(text, "reuse_db", WorkGroup="instant"))


# ---- cancel ----
ENDLESS = "select count(*) from unnest(sequence(1, 9999)) a(x), unnest(sequence(1, 9999)) b(x), " \
          "unnest(sequence(1, 9999)) c(x) where a.x + b.x + c.x = 3"


def state(athena, query_id):
    return athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]["State"]


def wait_for(athena, query_id, wanted, seconds=20):
    deadline = time.time() + seconds
    while state(athena, query_id) not in wanted:
        assert time.time() < deadline
        time.sleep(0.002)


def test_a_running_query_stops_within_100_ms(athena):
    times = []
    for _ in range(5):
        query_id = athena.start_query_execution(QueryString=ENDLESS)["QueryExecutionId"]
        wait_for(athena, query_id, ["RUNNING"])
        time.sleep(0.1)
        start = time.time()
        athena.stop_query_execution(QueryExecutionId=query_id)
        wait_for(athena, query_id, ["CANCELLED"])
        times.append(time.time() - start)
    assert sorted(times)[2] < 0.1, times
