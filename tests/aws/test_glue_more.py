"""Glue beyond tables and partitions: statistics, indexes, functions, tags, search, settings, limits."""
import datetime
import json
import threading

import pytest
from test_glue import error, partition_input, table_input

WHEN = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
ARN = "arn:aws:glue:us-east-1:000000000000:"


@pytest.fixture(scope="module")
def glue(tarn):
    return tarn.client("glue")


def make_table(glue, database, name="t", **kwargs):
    try:
        glue.create_database(DatabaseInput={"Name": database})
    except glue.exceptions.AlreadyExistsException:
        pass
    glue.create_table(DatabaseName=database, TableInput=table_input(name, **kwargs))
    return {"DatabaseName": database, "TableName": name}


# ---- column statistics ----
DATA = {
    "LONG": {"LongColumnStatisticsData": {
        "MinimumValue": -5, "MaximumValue": 2**62, "NumberOfNulls": 1, "NumberOfDistinctValues": 9}},
    "STRING": {"StringColumnStatisticsData": {
        "MaximumLength": 7, "AverageLength": 3.5, "NumberOfNulls": 0, "NumberOfDistinctValues": 2}},
    "BOOLEAN": {"BooleanColumnStatisticsData": {
        "NumberOfTrues": 1, "NumberOfFalses": 2, "NumberOfNulls": 3}},
    "DOUBLE": {"DoubleColumnStatisticsData": {
        "MinimumValue": -1.5, "MaximumValue": 1e300, "NumberOfNulls": 0, "NumberOfDistinctValues": 4}},
    "DATE": {"DateColumnStatisticsData": {
        "MinimumValue": WHEN, "MaximumValue": WHEN, "NumberOfNulls": 0, "NumberOfDistinctValues": 1}},
    "DECIMAL": {"DecimalColumnStatisticsData": {
        "MinimumValue": {"UnscaledValue": b"\xff\x00", "Scale": 2}, "NumberOfNulls": 0,
        "NumberOfDistinctValues": 1}},
    "BINARY": {"BinaryColumnStatisticsData": {
        "MaximumLength": 7, "AverageLength": 3.5, "NumberOfNulls": 0}},
}


def statistics(column, kind):
    return {"ColumnName": column, "ColumnType": "x", "AnalyzedTime": WHEN,
            "StatisticsData": {"Type": kind, **DATA[kind]}}


def test_statistics_come_back_as_sent(glue):
    at = make_table(glue, "stats")
    columns = [{"Name": "c_" + k.lower(), "Type": "string"} for k in DATA]
    t = table_input("t")
    t["StorageDescriptor"]["Columns"] = columns
    glue.update_table(DatabaseName="stats", TableInput=t)
    sent = [statistics("c_" + k.lower(), k) for k in DATA]
    wrong = [statistics("nope", "LONG"), statistics("c_long", "DATE")]
    wrong[1]["StatisticsData"]["Type"] = "LONG"
    errors = glue.update_column_statistics_for_table(
        **at, ColumnStatisticsList=sent + wrong)["Errors"]
    assert [(e["ColumnStatistics"]["ColumnName"], e["Error"]["ErrorCode"]) for e in errors] == [
        ("nope", "EntityNotFoundException"), ("c_long", "InvalidInputException")]

    names = [s["ColumnName"] for s in sent]
    got = glue.get_column_statistics_for_table(**at, ColumnNames=[n.upper() for n in names] + ["nope"])
    assert got["ColumnStatisticsList"] == sent
    assert [(e["ColumnName"], e["Error"]["ErrorCode"]) for e in got["Errors"]] == [
        ("nope", "EntityNotFoundException")]

    glue.delete_column_statistics_for_table(**at, ColumnName="C_LONG")
    e = error(glue.delete_column_statistics_for_table, **at, ColumnName="c_long")
    assert e["Code"] == "EntityNotFoundException"
    got = glue.get_column_statistics_for_table(**at, ColumnNames=["c_long", "c_date"])
    assert [s["ColumnName"] for s in got["ColumnStatisticsList"]] == ["c_date"]
    assert error(glue.get_column_statistics_for_table, **at,
                 ColumnNames=["c"] * 101)["Code"] == "ValidationException"

    glue.delete_table(DatabaseName="stats", Name="t")
    make_table(glue, "stats")
    assert glue.get_column_statistics_for_table(
        **at, ColumnNames=["c_date"])["ColumnStatisticsList"] == []


