"""CREATE, ALTER and DROP TABLE of Iceberg tables: metadata files that other programs read."""

import json

import pytest


@pytest.fixture(scope="module")
def ice(tarn):
    tarn.client("s3").create_bucket(Bucket="ice")
    assert tarn.query("CREATE DATABASE ice")["Status"]["State"] == "SUCCEEDED"
    return tarn


def run(tarn, sql):
    execution = tarn.query(sql, "ice")
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]


def reason(tarn, sql):
    execution = tarn.query(sql, "ice")
    assert execution["Status"]["State"] == "FAILED", sql
    return execution["Status"]["StateChangeReason"]


def table(tarn, name):
    return tarn.client("glue").get_table(DatabaseName="ice", Name=name)["Table"]


def metadata(tarn, name):
    location = table(tarn, name)["Parameters"]["metadata_location"]
    bucket, key = location[5:].split("/", 1)
    return json.loads(tarn.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def columns(tarn, name):
    return [(c["Name"], c["Type"]) for c in table(tarn, name)["StorageDescriptor"]["Columns"]]


def test_create(ice):
    run(ice, """CREATE TABLE IF NOT EXISTS t (
        id bigint COMMENT 'the key', `data` string, category string, ts timestamp, day_ date, price decimal(10,2),
        tags array<string>, m map<string,int>, s struct<a:int,b:struct<c:double>>)
        PARTITIONED BY (category, bucket(16, id), truncate(data, 4), day(ts), year(day_))
        LOCATION 's3://ice/t/'
        TBLPROPERTIES ('table_type'='ICEBERG', 'format'='parquet', 'write_compression'='zstd',
                       'optimize_rewrite_delete_file_threshold'='10')""")
    found = table(ice, "t")
    assert found["Parameters"]["table_type"] == "ICEBERG" and found["TableType"] == "EXTERNAL_TABLE"
    assert found["PartitionKeys"] == [] and found["StorageDescriptor"]["Location"] == "s3://ice/t"
    first = found["StorageDescriptor"]["Columns"][0]
    assert first == {"Name": "id", "Type": "bigint", "Comment": "the key", "Parameters": {
        "iceberg.field.current": "true", "iceberg.field.id": "1", "iceberg.field.optional": "true"}}
    m = metadata(ice, "t")
    assert m["format-version"] == 2 and m["last-column-id"] == 15 and m["current-snapshot-id"] == -1
    assert [f["name"] + " " + f["transform"] for f in m["partition-specs"][0]["fields"]] == [
        "category identity", "id_bucket bucket[16]", "data_trunc truncate[4]", "ts_day day", "day__year year"]
    assert m["last-partition-id"] == 1004
    assert m["properties"] == {"write.format.default": "parquet", "write.parquet.compression-codec": "zstd",
                               "optimize_rewrite_delete_file_threshold": "10"}
    assert "already exists" in reason(ice, "CREATE TABLE t (a int) LOCATION 's3://ice/u' TBLPROPERTIES ('table_type'='iceberg')")
    run(ice, "CREATE TABLE IF NOT EXISTS t (a int) LOCATION 's3://ice/u' TBLPROPERTIES ('table_type'='iceberg')")


def test_others_read_it(ice):
    from pyiceberg.catalog.glue import GlueCatalog
    catalog = GlueCatalog("tarn", **{
        "client.region": "us-east-1", "client.access-key-id": "test", "client.secret-access-key": "test",
        "glue.endpoint": ice.endpoint, "s3.endpoint": ice.endpoint,
        "glue.region": "us-east-1", "s3.region": "us-east-1"})
    found = catalog.load_table("ice.t")
    assert [str(f.field_type) for f in found.schema().fields] == [
        "long", "string", "string", "timestamp", "date", "decimal(10, 2)", "list<string>", "map<string, int>",
        "struct<13: a: optional int, 14: b: optional struct<15: c: optional double>>"]
    assert len(found.spec().fields) == 5


def test_alter(ice):
    run(ice, "CREATE TABLE a (x int, y float, z decimal(5,2), p string, s struct<i:int>) PARTITIONED BY (p) "
             "LOCATION 's3://ice/a' TBLPROPERTIES ('table_type'='ICEBERG')")
    before = table(ice, "a")["Parameters"]["metadata_location"]
    run(ice, "ALTER TABLE a ADD COLUMNS (n bigint COMMENT 'new', arr array<struct<k:int>>)")
    after = table(ice, "a")["Parameters"]
    assert after["previous_metadata_location"] == before and "/metadata/00001-" in after["metadata_location"]
    run(ice, "ALTER TABLE a CHANGE COLUMN x x2 bigint COMMENT 'wider' AFTER y")
    run(ice, "ALTER TABLE a CHANGE y y double FIRST")
    run(ice, "ALTER TABLE a CHANGE z z decimal(9,2)")
    run(ice, "ALTER TABLE a CHANGE s s struct<i:int>")
    run(ice, "ALTER TABLE a DROP COLUMN n")
    assert columns(ice, "a") == [("y", "double"), ("x2", "bigint"), ("z", "decimal(9,2)"), ("p", "string"),
                                 ("s", "struct<i:int>"), ("arr", "array<struct<k:int>>")]
    m = metadata(ice, "a")
    assert len(m["schemas"]) == 7 and m["current-schema-id"] == 6 and len(m["metadata-log"]) == 6
    current = {f["name"]: f["id"] for f in m["schemas"][-1]["fields"]}
    assert current == {"y": 2, "x2": 1, "z": 3, "p": 4, "s": 5, "arr": 8}
    run(ice, "ALTER TABLE a SET TBLPROPERTIES ('write_compression'='snappy', 'vacuum_min_snapshots_to_keep'='3')")
    assert metadata(ice, "a")["properties"] == {"write.parquet.compression-codec": "snappy", "vacuum_min_snapshots_to_keep": "3"}
    run(ice, "ALTER TABLE a UNSET TBLPROPERTIES ('write_compression')")
    assert metadata(ice, "a")["properties"] == {"vacuum_min_snapshots_to_keep": "3"}
    for sql, text in [("DROP COLUMN p", "Cannot drop partition field: p"), ("DROP COLUMN q", "Column q does not exist"),
                      ("ADD COLUMNS (Y int)", "Column y already exists"), ("CHANGE x2 x2 int", "Cannot change column type: x2: bigint -> int"),
                      ("CHANGE x2 z bigint", "Column z already exists"), ("ADD COLUMNS (q tinyint)", "no tinyint"),
                      ("SET TBLPROPERTIES ('k'='v')", "Unsupported table property key: k"),
                      ("ADD PARTITION (p='x')", "not supported for Iceberg tables")]:
        assert text in reason(ice, "ALTER TABLE a " + sql), sql
    run(ice, "ALTER TABLE a RENAME TO b")
    assert columns(ice, "b")[0] == ("y", "double")
    assert "not found" in reason(ice, "DESCRIBE a") or "not found" in reason(ice, "SHOW COLUMNS IN a")


def test_drop_takes_the_data(ice):
    s3 = ice.client("s3")
    run(ice, "CREATE TABLE d (x int) LOCATION 's3://ice/d' TBLPROPERTIES ('table_type'='ICEBERG')")
    s3.put_object(Bucket="ice", Key="d/data/a.parquet", Body=b"x")
    s3.put_object(Bucket="ice", Key="d2/a", Body=b"stays")
    run(ice, "DROP TABLE d")
    assert "Contents" not in s3.list_objects_v2(Bucket="ice", Prefix="d/")
    assert s3.list_objects_v2(Bucket="ice", Prefix="d2/")["KeyCount"] == 1


@pytest.mark.parametrize("sql,text", [
    ("CREATE TABLE e (x tinyint) LOCATION 's3://ice/e' TBLPROPERTIES ('table_type'='ICEBERG')", "no tinyint"),
    ("CREATE TABLE e (x int) PARTITIONED BY (y) LOCATION 's3://ice/e' TBLPROPERTIES ('table_type'='ICEBERG')", "Cannot find source column: y"),
    ("CREATE TABLE e (x int) PARTITIONED BY (bucket(x)) LOCATION 's3://ice/e' TBLPROPERTIES ('table_type'='ICEBERG')", "bucket needs a number"),
    ("CREATE TABLE e (x int) PARTITIONED BY (week(x)) LOCATION 's3://ice/e' TBLPROPERTIES ('table_type'='ICEBERG')", "Unknown transform week"),
    ("CREATE TABLE e (x int, X int) LOCATION 's3://ice/e' TBLPROPERTIES ('table_type'='ICEBERG')", "Duplicate column name: x"),
    ("CREATE TABLE e (x int) LOCATION 's3://none-there/e' TBLPROPERTIES ('table_type'='ICEBERG')", "bucket"),
    ("CREATE TABLE e (x int) LOCATION 's3://ice/e' TBLPROPERTIES ('table_type'='ICEBERG', 'format'='csv')", "Unsupported file format: csv"),
    ("CREATE TABLE nodb.e (x int) LOCATION 's3://ice/e' TBLPROPERTIES ('table_type'='ICEBERG')", "Database does not exist: nodb"),
    ("SELECT * FROM b", "NOT_SUPPORTED"),
])
def test_refusals(ice, sql, text):
    assert text in reason(ice, sql)
    assert ice.client("s3").list_objects_v2(Bucket="ice", Prefix="e/")["KeyCount"] == 0


def test_glue_makes_one(ice):
    glue = ice.client("glue")
    glue.create_table(DatabaseName="ice", OpenTableFormatInput={"IcebergInput": {"MetadataOperation": "CREATE", "Version": "2"}},
                      TableInput={"Name": "G", "TableType": "EXTERNAL_TABLE", "Parameters": {"k": "v"}, "StorageDescriptor": {
                          "Location": "s3://ice/g/", "Columns": [{"Name": "a", "Type": "int", "Comment": "c"}]}})
    found = table(ice, "g")
    assert found["Parameters"]["table_type"] == "ICEBERG" and found["Parameters"]["k"] == "v"
    assert found["StorageDescriptor"]["Columns"][0]["Parameters"]["iceberg.field.id"] == "1"
    assert metadata(ice, "g")["schemas"][0]["fields"] == [{"id": 1, "name": "a", "required": False, "type": "int", "doc": "c"}]
    run(ice, "ALTER TABLE g ADD COLUMNS (b string)")
    with pytest.raises(Exception, match="InvalidInputException"):
        glue.create_table(DatabaseName="ice", OpenTableFormatInput={"IcebergInput": {"MetadataOperation": "CREATE"}},
                          TableInput={"Name": "h", "StorageDescriptor": {"Location": "s3://ice/h", "Columns": [{"Name": "a", "Type": "char(3)"}]}})


def test_rows_are_not_changed(ice):
    run(ice, "CREATE EXTERNAL TABLE hive (a int, dt string) LOCATION 's3://ice/hive'")
    run(ice, "CREATE TABLE rows (a int) LOCATION 's3://ice/rows' TBLPROPERTIES ('table_type'='ICEBERG')")
    modify = "NOT_SUPPORTED: Modifying Hive table rows is only supported for transactional tables"
    merge = "MERGE INTO {} t USING s ON t.a = s.a WHEN MATCHED THEN DELETE"
    for sql, text in [("DELETE FROM hive WHERE a = 1", modify), ("UPDATE hive SET a = 1", modify), (merge.format("hive"), modify),
                      ("VACUUM hive", "NOT_SUPPORTED: VACUUM is only supported for Iceberg tables"),
                      ("OPTIMIZE hive REWRITE DATA USING BIN_PACK", "NOT_SUPPORTED: OPTIMIZE is only supported for Iceberg tables"),
                      ("DELETE FROM rows", "NOT_SUPPORTED: 'ice.rows' is an Iceberg table"),
                      ("DELETE FROM nothing", "TABLE_NOT_FOUND: line 1:13: Table 'awsdatacatalog.ice.nothing' does not exist"),
                      (merge.format("nodb.x"), "SCHEMA_NOT_FOUND: line 1:12: Schema 'nodb' does not exist"),
                      ("UPDATE other.d.t SET a = 1", "CATALOG_NOT_FOUND"),
                      ("SELECT * FROM nothing FOR VERSION AS OF 1", "TABLE_NOT_FOUND: line 1:15"),
                      ("SELECT * FROM hive FOR TIMESTAMP AS OF now() - interval '1' day", "NOT_SUPPORTED: line 1:15: This connector does not support versioned tables"),
                      ("ALTER TABLE nothing DROP COLUMN a", "not found"), ("ALTER TABLE hive DROP COLUMN a", "mismatched input 'COLUMN' expecting PARTITION"),
                      ("ALTER TABLE hive RENAME TO x", "Query type not supported by DDL engine.")]:
        found = reason(ice, sql)
        assert text in found, (sql, found)


def test_partition_values_with_a_type(ice):
    run(ice, "CREATE EXTERNAL TABLE dated (a int) PARTITIONED BY (dt date, h int) LOCATION 's3://ice/dated'")
    run(ice, "ALTER TABLE dated ADD PARTITION (dt=DATE '2017-01-01', h=1)")
    assert ice.rows("SHOW PARTITIONS ice.dated") == [["dt=2017-01-01/h=1"]]
    run(ice, "ALTER TABLE dated DROP PARTITION (dt=DATE '2017-01-01', h=1)")
