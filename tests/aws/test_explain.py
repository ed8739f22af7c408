"""What a query would read: /tarn/v1/plan and tarn explain."""
import json
import os
import pty
import subprocess

import pytest
import requests

from conftest import BINARY

pyarrow = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

MB = 1024 * 1024


def plan(tarn, sql, database="explain_db", status=200):
    reply = requests.post(f"{tarn.endpoint}/tarn/v1/plan", timeout=60,
                          json={"sql": sql, "database": database})
    assert reply.status_code == status, reply.text
    return reply.json()


def scanned(tarn, sql):
    execution = tarn.query(sql, "explain_db")
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    return execution["Statistics"]["DataScannedInBytes"]


@pytest.fixture(scope="module")
def lake(tarn, tmp_path_factory):
    """pq: 4 days of 2 hours, one file of 1000 rows in 4 row groups each."""
    path = tmp_path_factory.mktemp("explain") / "f.parquet"
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="explain")
    for day in range(1, 5):
        for hour in range(2):
            first = (day * 2 + hour) * 1000
            pq.write_table(pyarrow.table({
                "id": list(range(first, first + 1000)), "name": [f"n{i}" for i in range(1000)],
                "x": [i / 7 for i in range(1000)]}), path, row_group_size=250)
            s3.put_object(Bucket="explain", Key=f"pq/dt=2024-01-0{day}/h={hour}/f.parquet",
                          Body=path.read_bytes())
    tarn.rows("create database explain_db")
    tarn.rows("create external table explain_db.pq (id bigint, name string, x double) "
              "partitioned by (dt string, h int) stored as parquet location 's3://explain/pq/'")
    tarn.rows("msck repair table explain_db.pq")
    s3.put_object(Bucket="explain", Key="flat/a.json", Body=b'{"id": 1000}\n' * 1000)
    tarn.rows("create external table explain_db.flat (id bigint) row format serde "
              "'org.openx.data.jsonserde.JsonSerDe' location 's3://explain/flat/'")
    return tarn


@pytest.mark.parametrize("sql", [
    "select * from pq", "select count(*) from pq", "select id from pq where dt = '2024-01-02'",
    "select sum(x) from pq where dt between '2024-01-02' and '2024-01-03' and h = 1",
    "select name from pq where substr(dt, 9) = '04' order by x limit 3",
    "select p.name from pq p join flat f on p.id = f.id where p.dt < '2024-01-03'",
    "select id from pq where dt > '2025'", "select * from flat", "select 1",
    "select name from pq where id between 4100 and 4200", "select x from pq where id = 3000 or id = 7600",
    "select count(*) from pq where id < 0", "select name, x from pq where x < 1 and dt = '2024-01-01'",
    "select a.name from pq a join pq b on a.id = b.id and a.dt = b.dt where b.id = 2500"])
def test_bytes_are_those_the_query_reads(lake, sql):
    assert plan(lake, sql)["bytes"] == scanned(lake, sql)


def test_whole_plan(lake):
    p = plan(lake, "select id, name from pq where dt = '2024-01-02' and h = 1")
    assert p["partitions"] == {"considered": 8, "kept": 1}
    assert p["files"] == 1 and p["rows"] == 1000
    assert p["row_groups"]["considered"] == 4
    assert p["bytes"] > 0 and p["billed_bytes"] == 10 * MB
    assert p["price_usd"] == pytest.approx(10 * MB * 5 / 1024**4)
    (scan,) = p["scans"]
    assert scan["table"] == "explain_db.pq" and scan["format"] == "parquet"
    assert scan["partitioned_by"] == ["dt", "h"] and scan["partitions_constrained"]
    assert [c["name"] for c in scan["columns"]] == ["id", "name"]
    assert sum(c["bytes"] for c in scan["columns"]) == scan["bytes"] == p["bytes"]
    times = p["planning_us"]
    assert times.keys() == {"total", "analyze", "partitions", "files", "facts"}
    assert 0 < times["total"] and sum(v for k, v in times.items() if k != "total") <= times["total"]
    assert p["warnings"] == []