def test_statistics_of_a_partition_go_with_it(glue):
    at = make_table(glue, "pstats")
    part = {**at, "PartitionValues": ["2026-01-01"]}
    one = [statistics("id", "LONG")]
    assert error(glue.update_column_statistics_for_partition, **part,
                 ColumnStatisticsList=one)["Code"] == "EntityNotFoundException"
    glue.create_partition(**at, PartitionInput=partition_input("2026-01-01"))
    glue.update_column_statistics_for_partition(**part, ColumnStatisticsList=one)

    def read():
        return glue.get_column_statistics_for_partition(**part, ColumnNames=["id"])[
            "ColumnStatisticsList"]

    assert read() == one
    assert glue.get_column_statistics_for_table(**at, ColumnNames=["id"])[
        "ColumnStatisticsList"] == []
    glue.delete_column_statistics_for_partition(**part, ColumnName="id")
    assert read() == []
    glue.update_column_statistics_for_partition(**part, ColumnStatisticsList=one)
    glue.delete_partition(**part)
    glue.create_partition(**at, PartitionInput=partition_input("2026-01-01"))
    assert read() == []


# ---- partition indexes ----
def test_partition_indexes(glue):
    at = make_table(glue, "indexes", keys=("dt", "n", "region", "x"))
    glue.create_partition_index(**at, PartitionIndex={"Keys": ["DT", "n"], "IndexName": "first"})

    def create(name, *keys, **more):
        return error(glue.create_partition_index, **at,
                     PartitionIndex={"Keys": list(keys), "IndexName": name})

    assert create("first", "n")["Code"] == "AlreadyExistsException"
    assert create("same", "dt", "n")["Code"] == "AlreadyExistsException"
    assert create("unknown", "nope")["Code"] == "InvalidInputException"
    assert create("twice", "n", "n")["Code"] == "InvalidInputException"
    for name, key in (("second", "region"), ("third", "x")):
        glue.create_partition_index(**at, PartitionIndex={"Keys": [key], "IndexName": name})
    assert create("fourth", "n")["Code"] == "ResourceNumberLimitExceededException"

    def indexes(where):
        pages = glue.get_paginator("get_partition_indexes").paginate(**where)
        return [i for p in pages for i in p["PartitionIndexDescriptorList"]]

    got = indexes(at)
    assert [i["IndexName"] for i in got] == ["first", "second", "third"]
    assert got[0] == {"IndexName": "first", "IndexStatus": "ACTIVE", "Keys": [
        {"Name": "dt", "Type": "string"}, {"Name": "n", "Type": "int"}]}
    glue.delete_partition_index(**at, IndexName="second")
    assert error(glue.delete_partition_index, **at,
                 IndexName="second")["Code"] == "EntityNotFoundException"
    assert len(indexes(at)) == 2

    table = {"DatabaseName": "indexes", "TableName": "born"}
    bad = [{"Keys": ["nope"], "IndexName": "i"}]
    assert error(glue.create_table, DatabaseName="indexes", TableInput=table_input("born"),
                 PartitionIndexes=bad)["Code"] == "InvalidInputException"
    assert error(glue.get_table, DatabaseName="indexes", Name="born")["Code"] == (
        "EntityNotFoundException")
    twice = [{"Keys": ["dt"], "IndexName": "i"}] * 2
    assert error(glue.create_table, DatabaseName="indexes", TableInput=table_input("born"),
                 PartitionIndexes=twice)["Code"] == "AlreadyExistsException"
    assert error(glue.get_table, DatabaseName="indexes", Name="born")["Code"] == (
        "EntityNotFoundException")
    glue.create_table(DatabaseName="indexes", TableInput=table_input("born"),
                      PartitionIndexes=[{"Keys": ["dt"], "IndexName": "i"}])
    assert [i["IndexName"] for i in indexes(table)] == ["i"]


