"""Athena's DDL: ALTER, SHOW, DESCRIBE and MSCK, with Hive's texts."""
import threading

import pytest

JSON_SERDE = "org.openx.data.jsonserde.JsonSerDe"
LAZY_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
TASK = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "


def reason(tarn, sql, database=None):
    status = tarn.query(sql, database)["Status"]
    assert status["State"] == "FAILED", sql
    return status["StateChangeReason"]


def lines(tarn, sql, database=None):
    return [row[0] for row in tarn.rows(sql, database)]


def table(tarn, database, name):
    return tarn.client("glue").get_table(DatabaseName=database, Name=name)["Table"]


def columns(tarn, database, name):
    return [(c["Name"], c["Type"]) for c in table(tarn, database, name)["StorageDescriptor"]["Columns"]]


@pytest.fixture()
def db(tarn):
    tarn.rows("create database ddl_db")
    yield "ddl_db"
    tarn.rows("drop database if exists ddl_db cascade")


@pytest.fixture()
def logs(tarn, db):
    tarn.rows("create external table ddl_db.logs (id bigint comment 'the key', s string) "
              "partitioned by (dt string, h int) location 's3://ddl-logs/t'")
    tarn.rows("alter table ddl_db.logs add partition (dt='1', h=1) partition (dt='1', h=2) "
              "partition (dt='2', h=1)")
    return "ddl_db.logs"


# ---- columns ----
def test_add_columns(tarn, logs):
    execution = tarn.query(f"alter table {logs} add columns (a int comment 'new', B array<string>)")
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert (execution["StatementType"], execution["SubstatementType"]) == ("DDL", "ALTER_TABLE_ADD_COLUMN")
    t = table(tarn, "ddl_db", "logs")
    assert t["StorageDescriptor"]["Columns"] == [
        {"Name": "id", "Type": "bigint", "Comment": "the key"}, {"Name": "s", "Type": "string"},
        {"Name": "a", "Type": "int", "Comment": "new"}, {"Name": "b", "Type": "array<string>"}]
    assert t["VersionId"] == "1" and t["Parameters"]["last_modified_by"] == "hadoop"
    assert t["Parameters"]["EXTERNAL"] == "TRUE"
    assert [k["Name"] for k in t["PartitionKeys"]] == ["dt", "h"]
    assert reason(tarn, f"alter table {logs} add columns (c int, ID int)") == (
        TASK + "Duplicate column name: id")
    assert reason(tarn, f"alter table {logs} add columns (c int, c int)") == (
        TASK + "Duplicate column name: c")
    assert reason(tarn, f"alter table {logs} add columns (dt int)") == (
        TASK + "Partition column name dt conflicts with table columns.")
    assert reason(tarn, "alter table ddl_db.gone add columns (c int)") == (
        "FAILED: SemanticException [Error 10001]: Table not found ddl_db.gone")
    assert "decimal" in reason(tarn, f"alter table {logs} add columns (c decimal(99,2))")
    assert table(tarn, "ddl_db", "logs")["VersionId"] == "1"


def partition(tarn, *values):
    return tarn.client("glue").get_partition(
        DatabaseName="ddl_db", TableName="logs", PartitionValues=list(values))["Partition"]


def test_partition_columns(tarn, logs):
    tarn.rows(f"alter table {logs} partition (dt='1', h=2) add columns (a int)")
    tarn.rows(f"alter table {logs} partition (dt='1') replace columns (x string)")
    for values, want in ((("1", "1"), ["x"]), (("1", "2"), ["x"]), (("2", "1"), ["id", "s"])):
        assert [c["Name"] for c in partition(tarn, *values)["StorageDescriptor"]["Columns"]] == want
    assert columns(tarn, "ddl_db", "logs") == [("id", "bigint"), ("s", "string")]
    assert reason(tarn, f"alter table {logs} partition (dt='9', h=1) add columns (a int)") == (
        "FAILED: SemanticException [Error 10006]: Partition not found {dt=9, h=1}")
    assert "non-partition columns" in reason(
        tarn, f"alter table {logs} partition (x='9') add columns (a int)")


