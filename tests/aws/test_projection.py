"""Partition projection through the APIs: Glue tables or Athena DDL with projection properties, files
in S3, and queries. The server's clock stands at 2020-11-19 12:20 UTC, give or take the test's run."""

import datetime
import json
import time

import pytest
from conftest import Server

NOW = datetime.datetime(2020, 11, 19, 12, 20, 17, tzinfo=datetime.timezone.utc)
JSON_SERDE = "org.openx.data.jsonserde.JsonSerDe"


@pytest.fixture(scope="module")
def tarn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projection")
    clock = folder / "clock"
    clock.write_text(str(int((NOW.timestamp() - time.time()) * 1000)))
    server = Server(folder / "data", env={"TARN_CLOCK_FILE": str(clock)}).start()
    server.client("s3").create_bucket(Bucket="lake")
    server.client("glue").create_database(DatabaseInput={"Name": "p"})
    yield server
    assert server.stop() == 0


def put(tarn, folder, v=None):
    """One row, whose v is the folder's name below the bucket or the given text."""
    tarn.client("s3").put_object(Bucket="lake", Key=f"{folder}/f.json",
                                 Body=json.dumps({"v": v or folder}).encode() + b"\n")


def create(tarn, name, keys, template=None, **projection):
    """keys: "dt string, n int"; dt_type="date" is projection.dt.type, and so on."""
    parameters = {"projection.enabled": "true", "classification": "json"}
    for key, value in projection.items():
        column, _, rest = key.partition("_")
        parameters[f"projection.{column}.{rest.replace('_', '.')}"] = value
    if template:
        parameters["storage.location.template"] = template
    tarn.client("glue").create_table(DatabaseName="p", TableInput={
        "Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": parameters,
        "PartitionKeys": [dict(zip(("Name", "Type"), k.split())) for k in keys.split(",")],
        "StorageDescriptor": {
            "Columns": [{"Name": "v", "Type": "string"}], "Location": f"s3://lake/{name}/",
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "SerdeInfo": {"SerializationLibrary": JSON_SERDE}}})


def values(tarn, sql):
    """The first column of the result."""
    return [row[0] for row in tarn.rows(sql, "p")]


def failure(tarn, sql):
    execution = tarn.query(sql, "p")
    assert execution["Status"]["State"] == "FAILED", sql
    return execution["Status"]["StateChangeReason"]


# ---- enum ----
def test_enum(tarn):
    create(tarn, "enums", "kind string", kind_type="ENUM", kind_values="A,B, C ,D")
    for kind in "A", "B", " C ", "Z":
        put(tarn, f"enums/kind={kind}")
    assert values(tarn, "select kind from enums order by 1") == [" C ", "A", "B"]
    assert values(tarn, "select v from enums where kind = ' C '") == ["enums/kind= C "]
    assert values(tarn, "select v from enums where kind in ('A', 'D', 'Z')") == ["enums/kind=A"]
    assert values(tarn, "select kind from enums where kind <> 'A' and kind like '%B%'") == ["B"]
    assert values(tarn, "select v from enums where kind = 'Z'") == []
    assert values(tarn, "select count(*) from enums where kind is null") == ["0"]


# ---- integer ----
def test_integer_with_digits(tarn):
    keys = {"n_type": "integer", "n_range": "1,12", "n_digits": "2"}
    create(tarn, "texts", "n string", **keys)
    create(tarn, "numbers", "n int", **keys)
    for table in "texts", "numbers":
        for n in "01", "02", "3", "10", "13":
            put(tarn, f"{table}/n={n}")
    assert values(tarn, "select n from texts order by 1") == ["01", "02", "10"]
    assert values(tarn, "select n from numbers order by 1") == ["1", "2", "10"]
    assert values(tarn, "select v from texts where n = '02'") == ["texts/n=02"]
    assert values(tarn, "select v from texts where n = '2'") == []
    assert values(tarn, "select v from texts where cast(n as integer) = 2") == ["texts/n=02"]
    assert values(tarn, "select v from numbers where n = 2") == ["numbers/n=02"]
    assert values(tarn, "select n from numbers where n between 2 and 99 order by n") == ["2", "10"]
    assert values(tarn, "select n from numbers where n % 5 = 0") == ["10"]
    assert values(tarn, "select v from numbers where n = 13") == []


