"""EXPLAIN and EXPLAIN ANALYZE."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def table(tarn):
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="explained")
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        s3.put_object(Bucket="explained", Key=f"t/dt={day}/a.csv", Body=b"1,x\n2,y\n3,z\n")
    for sql in ("CREATE DATABASE explained",
                "CREATE EXTERNAL TABLE explained.t (a int, b string) PARTITIONED BY (dt string) "
                "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://explained/t/'",
                "MSCK REPAIR TABLE explained.t"):
        assert tarn.query(sql)["Status"]["State"] == "SUCCEEDED"
    return "explained.t"


def lines(tarn, sql):
    execution = tarn.query(sql)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    assert (execution["StatementType"], execution["SubstatementType"]) == ("UTILITY", "EXPLAIN")
    assert execution["ResultConfiguration"]["OutputLocation"].endswith(".txt")
    page = tarn.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])
    names = [c["Name"] for c in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
    return names, [r["Data"][0]["VarCharValue"] for r in page["ResultSet"]["Rows"]]


def test_text(tarn, table):
    names, text = lines(tarn, f"EXPLAIN SELECT b, sum(a) FROM {table} WHERE dt = '2024-01-02' AND a > 1 "
                              "GROUP BY b HAVING sum(a) > 0 ORDER BY 2 DESC LIMIT 3")
    assert names == ["Query Plan"]
    assert text[0] == "Fragment 0 [SINGLE]" and text[1] == "    Output layout: [b, _col1]"
    shape = [line.strip(" │").removeprefix("└─ ").split("[")[0] for line in text if "[" in line and "Layout" not in line]
    assert [s for s in shape if s in ("Output", "TopN", "Filter", "Aggregate", "ScanFilter")] == \
        ["Output", "TopN", "Filter", "Aggregate", "ScanFilter"]
    whole = "\n".join(text)
    assert "table = awsdatacatalog:explained:t" in whole
    assert "filterPredicate = dt = '2024-01-02' AND a > 1" in whole
    assert "dt:PARTITION_KEY :: [[2024-01-02]]" in whole
    assert "Partitions: 1 of 3, Files: 1" in whole


def test_joins_subqueries_and_sets(tarn, table):
    _, text = lines(tarn, f"EXPLAIN (TYPE LOGICAL) WITH w AS (SELECT a FROM {table}) SELECT * FROM w JOIN {table} t "
                          "ON w.a = t.a WHERE t.a IN (SELECT a FROM w) AND t.b = (SELECT max(b) FROM w) "
                          "UNION ALL SELECT 1, 2, 'x', y FROM UNNEST(ARRAY['a']) u(y)")
    whole = "\n".join(text)
    for name in ("Union", "InnerJoin[criteria = w.a = t.a]", "SemiJoin", "EnforceSingleRow", "Unnest[unnest ="):
        assert name in whole, name
    assert text[0].startswith("Output[columnNames = [a, a, b, dt]]")
    assert text[1].startswith("│   Layout: [a:integer, a:integer, b:varchar, dt:varchar]")


def test_formats(tarn, table):
    _, text = lines(tarn, f"EXPLAIN (FORMAT JSON) SELECT a FROM {table} WHERE dt > '2024-01-01'")
    plan = json.loads("\n".join(text))["0"]
    assert plan["name"] == "Output" and plan["outputs"] == [{"type": "integer", "name": "a"}]
    scan = plan["children"][0]
    assert scan["name"] == "ScanFilter" and scan["descriptor"]["table"] == "awsdatacatalog:explained:t"
    assert scan["estimates"][0]["outputSizeInBytes"] > 0
    _, text = lines(tarn, "EXPLAIN (TYPE LOGICAL, FORMAT JSON) VALUES 1, 2")
    assert json.loads(text[0])["children"][0]["name"] == "Values"
    _, text = lines(tarn, f"EXPLAIN (FORMAT GRAPHVIZ) SELECT a + 1 FROM {table} WHERE b = '\"|}}'")
    assert text[0] == "digraph distributed_plan {" and text[-1] == "}"
    assert any(line == "plannode_1 -> plannode_2;" for line in text)
    names, text = lines(tarn, "EXPLAIN (TYPE VALIDATE) SELECT 1")
    assert (names, text) == (["Valid"], ["true"])


def test_io(tarn, table):
    _, text = lines(tarn, f"EXPLAIN (TYPE IO, FORMAT JSON) SELECT a FROM {table} WHERE dt BETWEEN '2024-01-02' AND '2024-01-09'")
    found = json.loads(text[0])
    read = found["inputTableColumnInfos"][0]
    assert read["table"] == {"catalog": "awsdatacatalog", "schemaTable": {"schema": "explained", "table": "t"}}
    assert {c["columnName"] for c in read["constraint"]["columnConstraints"]} == {"dt"}
    assert read["estimate"]["outputSizeInBytes"] == 24


def test_analyze(tarn, table):
    names, text = lines(tarn, f"EXPLAIN ANALYZE SELECT b FROM {table} WHERE a > 1")
    whole = "\n".join(text)
    assert names == ["Query Plan"] and text[0].startswith("Queued: ")
    assert "Output: 6 rows" in whole and "Input: 36B" in whole and "Engine operators" in whole
    _, text = lines(tarn, f"EXPLAIN ANALYZE (FORMAT JSON) SELECT count(*) FROM {table}")
    assert json.loads(text[0])["statistics"]["outputRows"] == 1


@pytest.mark.parametrize("sql,text", [
    ("EXPLAIN SELECT nothing FROM explained.t", "COLUMN_NOT_FOUND: line 1:16: Column 'nothing' cannot be resolved"),
    ("EXPLAIN (TYPE VALIDATE) SELECT * FROM explained.none", "TABLE_NOT_FOUND: line 1:39"),
    ("EXPLAIN ANALYZE SELECT 1 / (a - a) FROM explained.t", "DIVISION_BY_ZERO"),
    ("EXPLAIN PREPARE p FROM SELECT 1", "NOT_SUPPORTED: EXPLAIN of PREPARE is not supported"),
])
def test_failures(tarn, table, sql, text):
    execution = tarn.query(sql)
    assert execution["Status"]["State"] == "FAILED"
    assert execution["Status"]["StateChangeReason"].startswith(text)


def test_parameters(tarn, table):
    _, text = lines(tarn, "EXPLAIN (TYPE VALIDATE) SELECT 1")
    execution = tarn.query(f"EXPLAIN SELECT a FROM {table} WHERE dt = ?", ExecutionParameters=["'2024-01-03'"])
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]


def test_execute(tarn, table):
    assert tarn.query(f"PREPARE by_day FROM SELECT a FROM {table} WHERE dt = ?")["Status"]["State"] == "SUCCEEDED"
    for sql in ("EXPLAIN EXECUTE by_day USING '2024-01-02'",
                f"EXPLAIN EXECUTE IMMEDIATE 'SELECT a FROM {table} WHERE dt = ?' USING '2024-01-02'"):
        _, text = lines(tarn, sql)
        assert "dt:PARTITION_KEY :: [[2024-01-02]]" in "\n".join(text), sql
    _, text = lines(tarn, "EXPLAIN (TYPE LOGICAL, FORMAT JSON) EXECUTE by_day USING '2024-01-02'")
    assert json.loads(text[0])["name"] == "Output"
    with pytest.raises(ClientError, match="nothing_prepared was not found"):
        tarn.query("EXPLAIN EXECUTE nothing_prepared")