def test_replace_columns(tarn, db):
    tarn.rows("create external table ddl_db.t (a int, b int) location 's3://ddl-x/'")
    tarn.rows("alter table ddl_db.t replace columns (b string, c date)")
    assert columns(tarn, "ddl_db", "t") == [("b", "string"), ("c", "date")]
    assert reason(tarn, "alter table ddl_db.t replace columns (a int, A int)") == (
        TASK + "Duplicate column name a in the table definition.")
    tarn.rows(f"create external table ddl_db.j (a int) row format serde '{JSON_SERDE}' "
              "location 's3://ddl-x/'")
    assert reason(tarn, "alter table ddl_db.j replace columns (b int)") == (
        TASK + "Replace columns is not supported for table ddl_db.j. SerDe may be incompatible.")


def test_change_column(tarn, db):
    tarn.rows("create external table ddl_db.t (a int comment 'one', b int, c int) location 's3://ddl-x/'")

    def change(text):
        tarn.rows(f"alter table ddl_db.t change {text}")
        return [f"{n} {t}" for n, t in columns(tarn, "ddl_db", "t")]

    assert change("a a bigint") == ["a bigint", "b int", "c int"]
    assert table(tarn, "ddl_db", "t")["StorageDescriptor"]["Columns"][0]["Comment"] == "one"
    assert change("column c z string comment 'last' first") == ["z string", "a bigint", "b int"]
    assert change("column z z string after b") == ["a bigint", "b int", "z string"]
    assert change("column z z string after a") == ["a bigint", "z string", "b int"]
    assert change("column `a` `a` bigint after z") == ["z string", "a bigint", "b int"]
    assert reason(tarn, "alter table ddl_db.t change a b int") == TASK + "Duplicate column name: b"
    assert reason(tarn, "alter table ddl_db.t change x y int") == TASK + "Invalid column reference x"
    assert reason(tarn, "alter table ddl_db.t change a y int after x") == (
        TASK + "Invalid column reference x")
    assert change("a a bigint") == ["z string", "a bigint", "b int"]


def test_only_iceberg(tarn, logs):
    assert reason(tarn, f"alter table {logs} rename to u") == "Query type not supported by DDL engine."
    assert reason(tarn, f"alter table {logs} unset tblproperties ('a')") == (
        "Query type not supported by DDL engine.")
    assert reason(tarn, f"alter table {logs} drop column id") == (
        "FAILED: ParseException line 1:29 mismatched input 'COLUMN' expecting PARTITION near 'DROP' "
        "in drop partition statement")
    assert columns(tarn, "ddl_db", "logs") == [("id", "bigint"), ("s", "string")]


def test_error_types(tarn, logs):
    def error(sql):
        e = tarn.query(sql)["Status"]["AthenaError"]
        return e["ErrorCategory"], e["ErrorType"]

    assert error(f"alter table {logs} rename to u") == (2, 1006)
    assert error(f"alter table {logs} drop column id") == (2, 1006)
    assert error(f"alter table {logs} add columns (id int)") == (2, 1100)
    assert error("select 1 from ddl_db.gone") == (2, 1301)


# ---- locations and properties ----
def test_set_location(tarn, logs):
    tarn.rows(f"alter table {logs} set location 's3://ddl-logs/other/'")
    assert table(tarn, "ddl_db", "logs")["StorageDescriptor"]["Location"] == "s3://ddl-logs/other/"
    tarn.rows(f"alter table {logs} partition (dt='2', h=1) set location 's3://ddl-logs/two/'")
    assert partition(tarn, "2", "1")["StorageDescriptor"]["Location"] == "s3://ddl-logs/two/"
    assert partition(tarn, "1", "1")["StorageDescriptor"]["Location"] == "s3://ddl-logs/t/dt=1/h=1/"
    assert reason(tarn, f"alter table {logs} set location '/x'") == (
        TASK + "/x  is not absolute or has no scheme information.  Please specify a complete "
        "absolute uri with scheme information.")
    assert "is not an S3 location" in reason(tarn, f"alter table {logs} set location 'hdfs://x/y'")
    assert "does not allow partial partition spec" in reason(
        tarn, f"alter table {logs} partition (dt='1') set location 's3://ddl-logs/two/'")