def test_integer_interval_and_negative(tarn):
    create(tarn, "steps", "n bigint", n_type="integer", n_range=" -4 ,0005", n_interval="3")
    for n in range(-5, 6):
        put(tarn, f"steps/n={n}")
    assert values(tarn, "select n from steps order by n") == ["-4", "-1", "2", "5"]
    assert values(tarn, "select n from steps where n < 0 order by n") == ["-4", "-1"]


# ---- date ----
def test_dates_up_to_now(tarn):
    create(tarn, "days", "dt string", dt_type="date", dt_format="yyyy-MM-dd", dt_range="NOW-3DAYS,NOW")
    for day in range(14, 23):
        put(tarn, f"days/dt=2020-11-{day}")
    assert values(tarn, "select dt from days order by dt") == [
        f"2020-11-{d}" for d in (16, 17, 18, 19)]
    assert values(tarn, "select dt from days where dt > '2020-11-17' order by dt") == [
        "2020-11-18", "2020-11-19"]
    assert values(tarn, "select dt from days where dt = '2020-11-14'") == []
    assert values(tarn, "select dt from days where date(dt) = current_date") == ["2020-11-19"]
    assert values(tarn, "select max(dt) from days where dt >= date_format("
                        "current_timestamp - interval '2' day, '%Y-%m-%d')") == ["2020-11-19"]


def test_months_in_steps(tarn):
    create(tarn, "months", "m string", m_type="date", m_format="yyyyMM", m_range="201701,201812",
           m_interval="2", m_interval_unit="MONTHS")
    for m in "201701", "201702", "201703", "201811", "201812":
        put(tarn, f"months/m={m}")
    assert values(tarn, "select m from months order by m") == ["201701", "201703", "201811"]
    assert values(tarn, "select m from months where m like '2018%'") == ["201811"]


def test_date_and_timestamp_columns(tarn):
    create(tarn, "typed", "d date, t timestamp", template="s3://lake/typed/${d}/${t}/",
           d_type="date", d_format="yyyy/MM/dd", d_range="2020/01/01,NOW",
           t_type="date", t_format="HH'h' yyyy-MM-dd", t_range="00h 2020-02-01,NOW",
           t_interval="1", t_interval_unit="hours")
    put(tarn, "typed/2020/02/03/05h 2020-02-03", "one")
    put(tarn, "typed/2020/02/04/06h 2020-02-04", "two")
    where = "d between date '2020-02-01' and date '2020-02-05' and t < timestamp '2020-02-06 00:00:00'"
    assert tarn.rows(f"select d, t, v from typed where {where} order by d", "p") == [
        ["2020-02-03", "2020-02-03 05:00:00.000", "one"],
        ["2020-02-04", "2020-02-04 06:00:00.000", "two"]]
    assert values(tarn, "select v from typed where d = date '2020-02-03' and "
                        "t = timestamp '2020-02-03 05:00:00'") == ["one"]


def test_firehose_layout(tarn):
    """One column for the whole default prefix of Firehose; the current hour is included."""
    create(tarn, "hours", "datehour string", template="s3://lake/hours/${datehour}/",
           datehour_type="date", datehour_format="yyyy/MM/dd/HH",
           datehour_range="2020/01/01/00,NOW", datehour_interval="1", datehour_interval_unit="HOURS")
    for hour in "2020/11/18/23", "2020/11/19/00", "2020/11/19/12", "2020/11/19/13":
        put(tarn, f"hours/{hour}")
    assert values(tarn, "select datehour from hours order by 1") == [
        "2020/11/18/23", "2020/11/19/00", "2020/11/19/12"]
    assert values(tarn, "select v from hours where datehour >= '2020/11/19/00' "
                        "and datehour < '2020/11/19/12'") == ["hours/2020/11/19/00"]


def test_texts_of_dates_compare_as_texts(tarn):
    create(tarn, "german", "dt string", dt_type="date", dt_format="dd.MM.yyyy",
           dt_range="30.01.2020,02.02.2020")
    for day in "30.01.2020", "31.01.2020", "01.02.2020", "02.02.2020":
        put(tarn, f"german/dt={day}")
    assert values(tarn, "select dt from german where dt > '02' order by dt") == [
        "02.02.2020", "30.01.2020", "31.01.2020"]
    assert values(tarn, "select dt from german where dt = '2020-02-01'") == []
    assert "TYPE_MISMATCH" in failure(tarn, "select dt from german where dt = date '2020-02-01'")