# ---- functions ----
def test_user_defined_functions(glue):
    glue.create_database(DatabaseInput={"Name": "udf"})
    glue.create_database(DatabaseInput={"Name": "udf2"})
    uris = [{"ResourceType": "JAR", "Uri": "s3://lake/f.jar"}]
    glue.create_user_defined_function(DatabaseName="udf", FunctionInput={
        "FunctionName": "Round_Up", "ClassName": "a.B", "OwnerName": "o", "OwnerType": "USER",
        "ResourceUris": uris})
    f = glue.get_user_defined_function(DatabaseName="UDF", FunctionName="ROUND_up")[
        "UserDefinedFunction"]
    assert f["FunctionName"] == "round_up" and f["DatabaseName"] == "udf" and f["ClassName"] == "a.B"
    assert f["ResourceUris"] == uris and f["CatalogId"] == "000000000000" and f["CreateTime"]
    assert error(glue.create_user_defined_function, DatabaseName="udf",
                 FunctionInput={"FunctionName": "round_up"})["Code"] == "AlreadyExistsException"
    assert error(glue.create_user_defined_function, DatabaseName="none",
                 FunctionInput={"FunctionName": "f"})["Code"] == "EntityNotFoundException"
    glue.update_user_defined_function(DatabaseName="udf", FunctionName="round_up",
                                      FunctionInput={"ClassName": "c.D", "OwnerType": "ROLE"})
    f = glue.get_user_defined_function(DatabaseName="udf", FunctionName="round_up")[
        "UserDefinedFunction"]
    assert f["ClassName"] == "c.D" and f["OwnerType"] == "ROLE" and f["ResourceUris"] == []
    assert error(glue.update_user_defined_function, DatabaseName="udf", FunctionName="round_up",
                 FunctionInput={"FunctionName": "other"})["Code"] == "InvalidInputException"
    e = error(glue.create_user_defined_function, DatabaseName="udf",
              FunctionInput={"FunctionName": "f", "OwnerType": "NOBODY"})
    assert e["Code"] == "ValidationException" and (
        "at 'functionInput.ownerType' failed to satisfy constraint: Member must satisfy enum value "
        "set: [USER, ROLE, GROUP]") in e["Message"]

    for database in ("udf", "udf2"):
        for i in range(5):
            glue.create_user_defined_function(
                DatabaseName=database, FunctionInput={"FunctionName": f"f{i}"})

    def names(**kwargs):
        pages = glue.get_paginator("get_user_defined_functions").paginate(
            PaginationConfig={"PageSize": 2}, **kwargs)
        return [(f["DatabaseName"], f["FunctionName"])
                for p in pages for f in p["UserDefinedFunctions"]]

    assert names(DatabaseName="udf", Pattern="f.*") == [("udf", f"f{i}") for i in range(5)]
    assert names(DatabaseName="udf", Pattern="*up") == [("udf", "round_up")]
    assert names(Pattern="f[34]") == [(d, f) for d in ("udf", "udf2") for f in ("f3", "f4")]
    assert error(glue.get_user_defined_functions, DatabaseName="none", Pattern="*")["Code"] == (
        "EntityNotFoundException")
    glue.delete_user_defined_function(DatabaseName="udf", FunctionName="f0")
    assert error(glue.delete_user_defined_function, DatabaseName="udf", FunctionName="f0")[
        "Code"] == "EntityNotFoundException"
    glue.delete_database(Name="udf")
    glue.create_database(DatabaseInput={"Name": "udf"})
    assert names(DatabaseName="udf", Pattern="*") == []


# ---- tags ----
def test_tags_of_databases_and_tables(glue):
    glue.create_database(DatabaseInput={"Name": "tagged"}, Tags={"team": "a", "stage": "b"})
    database, table = ARN + "database/tagged", ARN + "table/tagged/t"
    assert glue.get_tags(ResourceArn=database)["Tags"] == {"team": "a", "stage": "b"}
    assert error(glue.get_tags, ResourceArn=table)["Code"] == "EntityNotFoundException"
    glue.create_table(DatabaseName="tagged", TableInput=table_input("t"))
    assert glue.get_tags(ResourceArn=table)["Tags"] == {}
    glue.tag_resource(ResourceArn=table, TagsToAdd={"k": "1", "l": ""})
    glue.tag_resource(ResourceArn=table, TagsToAdd={"k": "2"})
    assert glue.get_tags(ResourceArn=table)["Tags"] == {"k": "2", "l": ""}
    glue.untag_resource(ResourceArn=table, TagsToRemove=["k", "none"])
    assert glue.get_tags(ResourceArn=table)["Tags"] == {"l": ""}
    glue.delete_table(DatabaseName="tagged", Name="t")
    glue.create_table(DatabaseName="tagged", TableInput=table_input("t"))
    assert glue.get_tags(ResourceArn=table)["Tags"] == {}

    many = {f"k{i}": "v" for i in range(49)}
    assert error(glue.tag_resource, ResourceArn=database, TagsToAdd=many)["Code"] == (
        "ResourceNumberLimitExceededException")
    assert len(glue.get_tags(ResourceArn=database)["Tags"]) == 2
    assert error(glue.tag_resource, ResourceArn=database, TagsToAdd={"k": "v" * 257})["Code"] == (
        "ValidationException")
    for arn in (ARN + "crawler/none", ARN + "job/j", ARN + "table/tagged"):
        assert error(glue.get_tags, ResourceArn=arn)["Code"] == "EntityNotFoundException"


