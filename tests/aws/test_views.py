"""Views: made, dropped, shown, expanded in queries, stored and read as Glue keeps Athena's."""

import base64
import json

import pytest


def failure(tarn, sql, database="v"):
    execution = tarn.query(sql, database)
    assert execution["Status"]["State"] == "FAILED", sql
    return execution["Status"]["StateChangeReason"]


def run(tarn, sql, database="v"):
    execution = tarn.query(sql, database)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    return execution


@pytest.fixture(scope="module", autouse=True)
def tables(tarn):
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="views")
    for day in range(1, 6):
        s3.put_object(Bucket="views", Key=f"t/dt=2024-01-0{day}/a.csv",
                      Body="".join(f"{day * 10 + i},n{i}\n" for i in range(3)).encode())
    run(tarn, "create database v", None)
    run(tarn, "create database other", None)
    run(tarn, "create external table t (id bigint, name string) partitioned by (dt date) "
              "row format delimited fields terminated by ',' location 's3://views/t/'")
    run(tarn, "msck repair table t")


def stored(tarn, name, database="v"):
    table = tarn.client("glue").get_table(DatabaseName=database, Name=name)["Table"]
    text = table["ViewOriginalText"]
    assert text.startswith("/* Presto View: ") and text.endswith(" */")
    return table, json.loads(base64.b64decode(text[len("/* Presto View: "):-3]))


def put_view(tarn, name, definition, database="v", **more):
    text = base64.b64encode(json.dumps(definition).encode()).decode()
    tarn.client("glue").create_table(DatabaseName=database, TableInput={
        "Name": name, "TableType": "VIRTUAL_VIEW",
        "ViewOriginalText": f"/* Presto View: {text} */", "ViewExpandedText": "/* Presto View */",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "StorageDescriptor": {"Columns": [
            {"Name": c["name"], "Type": "string"} for c in definition.get("columns", [])]}, **more})


def test_create_select_drop(tarn):
    execution = run(tarn, "create view first as\nselect id, upper(name) as shout, dt from t where "
                          "id > 20;")
    assert execution["StatementType"] == "DDL"
    assert execution["SubstatementType"] == "CREATE_VIEW"
    table, definition = stored(tarn, "first")
    assert definition == {
        "originalSql": "select id, upper(name) as shout, dt from t where id > 20",
        "catalog": "awsdatacatalog", "schema": "v",
        "columns": [{"name": "id", "type": "bigint"}, {"name": "shout", "type": "varchar"},
                    {"name": "dt", "type": "date"}]}
    assert table["TableType"] == "VIRTUAL_VIEW"
    assert table["ViewExpandedText"] == "/* Presto View */"
    assert table["Parameters"] == {"comment": "Presto View", "presto_view": "true"}
    assert [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]] == [
        ("id", "bigint"), ("shout", "string"), ("dt", "date")]
    assert tarn.rows("select * from v.first where id < 23 order by id") == [
        ["21", "N1", "2024-01-02"], ["22", "N2", "2024-01-02"]]
    assert tarn.rows("select f.shout, first.id from first f join first on f.id = first.id + 1 "
                     "where first.id = 30", "v") == [["N1", "30"]]
    assert tarn.rows("select count(*), max(x.id) from awsdatacatalog.v.first x") == [["11", "52"]]
    run(tarn, "drop view first")
    assert "TABLE_NOT_FOUND" in failure(tarn, "select * from first")


def test_names_inside_are_of_the_views_own_database(tarn):
    run(tarn, "create view other.far as select count(*) as n from t")
    assert stored(tarn, "far", "other")[1]["schema"] == "v"
    assert tarn.rows("select n from far", "other") == [["15"]]
    assert tarn.rows("with t as (select 1 as n) select far.n, t.n from other.far, t") == [
        ["15", "1"]]


def test_replace_and_exists(tarn):
    run(tarn, "create or replace view r as select 1 as a")
    assert failure(tarn, "create view r as select 2 as a") == (
        "TABLE_ALREADY_EXISTS: line 1:1: View already exists: 'awsdatacatalog.v.r'")
    run(tarn, "create or replace view r as select 'x' as b, 2 as c")
    assert tarn.rows("select * from r", "v") == [["x", "2"]]
    assert failure(tarn, "create or replace view t as select 1 as a") == (
        "TABLE_ALREADY_EXISTS: line 1:1: Table already exists: 'awsdatacatalog.v.t'")
    assert failure(tarn, "create or replace view r as select * from r") == (
        "VIEW_IS_RECURSIVE: line 1:43: Statement would create a recursive view")
    assert failure(tarn, "create view nowhere.x as select 1 as a") == (
        "SCHEMA_NOT_FOUND: line 1:1: Schema 'nowhere' does not exist")