def test_moved_partition_is_read_there(tarn, db):
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="ddl-move")
    s3.put_object(Bucket="ddl-move", Key="a/dt=1/x.json", Body=b'{"n": 1}')
    s3.put_object(Bucket="ddl-move", Key="b/x.json", Body=b'{"n": 2, "m": "x"}')
    tarn.rows("create external table ddl_db.t (n int) partitioned by (dt string) "
              f"row format serde '{JSON_SERDE}' location 's3://ddl-move/a/'")
    tarn.rows("alter table ddl_db.t add partition (dt='1')")
    assert tarn.rows("select n, dt from ddl_db.t") == [["1", "1"]]
    tarn.rows("alter table ddl_db.t partition (dt='1') set location 's3://ddl-move/b/'")
    tarn.rows("alter table ddl_db.t partition (dt='1') rename to partition (dt='one')")
    tarn.rows("alter table ddl_db.t add columns (m string)")
    assert tarn.rows("select n, m, dt from ddl_db.t where dt = 'one'") == [["2", "x", "one"]]
    assert tarn.rows("select n from ddl_db.t where dt = '1'") == []


def test_properties(tarn, logs):
    tarn.rows(f"""alter table {logs} set tblproperties ('notes'="don't", 'compression_level'=4,
                  'EXTERNAL'='FALSE', 'notes'="don't drop")""")
    params = table(tarn, "ddl_db", "logs")["Parameters"]
    assert params["notes"] == "don't drop" and params["compression_level"] == "4"
    assert params["EXTERNAL"] == "TRUE"
    shown = dict(line.split("\t") for line in lines(tarn, f"show tblproperties {logs}"))
    assert shown == params
    assert lines(tarn, f"show tblproperties {logs} ('notes')") == ["don't drop"]
    assert lines(tarn, f"show tblproperties {logs}('gone')") == [
        "Table ddl_db.logs does not have property: gone"]
    assert tarn.query(f"show tblproperties {logs}")["SubstatementType"] == "SHOW_TABLE_PROPERTIES"


def test_database_properties(tarn, db):
    glue = tarn.client("glue")
    tarn.rows("alter database ddl_db set dbproperties ('a'='1', 'b'='2')")
    tarn.rows("ALTER SCHEMA ddl_db SET DBPROPERTIES ('b'='3', 'c'='4')")
    assert glue.get_database(Name="ddl_db")["Database"]["Parameters"] == {"a": "1", "b": "3", "c": "4"}
    assert reason(tarn, "alter database gone set dbproperties ('a'='b')") == (
        "FAILED: SemanticException [Error 10072]: Database does not exist: gone")


# ---- partitions ----
def test_rename_partition(tarn, logs):
    tarn.rows(f"alter table {logs} partition (dt='1', h=1) rename to partition (h=7, dt='0')")
    assert lines(tarn, f"show partitions {logs}") == ["dt=0/h=7", "dt=1/h=2", "dt=2/h=1"]
    assert partition(tarn, "0", "7")["StorageDescriptor"]["Location"] == "s3://ddl-logs/t/dt=1/h=1/"
    assert reason(tarn, f"alter table {logs} partition (dt='1', h=1) rename to partition (dt='3', h=1)") == (
        "FAILED: SemanticException [Error 10006]: Partition not found {dt=1, h=1}")
    assert reason(tarn, f"alter table {logs} partition (dt='1', h=2) rename to partition (dt='2', h=1)") == (
        TASK + "Unable to rename partition. Partition already exists:ddl_db.logs.[2, 1]")
    assert "doesn't contain all (2) partition columns" in reason(
        tarn, f"alter table {logs} partition (dt='1') rename to partition (dt='2')")


def test_drop_is_all_or_nothing(tarn, logs):
    assert reason(tarn, f"alter table {logs} drop partition (dt='1'), partition (dt='9')") == (
        "FAILED: SemanticException [Error 10006]: Partition not found {dt=9}")
    assert len(lines(tarn, f"show partitions {logs}")) == 3
    tarn.rows(f"alter table {logs} drop if exists partition (dt='9'), partition (h=1)")
    assert lines(tarn, f"show partitions {logs}") == ["dt=1/h=2"]