# ---- search ----
def test_search_tables(make_server):
    glue = make_server().client("glue")
    for database in ("sales", "web"):
        glue.create_database(DatabaseInput={"Name": database})
    for database, name, more in (
            ("sales", "orders", {"Description": "All Customer orders"}),
            ("sales", "refunds", {"Parameters": {"classification": "parquet", "owner-team": "cash"}}),
            ("web", "clicks", {"Owner": "web-team"}),
            ("web", "customer-link", {})):
        glue.create_table(DatabaseName=database, TableInput=table_input(name, **more))

    def search(**kwargs):
        return [t["Name"] for t in glue.search_tables(**kwargs)["TableList"]]

    everything = ["orders", "refunds", "clicks", "customer-link"]
    assert search() == everything
    assert search(SearchText="CUSTOMER") == ["orders", "customer-link"]
    assert search(SearchText='"orders"') == ["orders"]
    assert search(SearchText="bigint") == everything
    assert search(SearchText="nowhere") == []
    assert search(Filters=[{"Key": "DatabaseName", "Value": "web"}]) == ["clicks", "customer-link"]
    assert search(Filters=[{"Key": "Name", "Value": "link"}]) == ["customer-link"]
    assert search(Filters=[{"Key": "Name", "Value": "order"}]) == []
    assert search(Filters=[{"Key": "owner-team", "Value": "cash"}]) == ["refunds"]
    assert search(SearchText="customer", Filters=[{"Key": "DatabaseName", "Value": "sales"}]) == [
        "orders"]
    assert search(Filters=[{"Key": "CreateTime", "Comparator": "GREATER_THAN",
                            "Value": "2020-01-01"}]) == everything
    assert search(Filters=[{"Key": "CreateTime", "Comparator": "LESS_THAN",
                            "Value": "2020-01-01"}]) == []
    assert error(glue.search_tables, Filters=[{"Key": "UpdateTime", "Value": "soon"}])["Code"] == (
        "InvalidInputException")
    assert search(SortCriteria=[{"FieldName": "Name", "Sort": "DESC"}]) == sorted(
        everything, reverse=True)
    assert search(SortCriteria=[{"FieldName": "CreateTime", "Sort": "ASC"}]) == everything

    pages, token = [], None
    while token or not pages:
        page = glue.search_tables(MaxResults=3, **({"NextToken": token} if token else {}))
        pages.append([t["Name"] for t in page["TableList"]])
        token = page.get("NextToken")
    assert pages == [everything[:3], everything[3:]]


# ---- settings ----
def test_encryption_settings(glue):
    key = "DataCatalogEncryptionSettings"
    assert glue.get_data_catalog_encryption_settings()[key]["EncryptionAtRest"] == {
        "CatalogEncryptionMode": "DISABLED"}
    settings = {"EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": "k"},
                "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": True}}
    glue.put_data_catalog_encryption_settings(**{key: settings})
    assert glue.get_data_catalog_encryption_settings()[key] == settings
    bad = {"EncryptionAtRest": {"CatalogEncryptionMode": "NONE"}}
    assert error(glue.put_data_catalog_encryption_settings, **{key: bad})["Code"] == (
        "ValidationException")
    assert glue.get_catalog_import_status()["ImportStatus"]["ImportCompleted"] is True


