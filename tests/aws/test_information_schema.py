"""information_schema: the catalogue as tables, from every database; and "table$partitions"."""

import time

import pytest

TABLES = ["applicable_roles", "columns", "enabled_roles", "role_authorization_descriptors", "roles",
          "schemata", "table_privileges", "tables", "views"]


def failure(tarn, sql, database=None):
    execution = tarn.query(sql, database)
    assert execution["Status"]["State"] == "FAILED", sql
    return execution["Status"]["StateChangeReason"]


@pytest.fixture(scope="module", autouse=True)
def tables(tarn):
    tarn.client("s3").create_bucket(Bucket="info")
    for sql in (
            "create database one", "create database two",
            "create external table one.facts (id bigint comment 'the key', price decimal(10,2), "
            "tags array<struct<k:string,v:int>>, seen timestamp) partitioned by "
            "(dt date comment 'day', hour int) location 's3://info/facts/'",
            "create external table one.plain (c char(3), b binary, f float) "
            "location 's3://info/plain/'",
            "create external table two.plain (s string) location 's3://info/two/'",
            "create view one.v as select id, dt from one.facts"):
        assert tarn.query(sql)["Status"]["State"] == "SUCCEEDED", sql


def test_schemata(tarn):
    rows = tarn.rows("select * from information_schema.schemata order by 2")
    assert ["awsdatacatalog", "one"] in rows and ["awsdatacatalog", "two"] in rows
    assert ["awsdatacatalog", "information_schema"] in rows
    assert tarn.rows("select schema_name from information_schema.schemata where schema_name = "
                     "'one' or schema_name = 'none'") == [["one"]]
    assert tarn.rows("select count(*) from information_schema.schemata where schema_name like "
                     "'tw%'") == [["1"]]


def test_tables(tarn):
    sql = "select table_schema, table_name, table_type from {} where table_schema = 'one' order by 2"
    wanted = [["one", "facts", "BASE TABLE"], ["one", "plain", "BASE TABLE"], ["one", "v", "VIEW"]]
    for name in ("information_schema.tables", "awsdatacatalog.information_schema.tables",
                 '"AwsDataCatalog"."information_schema"."tables"',
                 '"two"."information_schema"."tables"', "INFORMATION_SCHEMA.TABLES"):
        assert tarn.rows(sql.format(name)) == wanted, name
    assert tarn.rows("select table_name from tables where table_schema in ('one', 'two') and "
                     "table_name = 'plain'", "information_schema") == [["plain"], ["plain"]]
    assert tarn.rows("select table_schema from information_schema.tables where table_name = "
                     "'plain' order by 1") == [["one"], ["two"]]
    assert tarn.rows("select table_name from information_schema.tables where table_schema = "
                     "'information_schema' order by 1") == [[t] for t in TABLES]
    assert tarn.rows("select count(*) from information_schema.tables where table_schema = 'no'") == [
        ["0"]]
    assert tarn.rows("select count(*) from information_schema.tables where 1 = 0") == [["0"]]


def test_columns(tarn):
    rows = tarn.rows("select * from information_schema.columns where table_schema = 'one' and "
                     "table_name = 'facts' order by ordinal_position")
    head = ["awsdatacatalog", "one", "facts"]
    assert rows == [
        head + ["id", "1", None, "YES", "bigint", "the key", None],
        head + ["price", "2", None, "YES", "decimal(10,2)", None, None],
        head + ["tags", "3", None, "YES", "array(row(k varchar, v integer))", None, None],
        head + ["seen", "4", None, "YES", "timestamp(3)", None, None],
        head + ["dt", "5", None, "YES", "date", "day", "partition key"],
        head + ["hour", "6", None, "YES", "integer", None, "partition key"]]
    assert tarn.rows("select column_name, data_type from information_schema.columns where "
                     "table_schema = 'one' and table_name in ('v', 'plain') order by table_name, "
                     "ordinal_position") == [
        ["c", "char(3)"], ["b", "varbinary"], ["f", "real"], ["id", "bigint"], ["dt", "date"]]
    assert tarn.rows("select max(ordinal_position) + 1, typeof(max(ordinal_position)) from "
                     "information_schema.columns where table_schema = 'one'") == [["7", "bigint"]]
    assert tarn.rows("select data_type from information_schema.columns where table_schema = "
                     "'information_schema' and table_name = 'columns' and column_name = "
                     "'ordinal_position'") == [["bigint"]]


def test_views_and_what_is_empty(tarn):
    assert tarn.rows("select * from information_schema.views") == [
        ["awsdatacatalog", "one", "v", "select id, dt from one.facts"]]
    for table in ("table_privileges", "roles", "applicable_roles", "enabled_roles",
                  "role_authorization_descriptors"):
        assert tarn.rows(f"select * from information_schema.{table}") == []