def test_alters_at_once_lose_nothing(tarn, logs):
    failures = []

    def run(i):
        try:
            tarn.rows(f"alter table {logs} set tblproperties ('k{i}'='{i}')")
            tarn.rows(f"alter table {logs} add columns (c{i} int)")
            tarn.rows(f"alter table {logs} partition (dt='1') add columns (c{i} int)")
            tarn.rows(f"alter database ddl_db set dbproperties ('k{i}'='{i}')")
        except Exception as e:  # noqa: BLE001
            failures.append(e)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures
    t = table(tarn, "ddl_db", "logs")
    assert {f"k{i}" for i in range(8)} <= t["Parameters"].keys() and t["VersionId"] == "16"
    wanted = {"id", "s"} | {f"c{i}" for i in range(8)}
    assert {c["Name"] for c in t["StorageDescriptor"]["Columns"]} == wanted
    assert {c["Name"] for c in partition(tarn, "1", "2")["StorageDescriptor"]["Columns"]} == wanted
    database = tarn.client("glue").get_database(Name="ddl_db")["Database"]
    assert {f"k{i}" for i in range(8)} <= database["Parameters"].keys()


# ---- SHOW CREATE TABLE ----
CREATED = """CREATE EXTERNAL TABLE `ddl_db.hits`(
  `id` bigint COMMENT 'the \\'key\\'',\x20
  `user id` struct<a:int,b:array<string>>)
COMMENT 'all hits'
PARTITIONED BY (\x20
  `dt` string COMMENT 'the day',\x20
  `h` int)
ROW FORMAT SERDE\x20
  'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'\x20
WITH SERDEPROPERTIES (\x20
  'k'='v\\\\w')\x20
STORED AS INPUTFORMAT\x20
  'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'\x20
OUTPUTFORMAT\x20
  'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
LOCATION
  's3://ddl-hits/t'
TBLPROPERTIES (
  'parquet.compression'='ZSTD',\x20
  'projection.dt.format'='yyyy-MM-dd',\x20
  'projection.dt.range'='2020-01-01,NOW',\x20
  'projection.dt.type'='date',\x20
  'projection.enabled'='true',\x20
  'projection.h.range'='0,23',\x20
  'projection.h.type'='integer',\x20
  'transient_lastDdlTime'='1587610521')"""


def test_show_create(tarn, db):
    tarn.rows(CREATED)
    execution = tarn.query("show create table ddl_db.hits")
    assert (execution["StatementType"], execution["SubstatementType"]) == ("UTILITY", "SHOW_CREATE_TABLE")
    assert lines(tarn, "show create table ddl_db.hits") == CREATED.split("\n")
    assert lines(tarn, "show create table hits", "ddl_db")[0] == "CREATE EXTERNAL TABLE `hits`("
    assert reason(tarn, "show create table ddl_db.gone") == (
        "FAILED: SemanticException [Error 10001]: Table not found ddl_db.gone")


CREATES = [
    "create external table ddl_db.t (a int, b map<string,string>) row format delimited "
    "fields terminated by '\\t' escaped by '\\\\' collection items terminated by '|' "
    "map keys terminated by ':' lines terminated by '\\n' null defined as '-' location 's3://ddl-x/'",
    "create external table ddl_db.t (a int) row format delimited fields terminated by '\\001' "
    "location 's3://ddl-x/' tblproperties ('skip.header.line.count'='1')",
    "create external table ddl_db.t (a int) row format delimited null defined as '' location 's3://ddl-x/'",
    f"create external table ddl_db.t (a int, `from` string) row format serde '{JSON_SERDE}' with "
    "serdeproperties ('mapping.a'='A', 'serialization.format'='2') location 's3://ddl-x/'",
    "create external table ddl_db.t (a string) row format serde "
    "'org.apache.hadoop.hive.serde2.OpenCSVSerde' with serdeproperties ('separatorChar'=';', "
    "'quoteChar'='\"', 'escapeChar'='\\\\') location 's3://ddl-x/'",
    "create external table ddl_db.t (a string, b int) clustered by (a, b) sorted by (b desc) into 8 "
    "buckets stored as orc location 's3://ddl-x/' tblproperties ('note'='tab\\tand\\nline; \"x\" é')",
    "create external table ddl_db.t (a string comment 'a\\nb\\\\c') comment 'it\\'s' location 's3://ddl-x/'",
]


