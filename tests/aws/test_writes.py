"""CREATE TABLE AS, INSERT and UNLOAD over boto3: files, tables, partitions, refusals, atomicity."""

import concurrent.futures
import gzip
import io
import json
import os
import signal
import threading
import time
import uuid

import pyarrow.parquet as pq
import pytest

OUT = "s3://tarn-writes/"


@pytest.fixture(scope="module", autouse=True)
def setting(tarn):
    tarn.client("s3").create_bucket(Bucket="tarn-writes")
    tarn.query("create database w")


def ok(tarn, sql, database="w", **kwargs):
    execution = tarn.query(sql, database, **kwargs)
    status = execution["Status"]
    assert status["State"] == "SUCCEEDED", (sql, status.get("StateChangeReason"))
    return execution


def why(tarn, sql, database="w"):
    execution = tarn.query(sql, database)
    assert execution["Status"]["State"] == "FAILED", sql
    return execution["Status"]["StateChangeReason"]


def name():
    return "t_" + uuid.uuid4().hex[:12]


def place():
    return f"{OUT}{uuid.uuid4().hex}/"


def split(uri):
    return uri[5:].split("/", 1)


def keys(tarn, uri):
    bucket, prefix = split(uri)
    pages = tarn.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket,
                                                                        Prefix=prefix)
    return [o["Key"] for page in pages for o in page.get("Contents", [])]


def body(tarn, uri):
    bucket, key = split(uri)
    return tarn.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def manifest(tarn, execution):
    return body(tarn, execution["Statistics"]["DataManifestLocation"]).decode().splitlines()


def table(tarn, table_name, database="w"):
    return tarn.client("glue").get_table(DatabaseName=database, Name=table_name)["Table"]


EVERYTHING = """
select true as b, cast(1 as tinyint) ti, cast(-2 as smallint) si, 3 i, bigint '4' bi,
  real '1.5' r, 1e10 d, decimal '12.50' de, cast('12345678901234567890.12' as decimal(38,2)) dl,
  'text, "quoted"' s, cast('abc' as varchar(5)) v5, cast('ab' as char(4)) c4, X'00ff41' bin,
  date '2024-02-29' dt, cast('2024-02-29 12:34:56.789' as timestamp) ts,
  array[1, null, 3] a, map(array['k', 'l'], array[1, 2]) m,
  cast(row(1, 'x') as row(f integer, g varchar)) st, array[array['p', 'q'], array['r']] aa
union all select false, null, null, null, null, null, null, null, null, null, null, null, null,
  null, null, null, null, null, null
"""
SCALARS = """
select true as b, cast(1 as tinyint) ti, cast(-2 as smallint) si, 3 i, bigint '4' bi,
  real '1.5' r, 1e10 d, decimal '12.50' de, 'text, "quoted"' s, '' e, X'00ff41' bin,
  date '2024-02-29' dt, cast('2024-02-29 12:34:56.789' as timestamp) ts, array['x', 'y'] a
union all select false, null, null, null, null, null, null, null, null, null, null, null, null, null
"""