def test_what_is_not_there(tarn):
    assert failure(tarn, "select * from information_schema.nope") == (
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.information_schema.nope' does not exist")
    assert failure(tarn, "select * from other.information_schema.tables").startswith(
        "CATALOG_NOT_FOUND: line 1:15: Catalog 'other' does not exist")
    assert failure(tarn, "select nope from information_schema.tables").startswith(
        "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved")


def test_show_and_describe(tarn):
    assert ["tables"] in tarn.rows("show tables in information_schema")
    assert tarn.rows("show tables from information_schema like 'sch*'") == [["schemata"]]
    assert tarn.rows("show columns in information_schema.schemata") == [
        ["catalog_name".ljust(20)], ["schema_name".ljust(20)]]
    assert tarn.rows("describe information_schema.schemata")[0][0].split() == [
        "catalog_name", "varchar"]
    assert failure(tarn, "show create view information_schema.schemata") == (
        "NOT_SUPPORTED: line 1:1: Relation 'awsdatacatalog.information_schema.schemata' is a "
        "table, not a view")


def test_joins_and_views_over_it(tarn):
    assert tarn.rows(
        "select t.table_type, count(*) from information_schema.tables t join "
        "information_schema.columns c using (table_schema, table_name) where table_schema = 'one' "
        "group by 1 order by 1") == [["BASE TABLE", "9"], ["VIEW", "2"]]
    assert tarn.query("create or replace view two.names as select table_name from "
                      "information_schema.tables where table_schema = 'two'")["Status"][
                          "State"] == "SUCCEEDED"
    assert tarn.rows("select * from two.names order by 1") == [["names"], ["plain"]]


def test_a_comment_may_hold_anything(tarn):
    text = "it's \"x\" \\ $1"
    tarn.client("glue").create_table(DatabaseName="two", TableInput={
        "Name": "odd", "StorageDescriptor": {"Columns": [
            {"Name": "A", "Type": "int", "Comment": text}]}})
    assert tarn.rows("select column_name, comment from information_schema.columns where "
                     "table_name = 'odd'") == [["a", text]]
    # the one code point that rows are kept apart with
    sql = "create view two.sep as select '\U0010FFFF' as c,\n 1 as d"
    assert tarn.query(sql)["Status"]["State"] == "SUCCEEDED"
    assert tarn.rows("select view_definition, length(view_definition) from "
                     "information_schema.views where table_name = 'sep'") == [
        ["select '\ufffd' as c,\n 1 as d", "24"]]
    tarn.query("drop view two.sep")


def test_only_what_is_asked_is_loaded(tarn):
    glue = tarn.client("glue")
    glue.create_database(DatabaseInput={"Name": "many"})
    columns = [{"Name": f"c{i}", "Type": "string"} for i in range(20)]
    for i in range(1200):
        glue.create_table(DatabaseName="many", TableInput={
            "Name": f"t{i:04}", "StorageDescriptor": {"Columns": columns}})
    assert tarn.rows("select count(*), count(distinct table_name) from information_schema.columns "
                     "where table_schema = 'many'") == [["24000", "1200"]]

    def took(sql):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            tarn.rows(sql)
            times.append(time.perf_counter() - start)
        return min(times)

    one = took("select * from information_schema.columns where table_schema = 'many' and "
               "table_name = 't0007'")
    all_of = took("select column_name, data_type, table_name from information_schema.columns where "
                  "table_schema = 'many'")
    assert one < all_of / 3


def test_partitions(tarn):
    for day in ("2024-01-01", "2024-01-03"):
        for hour in (1, 12):
            tarn.query(f"alter table facts add partition (dt='{day}', hour='{hour}')", "one")
    assert tarn.rows('select max(dt), max(hour), typeof(max(dt)) from "facts$partitions"',
                     "one") == [["2024-01-03", "12", "date"]]
    assert tarn.rows('select * from one."facts$partitions" where dt > date \'2024-01-01\' and '
                     "hour < 5") == [["2024-01-03", "1"]]
    assert tarn.rows('select count(*) from one."facts$partitions"') == [["4"]]
    assert tarn.rows('select * from one."facts$partitions" where hour = 99') == []
    assert tarn.rows('select f.hour from one."facts$partitions" f where f.dt = (select min(dt) from '
                     'one."facts$partitions") order by 1') == [["1"], ["12"]]
    assert failure(tarn, 'select * from one."plain$partitions"') == (
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.one.plain$partitions' does not exist")


def test_projected_partitions(tarn):
    sql = ("create external table one.projected (x int) partitioned by (year int, kind string) "
           "location 's3://info/projected/' tblproperties ('projection.enabled'='true', "
           "'projection.year.type'='integer', 'projection.year.range'='2020,2022', "
           "'projection.kind.type'='enum', 'projection.kind.values'='a,b')")
    assert tarn.query(sql)["Status"]["State"] == "SUCCEEDED"
    assert tarn.rows('select * from one."projected$partitions" where year > 2020 and kind = \'b\' '
                     "order by 1") == [["2021", "b"], ["2022", "b"]]


def test_explain_does_not_fall_over(tarn):
    import requests
    for sql in ("select table_name from information_schema.tables where table_schema = 'one'",
                'select max(dt) from one."facts$partitions"'):
        reply = requests.post(f"{tarn.endpoint}/tarn/v1/plan", json={"sql": sql}, timeout=30)
        assert reply.status_code == 200, reply.text