@pytest.mark.parametrize("sql", CREATES)
def test_show_create_makes_the_same_table(tarn, db, sql):
    def stored():
        t = table(tarn, "ddl_db", "t")
        for k in ("CreateTime", "UpdateTime"):
            t.pop(k)
        return t

    tarn.rows(sql)
    first, text = stored(), "\n".join(lines(tarn, "show create table ddl_db.t"))
    tarn.rows("drop table ddl_db.t")
    tarn.rows(text)
    assert stored() == first
    assert "\n".join(lines(tarn, "show create table ddl_db.t")) == text


def test_show_create_of_glue_tables(tarn, db):
    glue = tarn.client("glue")
    glue.create_table(DatabaseName="ddl_db", TableInput={"Name": "bare"})
    assert lines(tarn, "show create table ddl_db.bare") == ["CREATE TABLE `ddl_db.bare`"]
    glue.create_table(DatabaseName="ddl_db", TableInput={
        "Name": "j", "TableType": "EXTERNAL_TABLE", "StorageDescriptor": {
            "Columns": [{"Name": "a", "Type": "string"}], "Location": "s3://ddl-x/",
            "SerdeInfo": {"SerializationLibrary": JSON_SERDE}}})
    assert lines(tarn, "show create table ddl_db.j") == [
        "CREATE EXTERNAL TABLE `ddl_db.j`(", "  `a` string COMMENT 'from deserializer')",
        "ROW FORMAT SERDE ", f"  '{JSON_SERDE}' ", "LOCATION", "  's3://ddl-x/'"]


# ---- DESCRIBE ----
def row(*fields):
    return "\t".join(f.ljust(20) for f in fields)


EMPTY = "\t \t "
HEADER = "# col_name            \tdata_type           \tcomment             "


def test_describe(tarn, logs):
    tarn.rows(f"alter table {logs} set tblproperties ('transient_lastDdlTime'='5')")
    head = [row("id", "bigint", "the key"), row("s", "string", ""), row("dt", "string", ""),
            row("h", "int", ""), EMPTY, "# Partition Information\t \t ", HEADER, EMPTY,
            row("dt", "string", ""), row("h", "int", "")]
    assert lines(tarn, f"describe {logs}") == head
    assert lines(tarn, f"desc {logs}") == head
    extended = lines(tarn, f"describe extended {logs}")
    assert extended[:-1] == head + [EMPTY]
    assert extended[-1].startswith(
        "Detailed Table Information\tTable(tableName:logs, dbName:ddl_db, owner:hadoop, createTime:")
    assert ("cols:[FieldSchema(name:id, type:bigint, comment:the key), FieldSchema(name:s, type:string, "
            "comment:null), FieldSchema(name:dt, type:string, comment:null)") in extended[-1]
    assert "location:s3://ddl-logs/t, " in extended[-1]
    assert extended[-1].endswith("viewOriginalText:null, viewExpandedText:null, tableType:EXTERNAL_TABLE)\t")
    formatted = lines(tarn, f"describe formatted {logs}")
    assert formatted[:9] == [HEADER, EMPTY] + head[:2] + head[4:9]
    assert "# Detailed Table Information\t \t " in formatted
    assert row("Database:", "ddl_db") + "\t " in formatted
    assert row("Location:", "s3://ddl-logs/t") + "\t " in formatted
    assert "\t" + row("EXTERNAL", "TRUE") in formatted
    assert row("SerDe Library:", LAZY_SERDE) + "\t " in formatted
    assert "\t" + row("serialization.format", "1") in formatted
    created = next(line for line in formatted if line.startswith("CreateTime:"))
    assert " UTC 20" in created


def test_describe_partition(tarn, logs):
    tarn.rows(f"alter table {logs} partition (dt='1', h=2) add columns (extra int)")
    assert lines(tarn, f"describe {logs} partition (dt='1', h=2)")[2] == row("extra", "int", "")
    extended = lines(tarn, f"describe extended {logs} partition (dt='1', h=2)")
    assert extended[-1].startswith("Detailed Partition Information\tPartition(values:[1, 2], dbName:ddl_db")
    formatted = lines(tarn, f"describe formatted {logs} partition (h=2, dt='1')")
    assert row("Partition Value:", "[1, 2]") + "\t " in formatted
    assert row("Location:", "s3://ddl-logs/t/dt=1/h=2/") + "\t " in formatted
    assert reason(tarn, f"describe {logs} partition (dt='9', h=9)") == (
        "FAILED: SemanticException [Error 10006]: Partition not found {dt=9, h=9}")