# ---- injected ----
def test_injected(tarn):
    create(tarn, "devices", "id string, day int", template="s3://lake/devices/${id}/d${day}/",
           id_type="injected", day_type="integer", day_range="1,3")
    for device in "a", "b", "c/d":
        for day in 1, 2:
            put(tarn, f"devices/{device}/d{day}")
    assert values(tarn, "select v from devices where id = 'a' order by v") == [
        "devices/a/d1", "devices/a/d2"]
    assert values(tarn, "select v from devices where id in ('a', 'c/d', 'x') and day = 2 order by v") == [
        "devices/a/d2", "devices/c/d/d2"]
    assert values(tarn, "select v from devices where day = 1 and (id = 'a' or id = 'b') order by v") == [
        "devices/a/d1", "devices/b/d1"]
    assert values(tarn, "select id from devices where id = 'nothing'") == []
    reason = ("CONSTRAINT_VIOLATION: For the injected projected partition column id, the WHERE clause "
              "must contain only static equality conditions, and at least one such condition must be "
              "present.")
    assert failure(tarn, "select * from devices").endswith(reason)
    assert failure(tarn, "select * from devices where day = 1").endswith(reason)
    assert failure(tarn, "select * from devices where id > 'a'").endswith(reason)
    assert failure(tarn, "select * from devices where id = 'a' or day = 1").endswith(reason)


# ---- locations, registered partitions, catalogue ----
def test_template_repeats_and_escapes_nothing(tarn):
    create(tarn, "layout", "k string, n string", template="s3://lake/elsewhere/${n}/${k}-${n}",
           k_type="enum", k_values="a=b,c d", n_type="integer", n_range="0,2")
    put(tarn, "elsewhere/1/a=b-1", "one")
    put(tarn, "elsewhere/2/c d-2", "two")
    put(tarn, "layout/k=a%3Db/n=1", "not here")
    assert tarn.rows("select k, n, v from layout order by n", "p") == [
        ["a=b", "1", "one"], ["c d", "2", "two"]]


def test_default_location_is_escaped(tarn):
    create(tarn, "escaped", "k string", k_type="enum", k_values="a=b,c/d")
    put(tarn, "escaped/k=a%3Db", "one")
    put(tarn, "escaped/k=c%2Fd", "two")
    assert tarn.rows("select k, v from escaped order by k", "p") == [["a=b", "one"], ["c/d", "two"]]


def test_registered_partitions_are_ignored(tarn):
    create(tarn, "registered", "k string", k_type="enum", k_values="a,b")
    put(tarn, "registered/k=a", "a")
    put(tarn, "aside", "aside")
    tarn.rows("alter table registered add partition (k = 'z') location 's3://lake/aside/' "
              "partition (k = 'b') location 's3://lake/aside/'", "p")
    assert tarn.rows("select k, v from registered", "p") == [["a", "a"]]
    assert sorted(
        r[0] for r in tarn.rows("show partitions registered", "p")) == ["k=b", "k=z"]
    glue = tarn.client("glue")
    table = glue.get_table(DatabaseName="p", Name="registered")["Table"]
    parameters = dict(table["Parameters"], **{"projection.enabled": "false"})
    glue.update_table(DatabaseName="p", TableInput={
        "Name": "registered", "Parameters": parameters, "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": table["PartitionKeys"], "StorageDescriptor": table["StorageDescriptor"]})
    assert tarn.rows("select k, v from registered order by k", "p") == [["b", "aside"], ["z", "aside"]]


def test_projected_partitions_are_not_listed(tarn):
    create(tarn, "unlisted", "k string", k_type="enum", k_values="a,b")
    put(tarn, "unlisted/k=a")
    assert values(tarn, "select count(*) from unlisted") == ["1"]
    assert tarn.rows("show partitions unlisted", "p") == []
    assert tarn.client("glue").get_partitions(DatabaseName="p", TableName="unlisted")[
        "Partitions"] == []