def test_conditions_and_what_they_save(lake):
    p = plan(lake, "select id from pq\nwhere dt in ('2024-01-01', '2024-01-02')\n  and mod(h, 2) = 1\n"
                   "  and name like '%7'")
    dt, h, name = p["conditions"]
    assert p["partitions"] == {"considered": 8, "kept": 2}
    assert (dt["line"], h["line"]) == (2, 3)
    assert dt["applied"] == [{"scan": 0, "table": "explain_db.pq", "at": "partitions", "columns": ["dt"]}]
    assert h["applied"] == [{"scan": 0, "table": "explain_db.pq", "at": "partitions", "columns": ["h"]}]
    assert dt["without"]["partitions"]["kept"] == 4 and h["without"]["partitions"]["kept"] == 4
    assert dt["without"]["files"] == 4 and dt["without"]["rows"] == 4000
    assert dt["without"]["bytes"] == scanned(
        lake, "select id from pq where h = 1 and name like '%7'")
    assert h["without"]["bytes"] == scanned(
        lake, "select id from pq where dt in ('2024-01-01', '2024-01-02') and name like '%7'")
    assert "without" not in name and name["applied"] == []
    assert "name" in name["text"]


def test_row_groups(lake):
    p = plan(lake, "select name from pq where dt = '2024-01-02' and id between 4100 and 4200")
    assert p["partitions"]["kept"] == 2 and p["files"] == 1
    assert p["row_groups"] == {"considered": 8, "kept": 1} and p["rows"] == 250
    dt, id = p["conditions"]
    assert id["applied"] == [
        {"scan": 0, "table": "explain_db.pq", "at": "row_groups", "columns": ["id"]}]
    assert id["without"]["row_groups"] == {"considered": 8, "kept": 8} and id["without"]["rows"] == 2000
    assert id["without"]["bytes"] == scanned(lake, "select id, name from pq where dt = '2024-01-02'")
    assert dt["without"]["partitions"]["kept"] == 8 and dt["without"]["bytes"] == p["bytes"]


def test_two_scans(lake):
    p = plan(lake, "select count(a.x) from pq a join pq b on a.dt = b.dt where b.dt = '2024-01-03' and a.h = 0")
    assert [s["partitions"]["kept"] for s in p["scans"]] in ([1, 2], [2, 1])
    assert p["partitions"] == {"considered": 16, "kept": 3}
    wanted = [c for c in p["conditions"] if "2024-01-03" in c["text"]]
    assert {a["scan"] for a in wanted[0]["applied"]} == {0, 1}
    assert wanted[0]["without"]["partitions"]["kept"] == 4 + 8


def test_unconstrained_partitions_are_warned_of(lake):
    (warning,) = plan(lake, "select count(*) from pq where id = 5")["warnings"]
    assert "explain_db.pq (dt, h)" in warning and "8 partitions" in warning
    assert plan(lake, "select count(*) from pq where dt > ''")["warnings"] == []
    assert plan(lake, "select count(*) from flat")["warnings"] == []


def test_nothing_is_run(lake):
    athena = lake.client("athena")
    before = athena.list_query_executions()["QueryExecutionIds"]
    plan(lake, "select 1 / 0 from flat")
    assert athena.list_query_executions()["QueryExecutionIds"] == before


def test_many_partitions_are_not_all_looked_at(lake):
    glue = lake.client("glue")
    lake.rows("create external table explain_db.many (a int) partitioned by (k string, p int) "
              "stored as parquet location 's3://explain/many/'")
    inputs = [{"Values": [f"{i % 2}", f"{i}"], "StorageDescriptor": {"Location": "s3://explain/none/"}}
              for i in range(10100)]
    for i in range(0, len(inputs), 100):
        glue.batch_create_partition(DatabaseName="explain_db", TableName="many",
                                    PartitionInputList=inputs[i:i + 100])
    p = plan(lake, "select a from many where p = 7")
    assert p["partitions"] == {"considered": 10100, "kept": 1}
    assert p["conditions"][0]["without"] == {"partitions_over": 10100}
    p = plan(lake, "select a from many where k = '1' and p = 7")
    assert p["conditions"][1]["without"]["partitions"]["kept"] == 5050


def test_projection(lake):
    lake.rows("""create external table explain_db.projected (a int) partitioned by (d string, b int)
        stored as parquet location 's3://explain/projected/' tblproperties ('projection.enabled'='true',
        'projection.d.type'='date', 'projection.d.range'='2020-01-01,2029-12-31',
        'projection.d.format'='yyyy-MM-dd', 'projection.b.type'='integer', 'projection.b.range'='0,999999')""")
    p = plan(lake, "select a from projected where d = '2021-05-06' and b = 3")
    assert p["scans"][0]["projected"] and p["partitions"] == {"considered": 3653000000, "kept": 1}
    assert p["conditions"][1]["without"] == {"partitions_over": 10000}
    assert p["conditions"][0]["without"]["partitions"]["kept"] == 3653