def test_describe_column(tarn, db):
    tarn.rows("create external table ddl_db.t (a int comment 'x', s struct<f:int,g:array<map<string,double>>>) "
              "partitioned by (dt string) location 's3://ddl-x/'")
    of = "from deserializer"
    assert lines(tarn, "describe ddl_db.t a") == [row("a", "int", of)]
    assert lines(tarn, "describe ddl_db.t dt") == [row("dt", "string", of)]
    assert lines(tarn, "describe ddl_db.t s") == [
        row("f", "int", of), row("g", "array<map<string,double>>", of)]
    assert lines(tarn, "describe ddl_db.t s.g.'$elem$'.'$value$'") == [row("$value$", "double", of)]
    execution = tarn.query("describe formatted ddl_db.t a")
    result = tarn.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])
    names = [c["Name"] for c in result["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
    assert len(names) == 11 and names[2:5] == ["min", "max", "num_nulls"]
    assert reason(tarn, "describe ddl_db.t x") == TASK + "cannot find field x from [0:a, 1:s]"
    assert reason(tarn, "describe ddl_db.t s.x") == TASK + "MetaException(message:Invalid Field x)"


def test_show_tables_patterns(tarn, db):
    for name in ("flights_2016", "flights_parquet", "alb_logs", "view_2016_flights_dfw"):
        tarn.rows(f"create external table ddl_db.{name} (a int) location 's3://ddl-x/'")
    flights = ["flights_2016", "flights_parquet", "view_2016_flights_dfw"]
    assert lines(tarn, "show tables in ddl_db '*flights*'") == flights
    assert lines(tarn, "show tables in ddl_db '.*flights.*'") == flights
    assert lines(tarn, "SHOW TABLES FROM ddl_db LIKE '*logs|flights_p*'") == ["alb_logs", "flights_parquet"]
    assert lines(tarn, "show tables 'FLIGHTS*'", "ddl_db") == flights[:2]
    assert lines(tarn, "show tables 'flights'", "ddl_db") == []


# ---- MSCK ----
def test_repair_reports(tarn, db):
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="ddl-msck")
    for key in ("t/dt=1/a.json", "t/dt=3/a.json", "elsewhere/a.json"):
        s3.put_object(Bucket="ddl-msck", Key=key, Body=b'{"n": 1}')
    tarn.rows(f"create external table ddl_db.t (n int) partitioned by (dt string) "
              f"row format serde '{JSON_SERDE}' location 's3://ddl-msck/t/'")
    tarn.rows("alter table ddl_db.t add partition (dt='0') partition (dt='1') partition (dt='2') "
              "partition (dt='x') location 's3://ddl-msck/elsewhere/'")
    assert tarn.query("msck repair table ddl_db.t")["SubstatementType"] == "MSCK_REPAIR"
    s3.put_object(Bucket="ddl-msck", Key="t/dt=4/a.json", Body=b'{"n": 1}')
    assert lines(tarn, "msck repair table ddl_db.t") == [
        "Partitions not in metastore:\tt:dt=4",
        "Partitions missing from filesystem:\tt:dt=0\tt:dt=2",
        "Repair: Added partition to metastore t:dt=4"]
    assert lines(tarn, "msck repair table ddl_db.t") == [
        "Partitions missing from filesystem:\tt:dt=0\tt:dt=2"]
    assert lines(tarn, "show partitions ddl_db.t") == [f"dt={v}" for v in "01234x"]
    tarn.rows("alter table ddl_db.t set location 's3://ddl-msck/nothing/'")
    assert lines(tarn, "msck repair table ddl_db.t") == ["Tables missing on filesystem:\tt"]
    assert lines(tarn, "msck repair table ddl_db.gone") == ["Tables not in metastore:\tgone"]
