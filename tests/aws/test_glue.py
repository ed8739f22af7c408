"""The Glue Data Catalog over boto3: shapes that clients rely on, error codes, paging."""

import threading

import botocore.exceptions
import pytest


@pytest.fixture(scope="module")
def glue(tarn):
    return tarn.client("glue")


def error(call, **kwargs):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**kwargs)
    return caught.value.response["Error"]


def table_input(name, keys=("dt",), **more):
    return {
        "Name": name,
        "StorageDescriptor": {
            "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "x", "Type": "string"}],
            "Location": f"s3://lake/{name}/",
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary":
                          "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
        },
        "PartitionKeys": [{"Name": k, "Type": "int" if k == "n" else "string"} for k in keys],
        "TableType": "EXTERNAL_TABLE",
        **more,
    }


def partition_input(*values):
    return {"Values": list(values), "StorageDescriptor": {"Location": "s3://lake/p/" + "/".join(values)}}


def test_databases(glue):
    glue.create_database(DatabaseInput={"Name": "Db_One", "Description": "d", "Parameters": {"a": "b"}})
    d = glue.get_database(Name="DB_ONE")["Database"]
    assert d["Name"] == "db_one" and d["Description"] == "d" and d["Parameters"] == {"a": "b"}
    assert d["CatalogId"] == "000000000000" and d["CreateTime"].year >= 2024
    e = error(glue.create_database, DatabaseInput={"Name": "db_one"})
    assert e == {"Code": "AlreadyExistsException", "Message": "Database already exists."}
    glue.update_database(Name="db_one", DatabaseInput={"Name": "db_one", "Description": "new"})
    assert glue.get_database(Name="db_one")["Database"]["Description"] == "new"
    for i in range(5):
        glue.create_database(DatabaseInput={"Name": f"page{i}"})
    names = [d["Name"] for page in glue.get_paginator("get_databases").paginate(
        PaginationConfig={"PageSize": 2}) for d in page["DatabaseList"]]
    assert names == sorted(names) and [n for n in names if n.startswith("page")] == [
        f"page{i}" for i in range(5)]
    glue.delete_database(Name="page0")
    e = error(glue.get_database, Name="page0")
    assert e == {"Code": "EntityNotFoundException", "Message": "Database page0 not found."}
    assert error(glue.get_databases, NextToken="nonsense")["Code"] == "InvalidInputException"