def test_injected(lake):
    lake.rows("""create external table explain_db.injected (a int) partitioned by (u string)
        stored as parquet location 's3://explain/injected/' tblproperties ('projection.enabled'='true',
        'projection.u.type'='injected')""")
    p = plan(lake, "select a from injected where u = 'x'")
    assert "injected projected partition column u" in p["conditions"][0]["without"]["refused"]
    assert "CONSTRAINT_VIOLATION" in plan(lake, "select a from injected", status=400)["message"]


def test_stream_fed_table(lake):
    from test_fresh_reads import make_stream, put
    make_stream(lake, "fresh")
    put(lake, "fresh", range(600))
    before = plan(lake, "select who from fresh", "d")
    assert before["scans"][0]["tail_bytes"] > 0 and before["files"] == 0
    lake.flush("fresh")
    after = plan(lake, "select who from fresh", "d")
    assert after["scans"][0]["tail_bytes"] == 0 and after["files"] > 0 and after["rows"] == 600
    assert after["warnings"] and after["partitions"]["kept"] == after["partitions"]["considered"] > 0


def test_errors(lake):
    assert plan(lake, "selec 1", status=400)["message"].startswith("SYNTAX_ERROR: line 1:1: ")
    wrong = plan(lake, "select nope from pq", status=400)
    assert wrong["error"] == "COLUMN_NOT_FOUND"
    assert wrong["message"].startswith("COLUMN_NOT_FOUND: line 1:8: Column 'nope'")
    assert "TABLE_NOT_FOUND" in plan(lake, "select 1 from gone", status=400)["message"]
    assert "Only a query" in plan(lake, "show tables", status=400)["message"]
    assert "sql" in plan(lake, "", status=400)["message"]
    reply = requests.post(f"{lake.endpoint}/tarn/v1/plan", data="{", timeout=60)
    assert reply.status_code == 400


# ---- the command ----
def test_json_in_a_pipe(lake):
    sql = "select id from pq where dt = '2024-01-02'"
    out = json.loads(lake.tarn("explain", sql, "-d", "explain_db").stdout)
    assert out["partitions"] == {"considered": 8, "kept": 2} and out["sql"] == sql
    assert json.loads(lake.tarn("explain", "--database", "explain_db", input=sql).stdout)["files"] == 2
    failed = lake.tarn("explain", "select x from gone", check=False)
    assert failed.returncode == 1 and "TABLE_NOT_FOUND" in failed.stderr and failed.stdout == ""
    assert lake.tarn("explain", input="", check=False).returncode == 2


def on_terminal(tarn, *args):
    master, slave = pty.openpty()
    process = subprocess.Popen([BINARY, *args], stdout=slave, close_fds=True,
                               env=dict(os.environ, AWS_ENDPOINT_URL=tarn.endpoint))
    os.close(slave)
    text = b""
    try:
        while chunk := os.read(master, 65536):
            text += chunk
    except OSError:  # the other end is closed
        pass
    os.close(master)
    assert process.wait(60) == 0
    return text.decode().replace("\r\n", "\n")


def test_text_on_a_terminal(lake):
    text = on_terminal(lake, "explain", "-d", "explain_db",
                       "select name, x from pq where dt in ('2024-01-01', '2024-01-02', '2024-01-03', "
                       "'2024-01-04') and h = 1 and id > 0 and x > -1")
    assert text.startswith("reads 4 of 8 partitions, 4 files, ")
    assert all(len(line) <= 80 for line in text.splitlines()), text
    assert "planned in " in text and "explain_db.pq (parquet)" in text
    assert "partitions of explain_db.pq by dt" in text and "without it 8 of 8 partitions" in text
    assert "row groups of explain_db.pq by id" in text and "by the engine alone" in text
    text = on_terminal(lake, "explain", "-d", "explain_db", "select id from pq")
    assert "warning: No condition constrains a partition column of explain_db.pq" in text
    assert json.loads(on_terminal(lake, "explain", "select 1", "--json"))["bytes"] == 0