@pytest.mark.parametrize("query, why", [
    ("select 1", "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1"),
    ("select 1 as a, count(*) from t",
     "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 2"),
    ("select 1 as a, 2 as A",
     "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'A' specified more than once"),
    ("select null as a", "COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown: a"),
    ("select nope from t", "COLUMN_NOT_FOUND: line 1:31: Column 'nope' cannot be resolved or "
                           "requester is not authorized to access requested resources"),
])
def test_what_a_view_cannot_be(tarn, query, why):
    assert failure(tarn, "create view refused as " + query) == why


def test_drop(tarn):
    run(tarn, "drop view if exists never")
    assert failure(tarn, "drop view never") == (
        "GENERIC_USER_ERROR: line 1:1: View 'awsdatacatalog.v.never' does not exist")
    assert failure(tarn, "drop view t").startswith(
        "GENERIC_USER_ERROR: line 1:1: View 'awsdatacatalog.v.t' does not exist, but a table with "
        "that name exists. Did you mean DROP TABLE awsdatacatalog.v.t?")


def test_show(tarn):
    run(tarn, "create or replace view shown as select id, cast(row(1, 'a') as row(x integer, "
              "\"y z\" varchar(3))) as r,\n  array[1.5] as d from t")
    assert tarn.rows('show create view "shown"', "v") == [
        ["CREATE VIEW awsdatacatalog.v.shown AS"],
        ["select id, cast(row(1, 'a') as row(x integer, \"y z\" varchar(3))) as r,"],
        ["  array[1.5] as d from t"]]
    assert stored(tarn, "shown")[1]["columns"] == [
        {"name": "id", "type": "bigint"},
        {"name": "r", "type": 'row("x" integer,"y z" varchar(3))'},
        {"name": "d", "type": "array(decimal(2,1))"}]
    assert tarn.rows("select r.\"y z\", d[1] from shown limit 1", "v") == [["a", "1.5"]]
    described = tarn.rows("describe shown", "v")
    assert described[0] == ["id\tbigint\t"]
    assert tarn.rows("show columns in shown", "v") == [["id".ljust(20)], ["r".ljust(20)],
                                                       ["d".ljust(20)]]
    assert ["shown"] in tarn.rows("show views", "v") and ["t"] not in tarn.rows("show views", "v")
    assert tarn.rows("show views in v like 'sho*'") == [["shown"]]
    assert {("shown",), ("t",)} <= {tuple(r) for r in tarn.rows("show tables in v")}
    assert failure(tarn, "show create view t") == (
        "NOT_SUPPORTED: line 1:1: Relation 'awsdatacatalog.v.t' is a table, not a view")
    assert failure(tarn, "show create view none") == (
        "TABLE_NOT_FOUND: line 1:1: View 'awsdatacatalog.v.none' does not exist")