def test_resource_policies(glue):
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    other = json.dumps({"Version": "2012-10-17", "Statement": [{}]})
    assert error(glue.get_resource_policy)["Code"] == "EntityNotFoundException"
    assert error(glue.delete_resource_policy)["Code"] == "EntityNotFoundException"
    assert error(glue.put_resource_policy, PolicyInJson="{]")["Code"] == "InvalidInputException"
    assert error(glue.put_resource_policy, PolicyInJson=policy,
                 PolicyExistsCondition="MUST_EXIST")["Code"] == "ConditionCheckFailureException"
    first = glue.put_resource_policy(PolicyInJson=policy, PolicyExistsCondition="NOT_EXIST")[
        "PolicyHash"]
    assert error(glue.put_resource_policy, PolicyInJson=other, PolicyHashCondition="nope")[
        "Code"] == "ConditionCheckFailureException"
    second = glue.put_resource_policy(PolicyInJson=other, PolicyHashCondition=first)["PolicyHash"]
    got = glue.get_resource_policy()
    assert got["PolicyInJson"] == other and got["PolicyHash"] == second != first
    assert got["CreateTime"] <= got["UpdateTime"]
    glue.put_resource_policy(PolicyInJson=policy, ResourceArn=ARN + "database/d")
    pages = glue.get_paginator("get_resource_policies").paginate(PaginationConfig={"PageSize": 1})
    assert sorted(p["PolicyInJson"] for page in pages
                  for p in page["GetResourcePoliciesResponseList"]) == sorted([other, policy])
    assert error(glue.delete_resource_policy, PolicyHashCondition=first)["Code"] == (
        "ConditionCheckFailureException")
    glue.delete_resource_policy(PolicyHashCondition=second)
    assert error(glue.get_resource_policy)["Code"] == "EntityNotFoundException"


# ---- constraints and limits ----
def test_nested_constraints_in_aws_words(glue):
    glue.create_database(DatabaseInput={"Name": "limits"})
    t = table_input("t")
    t["StorageDescriptor"]["Columns"][1]["Comment"] = "x" * 256
    e = error(glue.create_table, DatabaseName="limits", TableInput=t)
    assert e["Code"] == "ValidationException" and e["Message"] == (
        "1 validation error detected: Value '" + "x" * 256 + "' at "
        "'table.storageDescriptor.columns.2.member.comment' failed to satisfy constraint: "
        "Member must have length less than or equal to 255")
    t = table_input("t", Description="d" * 2049)
    t["StorageDescriptor"]["Columns"][0]["Name"] = "a\nb"
    e = error(glue.create_table, DatabaseName="limits", TableInput=t)
    assert e["Message"].startswith("2 validation errors detected: ")
    assert "at 'table.storageDescriptor.columns.1.member.name' failed to satisfy constraint: Member " \
        "must satisfy regular expression pattern: [\\u0020-\\uD7FF" in e["Message"]
    e = error(glue.create_table, DatabaseName="limits",
              TableInput=table_input("t", Parameters={"k" * 256: "v"}))
    assert e["Code"] == "ValidationException" and "Map keys must satisfy constraint" in e["Message"]
    assert error(glue.create_database, DatabaseInput={"Name": "n" * 256})["Code"] == (
        "ValidationException")
    assert error(glue.update_database, Name="limits", DatabaseInput={"Name": "other"})["Code"] == (
        "InvalidInputException")
    assert error(glue.update_table, DatabaseName="limits", TableInput=table_input("t"),
                 UpdateOpenTableFormatInput={"UpdateIcebergInput": {"UpdateIcebergTableInput": {"Updates": []}}})[
        "Code"] == "NotImplementedException"


def test_batch_limits(glue):
    at = make_table(glue, "batches")
    part, values = partition_input("1"), {"Values": ["1"]}
    for call, member, item, most in (
            (glue.batch_create_partition, "PartitionInputList", part, 100),
            (glue.batch_update_partition, "Entries",
             {"PartitionValueList": ["1"], "PartitionInput": part}, 100),
            (glue.batch_delete_partition, "PartitionsToDelete", values, 25),
            (glue.batch_get_partition, "PartitionsToGet", values, 1000)):
        e = error(call, **at, **{member: [item] * (most + 1)})
        assert e["Code"] == "ValidationException" and e["Message"].endswith(
            f"at '{member[0].lower() + member[1:]}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {most}")
        call(**at, **{member: [item] * most})
    assert error(glue.batch_delete_table, DatabaseName="batches", TablesToDelete=["t"] * 101)[
        "Code"] == "ValidationException"
    assert error(glue.get_partitions, **at, Expression="x" * 2049)["Code"] == "ValidationException"
    assert glue.batch_get_partition(**at, PartitionsToGet=[values])["UnprocessedKeys"] == []