def test_tables(glue):
    glue.create_database(DatabaseInput={"Name": "tables"})
    assert error(glue.create_table, DatabaseName="nope",
                 TableInput=table_input("t"))["Code"] == "EntityNotFoundException"
    glue.create_table(DatabaseName="tables", TableInput=table_input("MixedCase"))
    t = glue.get_table(DatabaseName="TABLES", Name="mixedcase")["Table"]
    assert t["Name"] == "mixedcase" and t["DatabaseName"] == "tables" and t["VersionId"] == "0"
    sd = t["StorageDescriptor"]
    assert sd["NumberOfBuckets"] == 0 and sd["BucketColumns"] == [] and sd["SortColumns"] == []
    assert sd["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
    assert t["Parameters"] == {} and t["CreateTime"] <= t["UpdateTime"]
    assert error(glue.create_table, DatabaseName="tables", TableInput=table_input("mixedcase")) == {
        "Code": "AlreadyExistsException", "Message": "Table already exists."}

    glue.update_table(DatabaseName="tables", VersionId="0",
                      TableInput=table_input("mixedcase", Parameters={"k": "v"}))
    t = glue.get_table(DatabaseName="tables", Name="mixedcase")["Table"]
    assert t["VersionId"] == "1" and t["Parameters"] == {"k": "v"}
    e = error(glue.update_table, DatabaseName="tables", VersionId="0",
              TableInput=table_input("mixedcase"))
    assert e["Code"] == "ConcurrentModificationException"
    assert error(glue.get_table, DatabaseName="tables", Name="nope") == {
        "Code": "EntityNotFoundException", "Message": "Table nope not found."}

    for i in range(7):
        glue.create_table(DatabaseName="tables", TableInput={"Name": f"t{i}"})
    pages = list(glue.get_paginator("get_tables").paginate(
        DatabaseName="tables", Expression="t[0-4].*", PaginationConfig={"PageSize": 2}))
    assert [len(p["TableList"]) for p in pages] == [2, 2, 1]
    assert error(glue.get_tables, DatabaseName="tables", Expression="(")["Code"] == (
        "InvalidInputException")
    errors = glue.batch_delete_table(DatabaseName="tables", TablesToDelete=["t0", "T1", "gone"])["Errors"]
    assert [(e["TableName"], e["ErrorDetail"]["ErrorCode"]) for e in errors] == [
        ("gone", "EntityNotFoundException")]
    glue.delete_table(DatabaseName="tables", Name="t2")
    assert error(glue.delete_table, DatabaseName="tables", Name="t2")["Code"] == (
        "EntityNotFoundException")
    assert glue.get_user_defined_functions(DatabaseName="tables", Pattern="*") [
        "UserDefinedFunctions"] == []


def test_table_versions(glue):
    glue.create_database(DatabaseInput={"Name": "versions"})
    table = {"DatabaseName": "versions", "TableName": "t"}
    glue.create_table(DatabaseName="versions", TableInput=table_input("t", Parameters={"n": "0"}))
    for n in range(1, 6):  # the step from 3 to 4 keeps no version 3
        glue.update_table(DatabaseName="versions", SkipArchive=n == 4,
                          TableInput=table_input("t", Parameters={"n": str(n)}))

    def versions():
        pages = glue.get_paginator("get_table_versions").paginate(
            **table, PaginationConfig={"PageSize": 2})
        return [(v["VersionId"], v["Table"]["VersionId"], v["Table"]["Parameters"]["n"])
                for page in pages for v in page["TableVersions"]]

    assert versions() == [(n, n, n) for n in "54210"]
    current = glue.get_table_version(**table)["TableVersion"]
    assert current["VersionId"] == "5" and current["Table"]["Parameters"] == {"n": "5"}
    old = glue.get_table_version(**table, VersionId="1")["TableVersion"]["Table"]
    assert old["Parameters"] == {"n": "1"} and old["Name"] == "t"
    assert old["UpdateTime"] <= current["Table"]["UpdateTime"]
    assert error(glue.get_table_version, **table, VersionId="3")["Code"] == (
        "EntityNotFoundException")
    assert error(glue.get_table_version, **table, VersionId="x")["Code"] == (
        "InvalidInputException")
    assert error(glue.get_table_versions, DatabaseName="versions", TableName="gone")["Code"] == (
        "EntityNotFoundException")

    glue.delete_table_version(**table, VersionId="0")
    assert error(glue.delete_table_version, **table, VersionId="0")["Code"] == (
        "EntityNotFoundException")
    assert error(glue.delete_table_version, **table, VersionId="5")["Code"] == (
        "InvalidInputException")
    errors = glue.batch_delete_table_version(**table, VersionIds=["1", "0", "5"])["Errors"]
    assert [(e["VersionId"], e["ErrorDetail"]["ErrorCode"]) for e in errors] == [
        ("0", "EntityNotFoundException"), ("5", "InvalidInputException")]
    assert versions() == [(n, n, n) for n in "542"]

    # A new table of the same name has nothing of the old one.
    glue.delete_table(DatabaseName="versions", Name="t")
    glue.create_table(DatabaseName="versions", TableInput=table_input("t", Parameters={"n": "0"}))
    assert versions() == [("0", "0", "0")]


def test_concurrent_updates_lose_nothing(glue, tarn):
    glue.create_database(DatabaseInput={"Name": "race"})
    glue.create_table(DatabaseName="race", TableInput=table_input("t", Parameters={"n": "0"}))

    def add():
        for _ in range(10):
            while True:
                t = glue.get_table(DatabaseName="race", Name="t")["Table"]
                n = str(int(t["Parameters"]["n"]) + 1)
                try:
                    glue.update_table(DatabaseName="race", VersionId=t["VersionId"],
                                      TableInput=table_input("t", Parameters={"n": n}))
                    break
                except glue.exceptions.ConcurrentModificationException:
                    pass

    threads = [threading.Thread(target=add) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert glue.get_table(DatabaseName="race", Name="t")["Table"]["Parameters"]["n"] == "40"


def test_partitions(glue):
    glue.create_database(DatabaseInput={"Name": "parts"})
    glue.create_table(DatabaseName="parts", TableInput=table_input("t", keys=("dt", "n")))
    at = {"DatabaseName": "parts", "TableName": "t"}
    glue.create_partition(**at, PartitionInput=partition_input("2020-01-01", "1"))
    p = glue.get_partition(**at, PartitionValues=["2020-01-01", "1"])["Partition"]
    assert p["DatabaseName"] == "parts" and p["TableName"] == "t"
    assert p["Values"] == ["2020-01-01", "1"] and p["CatalogId"] == "000000000000"
    assert p["StorageDescriptor"]["NumberOfBuckets"] == 0 and "CreationTime" in p
    assert error(glue.create_partition, **at, PartitionInput=partition_input("2020-01-01", "1")) == {
        "Code": "AlreadyExistsException", "Message": "Partition already exists."}
    assert error(glue.create_partition, **at, PartitionInput=partition_input("x"))["Code"] == (
        "InvalidInputException")

    batch = [partition_input("2020-01-%02d" % d, str(n)) for d in range(1, 11) for n in range(1, 4)]
    errors = glue.batch_create_partition(**at, PartitionInputList=batch)["Errors"]
    assert [(e["PartitionValues"], e["ErrorDetail"]["ErrorCode"]) for e in errors] == [
        (["2020-01-01", "1"], "AlreadyExistsException")]

    def values(**kwargs):
        pages = glue.get_paginator("get_partitions").paginate(
            **at, PaginationConfig={"PageSize": 4}, **kwargs)
        return sorted(tuple(p["Values"]) for page in pages for p in page["Partitions"])

    everything = values()
    assert len(everything) == 30 and len(set(everything)) == 30
    segments = [values(Segment={"SegmentNumber": i, "TotalSegments": 3}) for i in range(3)]
    assert sorted(sum(segments, [])) == everything
    assert values(Expression="dt = '2020-01-02' AND n > 2") == [("2020-01-02", "3")]
    assert values(Expression="(dt in ('2020-01-02', '2020-01-10')) and not n = 2") == [
        ("2020-01-02", "1"), ("2020-01-02", "3"), ("2020-01-10", "1"), ("2020-01-10", "3")]
    assert error(glue.get_partitions, **at, Expression="nope = 1")["Code"] == "InvalidInputException"

    got = glue.batch_get_partition(**at, PartitionsToGet=[
        {"Values": ["2020-01-02", "1"]}, {"Values": ["x", "1"]}])
    assert [p["Values"] for p in got["Partitions"]] == [["2020-01-02", "1"]]
    glue.update_partition(**at, PartitionValueList=["2020-01-02", "1"],
                          PartitionInput=partition_input("2020-02-02", "1"))
    assert error(glue.get_partition, **at, PartitionValues=["2020-01-02", "1"])["Code"] == (
        "EntityNotFoundException")
    glue.delete_partition(**at, PartitionValues=["2020-02-02", "1"])
    errors = glue.batch_delete_partition(**at, PartitionsToDelete=[
        {"Values": ["2020-02-02", "1"]}, {"Values": ["2020-01-03", "1"]}])["Errors"]
    assert [e["PartitionValues"] for e in errors] == [["2020-02-02", "1"]]
    assert len(values()) == 28


def test_names_survive_a_restart(make_server):
    server = make_server()
    server.client("glue").create_database(DatabaseInput={"Name": "kept"})
    server.kill()
    server.start()
    assert server.client("glue").get_database(Name="kept")["Database"]["Name"] == "kept"