# ---- CREATE TABLE AS ----
def test_ctas_statement(tarn):
    t = name()
    execution = ok(tarn, f"create table {t} as select 1 as a, 'x' as b union all select 2, null")
    query_id = execution["QueryExecutionId"]
    location = execution["ResultConfiguration"]["OutputLocation"]
    assert execution["StatementType"] == "DDL"
    assert execution["SubstatementType"] == "CREATE_TABLE_AS_SELECT"
    assert location.endswith(f"/tables/{query_id}")
    assert execution["Statistics"]["DataManifestLocation"] == location + "-manifest.csv"
    assert table(tarn, t)["StorageDescriptor"]["Location"] == location + "/"
    files = manifest(tarn, execution)
    assert len(files) == 1 and files[0].startswith(location + "/")
    assert files[0].rsplit("/")[-1].count("_") == 4
    assert body(tarn, location + ".metadata")
    assert keys(tarn, location + ".csv") == []
    result = tarn.client("athena").get_query_results(QueryExecutionId=query_id)
    assert result["UpdateCount"] == 2 and result["ResultSet"]["Rows"] == []
    assert [c["Name"] for c in result["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]] == ["rows"]
    assert sorted(tarn.rows(f"select * from {t}", "w")) == [["1", "x"], ["2", None]]


@pytest.mark.parametrize("compression", ["", "GZIP", "snappy", "ZSTD", "NONE"])
def test_parquet(tarn, compression):
    t = name()
    codec = f", write_compression = '{compression}'" if compression else ""
    execution = ok(tarn, f"create table {t} with (format = 'PARQUET'{codec}) as {EVERYTHING}")
    expected = tarn.rows(EVERYTHING + " order by 1 desc", "w")
    assert tarn.rows(f"select * from {t} order by b desc", "w") == expected
    [uri] = manifest(tarn, execution)
    found = pq.ParquetFile(io.BytesIO(body(tarn, uri)))
    column = found.metadata.row_group(0).column(0)
    assert column.compression == {"": "GZIP", "NONE": "UNCOMPRESSED"}.get(compression,
                                                                         compression.upper())
    types = {f.name: str(f.type) for f in found.schema_arrow}
    assert types["ts"] == "timestamp[us]" and types["dl"] == "decimal128(38, 2)"
    assert types["ti"] == "int8" and types["bin"] == "binary" and types["dt"] == "date32[day]"
    row = found.read().to_pylist()
    row = next(r for r in row if r["b"])
    assert row["a"] == [1, None, 3] and row["m"] == [("k", 1), ("l", 2)]
    assert row["st"] == {"f": 1, "g": "x"} and row["c4"] == "ab"
    glue = {c["Name"]: c["Type"] for c in table(tarn, t)["StorageDescriptor"]["Columns"]}
    assert glue["s"] == "varchar(14)" and glue["v5"] == "varchar(5)" and glue["c4"] == "char(4)"
    assert glue["st"] == "struct<f:int,g:string>" and glue["m"] == "map<varchar(1),int>"


@pytest.mark.parametrize("compression,end", [("GZIP", ".gz"), ("ZSTD", ".zst"), ("NONE", "")])
@pytest.mark.parametrize("form", ["JSON", "TEXTFILE"])
def test_text(tarn, form, compression, end):
    t = name()
    rows = SCALARS if form == "TEXTFILE" else SCALARS.replace("X'00ff41'", "'no binary'")
    execution = ok(tarn, f"create table {t} with (format = '{form}', "
                         f"write_compression = '{compression}') as {rows}")
    [uri] = manifest(tarn, execution)
    assert uri.endswith(end) and "." not in uri.rsplit("/")[-1].removesuffix(end)
    expected = tarn.rows(rows + " order by 1 desc", "w")
    assert tarn.rows(f"select * from {t} order by b desc", "w") == expected


def test_text_as_hive_spells_it(tarn):
    t = name()
    execution = ok(tarn, f"create table {t} with (format='TEXTFILE', write_compression='NONE') as "
                         "select 1 a, cast(null as varchar) b, array[array[1,2],array[3]] c, "
                         "map(array['x','y'], array[array[1], array[2,null]]) d, X'0001ff' e, "
                         "cast(row(1, 'z') as row(f integer, g varchar)) g, true h, 1.5e0 i")
    [uri] = manifest(tarn, execution)
    assert body(tarn, uri) == (b"1\x01\\N\x011\x032\x023\x01x\x031\x02y\x032\x04\\N\x01AAH/\x01"
                               b"1\x02z\x01true\x011.5\n")
    execution = ok(tarn, f"create table {name()} with (format='TEXTFILE', field_delimiter=',', "
                         "write_compression='NONE') as select 1 a, 'x' b")
    assert body(tarn, manifest(tarn, execution)[0]) == b"1,x\n"


def test_json_as_hive_reads_it(tarn):
    t = name()
    execution = ok(tarn, f"create table {t} with (format='JSON', write_compression='NONE') as "
                         "select 1 a, cast(null as varchar) b, array[1.5, null] c, "
                         "map(array[1,2], array['x','y']) d, 'e' e, date '2024-01-02' f, "
                         "cast(row(1, 'q\"\\') as row(f integer, g varchar)) g, nan() n")
    line = json.loads(body(tarn, manifest(tarn, execution)[0]))
    assert line == {"a": 1, "b": None, "c": [1.5, None], "d": {"1": "x", "2": "y"}, "e": "e",
                    "f": "2024-01-02", "g": {"f": 1, "g": 'q"\\'}, "n": "NaN"}


def test_partitions(tarn):
    t = name()
    execution = ok(tarn, f"""create table {t} with (partitioned_by = array['d', 'p']) as
        select x, date '2024-01-01' + interval '1' day * (x % 3) d,
               if(x % 2 = 0, 'a/b:c=d', cast(null as varchar)) p from unnest(sequence(0, 11)) u(x)
        """)
    folders = {uri.rsplit("/", 1)[0].split(execution["QueryExecutionId"])[1]
               for uri in manifest(tarn, execution)}
    assert folders == {f"/d=2024-01-0{i}/p={p}" for i in (1, 2, 3)
                       for p in ("a%2Fb%3Ac%3Dd", "__HIVE_DEFAULT_PARTITION__")}
    parts = tarn.client("glue").get_partitions(DatabaseName="w", TableName=t)["Partitions"]
    assert sorted(p["Values"] for p in parts)[0] == ["2024-01-01", "__HIVE_DEFAULT_PARTITION__"]
    assert len(parts) == 6
    assert tarn.rows(f"select count(*), sum(x), count(p) from {t}", "w") == [["12", "66", "6"]]
    assert tarn.rows(f"select x from {t} where d = date '2024-01-02' and p = 'a/b:c=d' "
                     "order by x", "w") == [["4"], ["10"]]
    assert tarn.rows(f"select x from {t} where p is null order by x limit 1", "w") == [["1"]]


def test_every_partition_type(tarn):
    t = name()
    ok(tarn, f"""create table {t} with (partitioned_by = array['a','b','c','d','e','f','g','h']) as
        select 1 x, true a, cast(-1 as tinyint) b, bigint '7' c, decimal '1.50' d, 2.5e0 e,
        cast('2024-01-01 10:00:00.5' as timestamp) f, cast('v' as varchar(3)) g,
        date '2020-02-02' h""")
    [values] = [p["Values"] for p in tarn.client("glue").get_partitions(
        DatabaseName="w", TableName=t)["Partitions"]]
    assert values == ["true", "-1", "7", "1.50", "2.5", "2024-01-01 10:00:00.500", "v",
                      "2020-02-02"]
    assert tarn.rows(f"select * from {t} where a and b = -1 and f = timestamp "
                     "'2024-01-01 10:00:00.500' and h = date '2020-02-02'", "w") == [
        ["1", "true", "-1", "7", "1.50", "2.5", "2024-01-01 10:00:00.500", "v", "2020-02-02"]]


def test_external_location_and_comment(tarn):
    t, to = name(), place()
    ok(tarn, f"create table {t} comment 'hello' with (external_location = '{to}', "
             f"partitioned_by = array[]) as select 1 a")
    assert table(tarn, t)["StorageDescriptor"]["Location"] == to
    assert table(tarn, t)["Parameters"]["comment"] == "hello"
    assert len(keys(tarn, to)) == 1
    reason = why(tarn, f"create table {name()} with (external_location = '{to}') as select 1 a")
    assert reason.startswith("HIVE_PATH_ALREADY_EXISTS: Target directory for table 'w.")
    assert "You may need to manually clean the data at location" in reason


def test_no_data_and_if_not_exists(tarn):
    t = name()
    execution = ok(tarn, f"create table {t} (p, q) as select 1 a, 'x' b with no data")
    assert manifest(tarn, execution) == []
    assert [c["Name"] for c in table(tarn, t)["StorageDescriptor"]["Columns"]] == ["p", "q"]
    assert tarn.rows(f"select * from {t}", "w") == []
    execution = ok(tarn, f"create table if not exists {t} as select 2 z")
    result = tarn.client("athena").get_query_results(
        QueryExecutionId=execution["QueryExecutionId"])
    assert result["UpdateCount"] == 0
    assert tarn.rows(f"select * from {t}", "w") == []
    assert why(tarn, f"create table {t} as select 1 a") == (
        f"TABLE_ALREADY_EXISTS: line 1:1: Destination table 'awsdatacatalog.w.{t}' already exists")


def test_empty_result(tarn):
    t = name()
    execution = ok(tarn, f"create table {t} as select 1 a where false")
    assert manifest(tarn, execution) == [] and tarn.rows(f"select * from {t}", "w") == []
    t = name()
    ok(tarn, f"create table {t} with (partitioned_by = array['b']) as select 1 a, 2 b where false")
    assert tarn.rows(f"select * from {t}", "w") == []


def test_buckets_are_refused(tarn):
    t = name()
    assert why(tarn, f"create table {t} with (bucketed_by = array['a'], bucket_count = 4) as "
                     "select 1 a").startswith("NOT_SUPPORTED: line 1:")
    ok(tarn, f"create external table {t} (a int) clustered by (a) into 4 buckets stored as parquet "
             f"location '{place()}'")
    assert "bucketed" in why(tarn, f"insert into {t} values (1)")


@pytest.mark.parametrize("sql,reason", [
    ("create table {t} as select 1", "MISSING_COLUMN_NAME: line 1:1: Column name not specified at "
                                     "position 1"),
    ("create table {t} as select 1 a, 2 A", "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'a' "
                                            "specified more than once"),
    ("create table {t} as select null a", "COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown: "
                                          "a"),
    ("create table {t} (a) as select 1, 2", "MISMATCHED_COLUMN_ALIASES: line 1:1: Column alias "
                                            "list has 1 entries but relation has 2 columns"),
    ("create table {t} as select time '01:02:03' a", "NOT_SUPPORTED: line 1:1: Unsupported Hive "
                                                     "type: time(0)"),
    ("create table {t} as select uuid() a", "NOT_SUPPORTED: line 1:1: Unsupported Hive type: uuid"),
    ("create table {t} as select now() a", "NOT_SUPPORTED: line 1:1: Unsupported Hive type: "
                                           "timestamp(3) with time zone"),
    ("create table {t} as select cast('2020-01-01' as timestamp(6)) a",
     "NOT_SUPPORTED: line 1:1: Incorrect timestamp precision for timestamp(6); the configured "
     "precision is MILLISECONDS; column name: a"),
    ("create table {t} as select row(1, 2) a", "NOT_SUPPORTED: line 1:1: Anonymous row type is "
     "not supported in Hive. Please give each field a name: row(integer, integer)"),
    ("create table {t} with (format = 'ORC') as select 1 a", "NOT_SUPPORTED: line "),
    ("create table {t} with (format = 'AVRO') as select 1 a", "NOT_SUPPORTED: line "),
    ("create table {t} with (format = 'X') as select 1 a", "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (foo = 1) as select 1 a", "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (bucket_count = 'x') as select 1 a", "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (format = null) as select 1 a", "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (format = 'PARQUET', format = 'JSON') as select 1 a",
     "DUPLICATE_PROPERTY: line "),
    ("create table {t} with (write_compression = 'GZIP', parquet_compression = 'GZIP') as "
     "select 1 a", "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (format='JSON', parquet_compression = 'GZIP') as select 1 a",
     "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (format='TEXTFILE', field_delimiter = '||') as select 1 a",
     "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (table_type = 'ICEBERG') as select 1 a", "NOT_SUPPORTED: line "),
    ("create table {t} with (partitioned_by = array['z']) as select 1 a, 2 b",
     "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (partitioned_by = array['a']) as select 1 a, 2 b",
     "HIVE_COLUMN_ORDER_MISMATCH: line "),
    ("create table {t} with (partitioned_by = array['a']) as select 1 a",
     "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (partitioned_by = array['b']) as select 1 a, 'é' b",
     "HIVE_INVALID_PARTITION_VALUE: Hive partition keys can only contain printable ASCII"),
    ("create table {t} with (bucketed_by = array['a']) as select 1 a",
     "INVALID_TABLE_PROPERTY: line "),
    ("create table {t} with (external_location = '/tmp/x/') as select 1 a",
     "INVALID_TABLE_PROPERTY: line "),
    ("create table nodb.{t} as select 1 a", "SCHEMA_NOT_FOUND: line "),
    ("create table {t} as select * from nothing", "TABLE_NOT_FOUND: line "),
    ("create table {t} with (format='JSON') as select X'00' a", "NOT_SUPPORTED: Column 'a' has "),
    ("create table {t} as select 1/0 a", "DIVISION_BY_ZERO"),
    ("create table {t} with (partitioned_by = array['b']) as select 1 a, x b from "
     "unnest(sequence(1, 101)) u(x)", "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open "
                                      "writers for partitions/buckets"),
])
def test_refused(tarn, sql, reason):
    t = name()
    assert why(tarn, sql.format(t=t)).startswith(reason)
    assert tarn.rows(f"show tables in w '{t}'", "w") == []


def test_property_texts(tarn):
    assert why(tarn, "create table x1 with (foo = 1) as select 1 a") == (
        "INVALID_TABLE_PROPERTY: line 1:23: Catalog 'awsdatacatalog' table property 'foo' does "
        "not exist")
    assert why(tarn, "create table x1 with (bucket_count = 'x') as select 1 a") == (
        "INVALID_TABLE_PROPERTY: line 1:23: Invalid value for catalog 'awsdatacatalog' table "
        "property 'bucket_count': Cannot convert ['x'] to integer")
    t = name()
    ok(tarn, f"create table {t} with (format = upper('pa' || 'rquet'), partitioned_by = "
             "array[lower('B')]) as select 1 a, 2 b")
    assert table(tarn, t)["PartitionKeys"][0]["Name"] == "b"


# ---- INSERT ----
def test_insert(tarn):
    t = name()
    ok(tarn, f"create table {t} as select 1 a, 'x' b, 1.5e0 c")
    execution = ok(tarn, f"insert into {t} values (2, 'y', 2), (3, null, 3)")
    assert execution["StatementType"] == "DML" and execution["SubstatementType"] == "INSERT"
    query_id = execution["QueryExecutionId"]
    assert execution["ResultConfiguration"]["OutputLocation"].endswith("/" + query_id)
    result = tarn.client("athena").get_query_results(QueryExecutionId=query_id)
    assert result["UpdateCount"] == 2
    ok(tarn, f"insert into {t} (c, a) select 9.5, x from unnest(sequence(4, 5)) u(x)")
    assert tarn.rows(f"select * from {t} order by a", "w") == [
        ["1", "x", "1.5"], ["2", "y", "2.0"], ["3", None, "3.0"],
        ["4", None, "9.5"], ["5", None, "9.5"]]
    ok(tarn, f"insert into {t} select * from {t}")
    assert tarn.rows(f"select count(*) from {t}", "w") == [["10"]]


@pytest.mark.parametrize("sql,reason", [
    ("insert into {t} values ('1', 'x')", "TYPE_MISMATCH: line 1:1: Insert query has mismatched "
     "column types: Table: [integer, varchar(3)], Query: [varchar(1), varchar(1)]"),
    ("insert into {t} values (1)", "TYPE_MISMATCH: line 1:1: Insert query has mismatched column "
                                   "types: Table: [integer, varchar(3)], Query: [integer]"),
    ("insert into {t} (a, z) values (1, 2)", "COLUMN_NOT_FOUND: line 1:1: Insert column name does "
                                             "not exist in target table: z"),
    ("insert into {t} (a, a) values (1, 2)", "DUPLICATE_COLUMN_NAME: line 1:1: Insert column name "
                                             "is specified more than once: a"),
    ("insert into {t} values (1, 'abcd')", "INVALID_CAST_ARGUMENT: Cannot truncate non-space "
     "characters when casting from varchar(4) to varchar(3) on INSERT"),
    ("insert into {t} values (bigint '3000000000', 'a')", ""),
    ("insert into missing values (1)", "TABLE_NOT_FOUND: line 1:1: Table "
                                       "'awsdatacatalog.w.missing' does not exist"),
])
def test_insert_refused(tarn, sql, reason):
    t = name()
    ok(tarn, f"create table {t} as select 1 a, 'xyz' b")
    assert why(tarn, sql.format(t=t)).startswith(reason)
    assert tarn.rows(f"select count(*) from {t}", "w") == [["1"]]


def test_insert_coerces(tarn):
    t = name()
    ok(tarn, f"create table {t} as select 1 a, 'xyz' b, decimal '1.5' c, real '1' d, "
             "array[bigint '1'] e")
    ok(tarn, f"insert into {t} values (bigint '5', 'ab   ', 2, 3, array[1])")
    assert tarn.rows(f"select * from {t} where a = 5", "w") == [
        ["5", "ab ", "2.0", "3.0", "[1]"]]


def test_insert_into_partitions(tarn):
    t = name()
    ok(tarn, f"create table {t} with (partitioned_by = array['p']) as select 1 a, 'x' p")
    ok(tarn, f"insert into {t} values (2, 'x'), (3, 'y'), (4, null), (5, '')")
    assert tarn.rows(f"show partitions {t}", "w") is not None
    assert sorted(r[0] for r in tarn.rows(f"show partitions {t}", "w")) == [
        "p=__HIVE_DEFAULT_PARTITION__", "p=x", "p=y"]
    assert tarn.rows(f"select a, p from {t} order by a", "w") == [
        ["1", "x"], ["2", "x"], ["3", "y"], ["4", None], ["5", None]]
    ok(tarn, f"insert into {t} (a) values (6)")
    assert tarn.rows(f"select count(*) from {t} where p is null", "w") == [["3"]]


@pytest.mark.parametrize("storage", [
    "stored as parquet", "stored as parquet##parquet.compression=SNAPPY",
    "row format delimited fields terminated by ',' escaped by '\\\\' collection items terminated "
    "by '|' null defined as 'NIL'",
    "row format delimited fields terminated by '\\t'##skip.header.line.count=1",
    "row format serde 'org.apache.hive.hcatalog.data.JsonSerDe'",
    "row format serde 'org.openx.data.jsonserde.JsonSerDe' with serdeproperties "
    "('mapping.b'='Bee')",
])
def test_insert_into_declared_tables(tarn, storage):
    t, to = name(), place()
    form, _, prop = storage.partition("##")
    props = "tblproperties ('%s'='%s')" % tuple(prop.split("=")) if prop else ""
    ok(tarn, f"create external table {t} (a int, b string, c array<string>) {form} "
             f"location '{to}' {props}")
    ok(tarn, f"insert into {t} values (1, 'p,q', array['x','y']), (2, null, null)")
    assert tarn.rows(f"select * from {t} order by a", "w") == [
        ["1", "p,q", "[x, y]"], ["2", None, None]]


def test_insert_into_projected_table(tarn):
    t, to = name(), place()
    ok(tarn, f"""create external table {t} (a int) partitioned by (d string, r string)
        stored as parquet location '{to}' tblproperties ('projection.enabled'='true',
        'projection.d.type'='date', 'projection.d.format'='yyyy-MM-dd',
        'projection.d.range'='2024-01-01,2024-12-31', 'projection.r.type'='enum',
        'projection.r.values'='eu,us', 'storage.location.template'='{to}${{r}}/${{d}}/')""")
    execution = ok(tarn, f"insert into {t} values (1, '2024-03-01', 'eu'), (2, '2024-03-02', 'us')")
    assert {u[len(to):].rsplit("/", 1)[0] for u in manifest(tarn, execution)} == {
        "eu/2024-03-01", "us/2024-03-02"}
    assert tarn.client("glue").get_partitions(DatabaseName="w", TableName=t)["Partitions"] == []
    assert tarn.rows(f"select a from {t} where d = '2024-03-02'", "w") == [["2"]]
    assert "projection" in why(tarn, f"insert into {t} values (3, '2023-01-01', 'eu')")
    assert len(keys(tarn, to)) == 2


def test_insert_refuses_other_tables(tarn):
    t, v = name(), name()
    ok(tarn, f"create external table {t} (a string) row format serde "
             f"'org.apache.hadoop.hive.serde2.OpenCSVSerde' location '{place()}'")
    assert why(tarn, f"insert into {t} values ('x')").startswith("HIVE_UNSUPPORTED_FORMAT: ")
    ok(tarn, f"create view {v} as select 1 a")
    assert why(tarn, f"insert into {v} values (1)") == (
        "NOT_SUPPORTED: line 1:1: Inserting into views is not supported")


def test_insert_from_text_and_from_parameters(tarn):
    source, t = name(), name()
    ok(tarn, f"create table {source} with (format = 'TEXTFILE') as select x a, 'v' || "
             "cast(x as varchar) b from unnest(sequence(1, 1000)) u(x)")
    ok(tarn, f"create table {t} with (format = 'JSON') as select * from {source} where a > 900")
    ok(tarn, f"insert into {t} values (?, ?)", ExecutionParameters=["7", "'seven'"])
    assert tarn.rows(f"select count(*), max(b) from {t}", "w") == [["101", "v999"]]
    assert tarn.rows(f"select b from {t} where a = 7", "w") == [["seven"]]


def test_insert_into_a_table_that_a_stream_feeds(tarn):
    """Delivered rows, rows still in the log and inserted rows are all read, each once."""
    t, to = name(), place()
    ok(tarn, f"create external table {t} (a int, b string) partitioned by (d string) stored as "
             f"parquet location '{to}'")
    firehose = tarn.client("firehose")
    bucket, prefix = split(to)
    firehose.create_delivery_stream(
        DeliveryStreamName=t, ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/x", "BucketARN": f"arn:aws:s3:::{bucket}",
            "Prefix": prefix + "d=!{timestamp:yyyy-MM-dd}/", "ErrorOutputPrefix": "errors/",
            "BufferingHints": {"IntervalInSeconds": 900, "SizeInMBs": 128},
            "DataFormatConversionConfiguration": {
                "Enabled": True,
                "SchemaConfiguration": {"DatabaseName": "w", "TableName": t,
                                        "RoleARN": "arn:aws:iam::000000000000:role/x"},
                "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}}}})
    put = lambda a: firehose.put_record(  # noqa: E731
        DeliveryStreamName=t, Record={"Data": json.dumps({"a": a, "b": "s"}).encode()})
    put(1)
    tarn.flush(t)
    put(2)
    [[day]] = tarn.rows(f"select distinct d from {t}", "w")
    ok(tarn, f"insert into {t} values (3, 'i', '{day}'), (4, 'i', '2001-01-01')")
    assert tarn.rows(f"select a, b from {t} order by a", "w") == [
        ["1", "s"], ["2", "s"], ["3", "i"], ["4", "i"]]
    tarn.flush(t)
    ok(tarn, f"insert into {t} select a + 10, b, d from {t} where a < 3")
    assert tarn.rows(f"select a from {t} order by a", "w") == [
        ["1"], ["2"], ["3"], ["4"], ["11"], ["12"]]


def test_worker_killed_in_the_middle(tarn):
    """The write is done again once, with nothing of the first attempt left."""
    t, to = name(), place()
    athena = tarn.client("athena")
    query_id = athena.start_query_execution(
        QueryString=f"create table {t} with (external_location = '{to}') as select x, y from "
                    "unnest(sequence(1, 3000)) a(x), unnest(sequence(1, 2000)) b(y)",
        QueryExecutionContext={"Database": "w"})["QueryExecutionId"]
    killed = 0
    deadline = time.time() + 10
    while not killed and time.time() < deadline:
        if list((tarn.data_dir / "tmp").glob("*.write")):
            for task in os.listdir(f"/proc/{tarn.process.pid}/task"):
                with open(f"/proc/{tarn.process.pid}/task/{task}/children") as f:
                    for pid in f.read().split():
                        os.kill(int(pid), signal.SIGKILL)
                        killed += 1
    state = ""
    while state not in ("SUCCEEDED", "FAILED") and time.time() < deadline + 50:
        time.sleep(0.05)
        state = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"][
            "State"]
    assert state == "SUCCEEDED"
    assert tarn.rows(f"select count(*), count(distinct x) from {t}", "w") == [["6000000", "3000"]]
    assert not list((tarn.data_dir / "tmp").glob("*.write"))


# ---- UNLOAD ----
def test_unload(tarn):
    to = place()
    execution = ok(tarn, f"unload (select x a, x % 2 p from unnest(sequence(1, 4)) u(x)) to '{to}' "
                         "with (format = 'JSON', compression = 'GZIP', partitioned_by = array['p'])")
    assert execution["SubstatementType"] == "UNLOAD" and execution["StatementType"] == "DML"
    files = manifest(tarn, execution)
    lines = {f[len(to):].split("/")[0]: sorted(
        json.loads(line)["a"] for line in gzip.decompress(body(tarn, f)).decode().splitlines())
        for f in files}
    assert lines == {"p=0": [2, 4], "p=1": [1, 3]}
    assert why(tarn, f"unload (select 1 a) to '{to}' with (format = 'JSON')").startswith(
        "HIVE_PATH_ALREADY_EXISTS: ")
    to = place()
    execution = ok(tarn, f"unload (select 1 a, 'b' b) to '{to}' with (format = 'TEXTFILE', "
                         "compression = 'NONE', field_delimiter = '|')")
    assert body(tarn, manifest(tarn, execution)[0]) == b"1|b\n"
    to = place()
    execution = ok(tarn, f"unload (select 1 a, 'b' b) to '{to[:-1]}' with (format = 'PARQUET')")
    assert pq.read_table(io.BytesIO(body(tarn, manifest(tarn, execution)[0]))).to_pylist() == [
        {"a": 1, "b": "b"}]
    assert why(tarn, f"unload (select 1 a) to '{place()}' with (write_compression = 'GZIP')"
               ).startswith("INVALID_TABLE_PROPERTY: line ")
    assert why(tarn, "unload (select 1 a) to '/tmp/x' with (format = 'JSON')").startswith(
        "INVALID_TABLE_PROPERTY: line ")


# ---- all or nothing ----
def test_failure_in_the_middle_leaves_nothing(tarn):
    t, to = name(), place()
    assert "DIVISION_BY_ZERO" in why(tarn, f"create table {t} with (external_location = '{to}', "
                                           "partitioned_by = array['p']) as select "
                                           "1 / (9999 - x) a, x % 7 p from "
                                           "unnest(sequence(1, 10000)) u(x)")
    assert keys(tarn, to) == [] and tarn.rows(f"show tables in w '{t}'", "w") == []
    t2 = name()
    ok(tarn, f"create table {t2} as select 1 a")
    where = table(tarn, t2)["StorageDescriptor"]["Location"]
    before = keys(tarn, where)
    assert "DIVISION_BY_ZERO" in why(tarn, f"insert into {t2} select 1 / (9999 - x) from "
                                           "unnest(sequence(1, 10000)) u(x)")
    assert keys(tarn, where) == before
    assert not list((tarn.data_dir / "tmp").glob("*.write"))


def test_concurrent_inserts_and_readers(tarn):
    """Each INSERT of 3 files is seen whole or not at all."""
    t = name()
    ok(tarn, f"create table {t} with (partitioned_by = array['p']) as select 1 a, 0 p where false")
    ok(tarn, f"insert into {t} values (0, 0), (0, 1), (0, 2)")
    done = threading.Event()
    odd = []

    def read():
        while not done.is_set():
            [[count]] = tarn.rows(f"select count(*) from {t}", "w")
            if int(count) % 3:
                odd.append(count)

    reader = threading.Thread(target=read)
    reader.start()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda i: ok(tarn, f"insert into {t} values ({i}, 0), ({i}, 1), ({i}, 2)"),
                      range(1, 13)))
    done.set()
    reader.join()
    assert odd == []
    assert tarn.rows(f"select count(*), count(distinct a) from {t}", "w") == [["39", "13"]]


def test_two_statements_make_one_table(tarn):
    t = name()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        states = sorted(pool.map(
            lambda i: tarn.query(f"create table {t} as select {i} a", "w")["Status"]["State"],
            range(2)))
    assert states == ["FAILED", "SUCCEEDED"]
    assert tarn.rows(f"select count(*) from {t}", "w") == [["1"]]


def test_cancel_leaves_nothing(tarn):
    t, to = name(), place()
    athena = tarn.client("athena")
    query_id = athena.start_query_execution(
        QueryString=f"create table {t} with (external_location = '{to}') as select a.x * b.x + c.x "
                    "v from unnest(sequence(1, 3000)) a(x), unnest(sequence(1, 3000)) b(x), "
                    "unnest(sequence(1, 3000)) c(x)",
        QueryExecutionContext={"Database": "w"})["QueryExecutionId"]
    time.sleep(1)
    athena.stop_query_execution(QueryExecutionId=query_id)
    deadline = time.time() + 20
    state = ""
    while state not in ("CANCELLED", "FAILED", "SUCCEEDED") and time.time() < deadline:
        time.sleep(0.05)
        state = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"][
            "State"]
    assert state == "CANCELLED"
    assert keys(tarn, to) == [] and tarn.rows(f"show tables in w '{t}'", "w") == []
    assert not list((tarn.data_dir / "tmp").glob("*.write"))