def test_views_of_other_writers(tarn):
    put_view(tarn, "foreign", {"originalSql": "SELECT id, name nm FROM hive.v.t",
                               "catalog": "hive", "schema": "v", "owner": "me",
                               "columns": [{"name": "id", "type": "varchar"},
                                           {"name": "nm", "type": "varchar"}]})
    # a stored type that the query's own can not be coerced to
    assert failure(tarn, "select * from foreign").startswith("VIEW_IS_STALE: line 1:15: View "
        "'awsdatacatalog.v.foreign' is stale or in invalid state: column [id] of type bigint "
        "projected from query view at position 0 cannot be coerced to column [id] of type varchar "
        "stored in view definition")
    put_view(tarn, "wider", {"originalSql": "SELECT cast(7 as integer) a, 1.5 b", "schema": "v",
                             "columns": [{"name": "a", "type": "bigint"},
                                         {"name": "b", "type": "double"}]})
    assert tarn.rows("select a / 2, b / 2, typeof(a), typeof(b) from wider", "v") == [
        ["3", "0.75", "bigint", "double"]]
    put_view(tarn, "renamed", {"originalSql": "SELECT 1 a", "schema": "v",
                               "columns": [{"name": "b", "type": "integer"}]})
    assert "column [a] of type integer projected from query view at position 0 has a different " \
           "name from column [b] of type integer stored in view definition" in failure(
               tarn, "select * from renamed")
    put_view(tarn, "fewer", {"originalSql": "SELECT 1 a, 2 b", "schema": "v",
                             "columns": [{"name": "a", "type": "integer"}]})
    assert "stored view column count (1) does not match column count derived from the view query " \
           "analysis (2)" in failure(tarn, "select * from fewer")
    put_view(tarn, "broken", {"originalSql": "SELECT x FROM gone", "schema": "v",
                              "columns": [{"name": "x", "type": "integer"}]})
    assert failure(tarn, "select 1 from broken") == (
        "INVALID_VIEW: line 1:15: Failed analyzing stored view 'awsdatacatalog.v.broken': line "
        "1:15: Table 'awsdatacatalog.v.gone' does not exist")
    put_view(tarn, "garbled", {"originalSql": "SELEC x", "schema": "v", "columns": []})
    assert failure(tarn, "select 1 from garbled").startswith(
        "INVALID_VIEW: line 1:15: Failed parsing stored view 'awsdatacatalog.v.garbled': line 1:1")


def test_hive_view(tarn):
    tarn.client("glue").create_table(DatabaseName="v", TableInput={
        "Name": "hv", "TableType": "VIRTUAL_VIEW",
        "ViewOriginalText": "SELECT id, name FROM t",
        "ViewExpandedText": "SELECT `t`.`id`, `t`.`name` FROM `v`.`t` WHERE `t`.`name` = 'n1'",
        "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"},
                                          {"Name": "name", "Type": "string"}]}})
    assert tarn.rows("select * from v.hv where id < 20") == [["11", "n1"]]


def test_recursion_and_depth(tarn):
    for name, other in (("ring1", "ring2"), ("ring2", "ring1")):
        put_view(tarn, name, {"originalSql": f"SELECT a FROM {other}", "schema": "v",
                              "columns": [{"name": "a", "type": "integer"}]})
    reason = failure(tarn, "select * from ring1")
    assert reason.startswith("INVALID_VIEW: line 1:15: ") and reason.endswith("View is recursive")
    run(tarn, "create view deep0 as select 1 as a")
    for i in range(1, 71):
        put_view(tarn, f"deep{i}", {"originalSql": f"SELECT a FROM deep{i - 1}", "schema": "v",
                                    "columns": [{"name": "a", "type": "integer"}]})
    assert tarn.rows("select a from deep63", "v") == [["1"]]
    assert "Views are nested more than 64 deep" in failure(tarn, "select a from deep70")
    run(tarn, "create view wide0 as select 1 as a")
    for i in range(1, 13):
        put_view(tarn, f"wide{i}", {
            "originalSql": f"SELECT x.a FROM wide{i - 1} x, wide{i - 1} y", "schema": "v",
            "columns": [{"name": "a", "type": "integer"}]})
    assert tarn.rows("select a from wide5", "v") == [["1"]]
    assert "refers to more than 500 views" in failure(tarn, "select a from wide12")


def test_partitions_are_chosen_through_views(tarn):
    run(tarn, "create or replace view narrow as select id, name, dt as day from t where id >= 0")
    run(tarn, "create or replace view narrower as select day, id + 1 as next from narrow "
              "where day >= date '2024-01-02'")
    all_bytes = run(tarn, "select sum(next) from narrower")["Statistics"]["DataScannedInBytes"]
    one = run(tarn, "select sum(next) from narrower where day = date '2024-01-03'")
    assert 0 < one["Statistics"]["DataScannedInBytes"] * 4 == all_bytes
    assert tarn.rows("select sum(next) from narrower where day = date '2024-01-03'", "v") == [
        [str(31 + 32 + 33)]]


def test_view_with_column_names_and_comment(tarn):
    run(tarn, "create or replace view named (k, v) comment 'two columns' as select 1, 'a'")
    assert tarn.rows("select k, v from named", "v") == [["1", "a"]]
    assert stored(tarn, "named")[0]["Parameters"]["comment"] == "two columns"