def test_athena_ddl(tarn):
    tarn.rows(f"""create external table ddl (v string)
        partitioned by (region string, dt string)
        row format serde '{JSON_SERDE}' location 's3://lake/ddl/'
        tblproperties ('projection.enabled' = 'true',
            'projection.region.type' = 'enum', 'projection.region.values' = 'eu,us',
            'projection.dt.type' = 'date', 'projection.dt.format' = 'yyyy/MM/dd',
            'projection.dt.range' = '2020/11/01,NOW',
            'storage.location.template' = 's3://lake/ddl/${{region}}/${{dt}}/')""", "p")
    for folder in "eu/2020/11/18", "us/2020/11/19", "us/2020/11/20", "cn/2020/11/18":
        put(tarn, f"ddl/{folder}")
    assert tarn.rows("select region, dt, v from ddl order by 1", "p") == [
        ["eu", "2020/11/18", "ddl/eu/2020/11/18"], ["us", "2020/11/19", "ddl/us/2020/11/19"]]
    assert values(tarn, "select v from ddl where region = 'us' and dt >= '2020/11/18'") == [
        "ddl/us/2020/11/19"]
    parameters = tarn.client("glue").get_table(DatabaseName="p", Name="ddl")["Table"]["Parameters"]
    assert parameters["projection.dt.range"] == "2020/11/01,NOW"
    assert parameters["storage.location.template"] == "s3://lake/ddl/${region}/${dt}/"


def test_joins_and_subqueries(tarn):
    create(tarn, "left_side", "k string, n int", k_type="enum", k_values="a,b", n_type="integer",
           n_range="0,1000000000")
    put(tarn, "left_side/k=a/n=7", "seven")
    put(tarn, "left_side/k=b/n=8", "eight")
    assert values(tarn, "with x as (select * from left_side) select v from x where n = 7") == ["seven"]
    assert values(tarn, "select l.v from left_side l join (values 8) r(n) on l.n = r.n "
                        "where l.n in (7, 8)") == ["eight"]
    assert values(tarn, "select v from left_side where n = 7 union all "
                        "select v from left_side where n = 8 order by 1") == ["eight", "seven"]


# ---- refusals ----
def test_missing_configuration(tarn):
    create(tarn, "missing", "a string, b string", a_type="enum", a_values="x")
    assert failure(tarn, "select * from missing").endswith(
        "HIVE_METASTORE_ERROR: Table p.missing is configured for partition projection, but the "
        "following partition columns are missing projection configuration: [b] (table p.missing)")


@pytest.mark.parametrize("name, properties, part", [
    ("hyphen", {"n_type": "integer", "n_range": "1-3"}, 'For input string: "1-3"'),
    ("swapped", {"n_type": "integer", "n_range": "3,1"}, "its lowest value"),
    ("kind", {"n_type": "number"}, "projection.n.type 'number' is not known"),
    ("week", {"n_type": "date", "n_format": "YYYY-MM-dd", "n_range": "NOW,NOW"}, "use yyyy"),
    ("bound", {"n_type": "date", "n_format": "yyyy-MM-dd", "n_range": "2020/01/01,NOW"},
     'For input string: "2020/01/01,NOW"'),
    ("unit", {"n_type": "date", "n_format": "yyyy-MM-dd HH", "n_range": "NOW-3HOURS,NOW"},
     "projection.n.interval.unit are required"),
    ("place", {"n_type": "enum", "n_values": "a", "template": "s3://lake/x/"},
     "storage.location.template must contain ${n}"),
])
def test_properties_that_cannot_be_used(tarn, name, properties, part):
    create(tarn, f"bad_{name}", "n string", **properties)
    reason = failure(tarn, f"select * from bad_{name}")
    assert "INVALID_TABLE_PROPERTY: " in reason and part in reason


def test_too_many_candidates(tarn):
    create(tarn, "vast", "kind string, bucket int, dt string, hour string",
           kind_type="enum", kind_values="revenue,cost,clicks,views,installs",
           bucket_type="integer", bucket_range="0,9",
           dt_type="date", dt_format="yyyy-MM-dd", dt_range="0500-01-01,9999-12-31",
           hour_type="integer", hour_range="0,23", hour_digits="2")
    put(tarn, "vast/kind=revenue/bucket=3/dt=2020-11-02/hour=07", "found")
    where = "kind = 'revenue' and bucket = 3 and dt between '2020-11-01' and '2020-11-03'"
    assert tarn.rows(f"select v, kind, bucket, dt, hour from vast where {where}", "p") == [
        ["found", "revenue", "3", "2020-11-02", "07"]]
    assert failure(tarn, "select count(*) from vast where kind = 'cost'").endswith(
        "CONSTRAINT_VIOLATION: Table p.vast projects more than 1000000 partitions for this query; add "
        "conditions on the partition columns bucket, dt, hour to its WHERE clause")
    assert values(tarn, "select v from vast where dt = '0400-01-01'") == []