def test_batches_answer_per_item(glue):
    at = make_table(glue, "items")
    glue.batch_create_partition(**at, PartitionInputList=[partition_input(v) for v in "abc"])

    def entry(old, *new):
        return {"PartitionValueList": [old], "PartitionInput": {
            "Values": list(new), "Parameters": {"was": old}}}

    errors = glue.batch_update_partition(**at, Entries=[
        entry("a"), entry("gone", "x"), entry("b", "c"), entry("b", "d"), entry("c", "1", "2")])["Errors"]
    assert [(e["PartitionValueList"], e["ErrorDetail"]["ErrorCode"]) for e in errors] == [
        (["c"], "InvalidInputException"), (["gone"], "EntityNotFoundException"),
        (["b"], "AlreadyExistsException")]
    got = {p["Values"][0]: p["Parameters"].get("was") for p in glue.get_partitions(**at)["Partitions"]}
    assert got == {"a": "a", "c": None, "d": "b"}
    errors = glue.batch_delete_partition(**at, PartitionsToDelete=[
        {"Values": [v]} for v in ("a", "gone", "d")])["Errors"]
    assert [(e["PartitionValues"], e["ErrorDetail"]["ErrorMessage"]) for e in errors] == [
        (["gone"], "Cannot find partition.")]
    assert [p["Values"] for p in glue.get_partitions(**at)["Partitions"]] == [["c"]]


def test_parts_of_answers(glue):
    at = make_table(glue, "parts2", TableType="EXTERNAL_TABLE")
    part = partition_input("1")
    part["StorageDescriptor"]["Columns"] = [{"Name": "id", "Type": "bigint"}]
    glue.create_partition(**at, PartitionInput=part)
    full, bare = (glue.get_partitions(**at, ExcludeColumnSchema=x)["Partitions"][0][
        "StorageDescriptor"] for x in (False, True))
    assert full["Columns"] == [{"Name": "id", "Type": "bigint"}] and bare["Columns"] == []
    assert bare["Location"] == full["Location"]
    tables = glue.get_tables(DatabaseName="parts2", AttributesToGet=["NAME"])["TableList"]
    assert tables[0]["Name"] == "t" and "StorageDescriptor" not in tables[0]
    tables = glue.get_tables(DatabaseName="parts2", AttributesToGet=["NAME", "TABLE_TYPE"])
    assert tables["TableList"][0]["TableType"] == "EXTERNAL_TABLE"
    names = glue.get_databases(ResourceShareType="ALL")["DatabaseList"]
    assert "parts2" in [d["Name"] for d in names]


# ---- reads during changes ----
def test_reads_during_changes_see_no_errors(glue, tarn):
    make_table(glue, "busy", "fixed")
    stop, failures, reads = threading.Event(), [], [0]

    def change(thread):
        name = f"t{thread}"
        for i in range(40):
            glue.create_table(DatabaseName="busy", TableInput=table_input(name))
            at = {"DatabaseName": "busy", "TableName": name}
            glue.batch_create_partition(**at, PartitionInputList=[
                partition_input(str(n)) for n in range(20)])
            glue.update_table(DatabaseName="busy", TableInput=table_input("fixed", Parameters={
                "n": str(i)}))
            glue.delete_table(DatabaseName="busy", Name=name)

    def read():
        while not stop.is_set():
            assert glue.get_table(DatabaseName="busy", Name="fixed")["Table"]["Name"] == "fixed"
            for t in glue.get_tables(DatabaseName="busy")["TableList"]:
                try:
                    n = len(glue.get_partitions(DatabaseName="busy", TableName=t["Name"])["Partitions"])
                    assert n in (0, 20)  # a batch is there whole or not at all
                except glue.exceptions.EntityNotFoundException:
                    pass
            reads[0] += 1

    def guarded(work, *args):
        try:
            work(*args)
        except Exception as e:  # noqa: BLE001
            failures.append(e)

    readers = [threading.Thread(target=guarded, args=(read,)) for _ in range(4)]
    writers = [threading.Thread(target=guarded, args=(change, n)) for n in range(3)]
    [t.start() for t in readers + writers]
    [t.join() for t in writers]
    stop.set()
    [t.join() for t in readers]
    assert failures == [] and reads[0] > 5
    assert "locked" not in tarn.log_text()