def test_kill_in_the_middle_leaves_nothing(make_server):
    """The server is killed at many moments of a write; what it left is never half a table."""
    server = make_server("killed")
    server.client("s3").create_bucket(Bucket="tarn-writes")
    server.query("create database w")
    ok(server, "create table base with (partitioned_by = array['p']) as select 0 a, 0 p")
    whole = 1
    for i in range(8):
        athena = server.client("athena")
        query_id = athena.start_query_execution(
            QueryString="insert into base select x a, x % 40 p from unnest(sequence(1, 400)) u(x)",
            QueryExecutionContext={"Database": "w"})["QueryExecutionId"]
        time.sleep(0.02 + 0.03 * i)
        server.kill()
        server.start()
        state = server.client("athena").get_query_execution(QueryExecutionId=query_id)[
            "QueryExecution"]["Status"]["State"]
        [[count]] = server.rows("select count(*) from base", "w")
        assert int(count) in (whole, whole + 400)
        assert state in ("SUCCEEDED", "FAILED")
        if state == "SUCCEEDED":
            assert int(count) == whole + 400
        whole = int(count)
        location = server.client("glue").get_table(DatabaseName="w", Name="base")["Table"][
            "StorageDescriptor"]["Location"]
        for key in keys(server, location):
            assert pq.read_metadata(io.BytesIO(body(server, f"s3://{split(location)[0]}/{key}")))


# ---- beside streams, clients ----
def test_awswrangler(tarn, monkeypatch):
    awswrangler = pytest.importorskip("awswrangler")
    import boto3
    for key, value in {"AWS_ENDPOINT_URL": tarn.endpoint, "AWS_ACCESS_KEY_ID": "test",
                       "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(key, value)
    session = boto3.Session(region_name="us-east-1")
    sql = "select 1 as a, 'x' as b, date '2024-01-02' as c union all select 2, null, null"
    for mode in ({"ctas_approach": True}, {"ctas_approach": False, "unload_approach": True},
                 {"ctas_approach": False}):
        frame = awswrangler.athena.read_sql_query(
            sql, database="w", s3_output=f"{OUT}wr-{uuid.uuid4().hex}/", boto3_session=session,
            **mode)
        assert sorted(frame["a"].tolist()) == [1, 2], mode
        assert sorted(frame["b"].dropna().tolist()) == ["x"], mode
