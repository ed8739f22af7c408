"""Glue crawlers against a real server: files become tables that SQL then answers."""

import gzip
import io
import json
import time

import duckdb
import pytest
from botocore.exceptions import ClientError


def code_of(call, **kwargs):
    with pytest.raises(ClientError) as e:
        call(**kwargs)
    return e.value.response["Error"]["Code"]


class Lake:
    """A bucket, a database and crawlers of one test."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        self.s3, self.glue = server.client("s3"), server.client("glue")
        self.s3.create_bucket(Bucket=name)

    def put(self, key, body):
        self.s3.put_object(Bucket=self.name, Key=key,
                           Body=body.encode() if isinstance(body, str) else body)

    def put_parquet(self, key, sql):
        out = io.BytesIO()
        import pyarrow.parquet
        pyarrow.parquet.write_table(duckdb.sql(sql).to_arrow_table(), out)
        self.put(key, out.getvalue())

    def create(self, path="", name=None, target=None, **kwargs):
        name = name or self.name
        self.glue.create_crawler(
            Name=name, Role="any", DatabaseName=kwargs.pop("DatabaseName", self.name),
            Targets={"S3Targets": [dict({"Path": f"s3://{self.name}/{path}"}, **(target or {}))]},
            **kwargs)
        return name

    def wait(self, name=None):
        deadline = time.time() + 60
        while self.glue.get_crawler(Name=name or self.name)["Crawler"]["State"] != "READY":
            assert time.time() < deadline
            time.sleep(0.02)

    def crawl(self, name=None):
        """Runs a crawl; returns its summary."""
        name = name or self.name
        self.glue.start_crawler(Name=name)
        self.wait(name)
        crawl = self.glue.list_crawls(CrawlerName=name)["Crawls"][0]
        assert crawl["State"] == "COMPLETED", crawl
        return json.loads(crawl["Summary"])

    def tables(self):
        pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=self.name)
        return {t["Name"]: t for page in pages for t in page["TableList"]}

    def columns(self, table):
        t = self.glue.get_table(DatabaseName=self.name, Name=table)["Table"]
        return {c["Name"]: c["Type"] for c in t["StorageDescriptor"]["Columns"]}

    def partitions(self, table):
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=self.name,
                                                                   TableName=table)
        return [p["Values"] for page in pages for p in page["Partitions"]]

    def rows(self, sql):
        return self.server.rows(sql, self.name)


@pytest.fixture
def lake(tarn, request):
    name = request.node.name.replace("_", "-").replace("[", "-").replace("]", "")[:60].strip("-")
    return Lake(tarn, name.lower())


def test_formats_become_tables_that_answer(lake):
    lake.put_parquet("numbers/a.parquet", "select i::int as id, i * 1.5::double as v from range(10) t(i)")
    lake.put("lines/a.json", '{"Id":1,"t":"x","in":{"Deep":[1,2]}}\n{"Id":2,"t":"y"}\n')
    lake.put("array/a.json", '[{"Id":1,"t":"x"},\n {"Id":2}]')
    lake.put("text/a.csv", "id,name,day\n1,x,2020-01-01\n2,y,2020-01-02\n")
    lake.put("quoted/a.csv", 'id,name\n1,"x, y"\n2,"z"\n')
    lake.put("tabs/a.tsv.gz", gzip.compress(b"id\tok\n1\ttrue\n2\tfalse\n"))
    lake.create()
    assert lake.crawl()["TABLE"] == {"ADD": 6, "UPDATE": 0, "DELETE": 0}
    tables = lake.tables()
    assert sorted(tables) == ["array", "lines", "numbers", "quoted", "tabs", "text"]
    assert lake.columns("numbers") == {"id": "int", "v": "double"}
    assert lake.columns("lines") == {"id": "bigint", "t": "string",
                                     "in": "struct<deep:array<bigint>>"}
    assert lake.columns("text") == {"id": "bigint", "name": "string", "day": "string"}
    assert lake.rows("select count(*), sum(id) from numbers") == [["10", "45"]]
    assert lake.rows("select id, t from lines order by id") == [["1", "x"], ["2", "y"]]
    assert lake.rows('select id, t from "array" order by id') == [["1", "x"], ["2", None]]
    assert lake.rows("select id, name, day from text where id = 2") == [["2", "y", "2020-01-02"]]
    assert lake.rows("select id, name from quoted order by id") == [["1", "x, y"], ["2", "z"]]
    assert lake.rows("select count(*) from tabs where ok") == [["1"]]
    p = tables["tabs"]["Parameters"]
    assert (p["classification"], p["compressionType"], p["typeOfData"]) == ("csv", "gzip", "file")
    assert (p["delimiter"], p["skip.header.line.count"], p["recordCount"]) == ("\t", "1", "2")
    assert p["UPDATED_BY_CRAWLER"] == lake.name and p["objectCount"] == "1"
    assert tables["numbers"]["Parameters"]["recordCount"] == "10"


def test_partitions_and_a_second_crawl(lake):
    for day in (1, 2):
        lake.put_parquet(f"sales/year=2024/day={day}/a.parquet", f"select {day} as n, 'x' as s")
        lake.put(f"logs/2024/{day}/a.json", '{"a":1}\n')
    lake.create()
    summary = lake.crawl()
    assert summary["TABLE"]["ADD"] == 2 and summary["PARTITION"]["ADD"] == 4
    assert summary["FILES_READ"] == 4
    assert lake.partitions("sales") == [["2024", "1"], ["2024", "2"]]
    keys = lake.tables()["logs"]["PartitionKeys"]
    assert [k["Name"] for k in keys] == ["partition_0", "partition_1"]
    assert lake.rows("select n from sales where day = '2'") == [["2"]]
    assert lake.rows("select count(*) from logs where partition_1 = '1'") == [["1"]]
    again = lake.crawl()
    assert again["FILES_READ"] == 0
    assert again["TABLE"] == {"ADD": 0, "UPDATE": 0, "DELETE": 0}
    assert again["PARTITION"] == {"ADD": 0, "UPDATE": 0, "DELETE": 0}
    lake.put_parquet("sales/year=2024/day=3/a.parquet", "select 3 as n, 'x' as s")
    third = lake.crawl()
    assert third["FILES_READ"] == 1 and third["PARTITION"]["ADD"] == 1
    assert lake.rows("select sum(n) from sales") == [["6"]]


def test_crawlers_are_described_and_refused(lake):
    glue = lake.glue
    lake.create("x/", Description="d", TablePrefix="t_", Tags={"team": "data"},
                Schedule="cron(15 12 * * ? *)")
    c = glue.get_crawler(Name=lake.name)["Crawler"]
    assert c["State"] == "READY" and c["Version"] == 1 and c["TablePrefix"] == "t_"
    assert c["Schedule"] == {"ScheduleExpression": "cron(15 12 * * ? *)", "State": "SCHEDULED"}
    assert c["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_EVERYTHING"}
    assert c["SchemaChangePolicy"]["DeleteBehavior"] == "DEPRECATE_IN_DATABASE"
    arn = f"arn:aws:glue:us-east-1:000000000000:crawler/{lake.name}"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "data"}
    glue.update_crawler(Name=lake.name, Description="e", SchemaChangePolicy={"DeleteBehavior": "LOG"})
    c = glue.get_crawler(Name=lake.name)["Crawler"]
    assert c["SchemaChangePolicy"] == {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"}
    assert c["Description"] == "e" and c["Version"] == 2 and c["TablePrefix"] == "t_"
    assert lake.name in glue.list_crawlers()["CrawlerNames"]
    many = glue.batch_get_crawlers(CrawlerNames=[lake.name, "none"])
    assert [x["Name"] for x in many["Crawlers"]] == [lake.name]
    assert many["CrawlersNotFound"] == ["none"]
    glue.stop_crawler_schedule(CrawlerName=lake.name)
    assert code_of(glue.stop_crawler_schedule,
                   CrawlerName=lake.name) == "SchedulerNotRunningException"
    glue.start_crawler_schedule(CrawlerName=lake.name)
    assert code_of(glue.start_crawler_schedule,
                   CrawlerName=lake.name) == "SchedulerRunningException"
    assert code_of(glue.update_crawler_schedule, CrawlerName=lake.name,
                   Schedule="every day") == "InvalidInputException"
    glue.update_crawler_schedule(CrawlerName=lake.name, Schedule="")
    assert "Schedule" not in glue.get_crawler(Name=lake.name)["Crawler"]
    assert code_of(glue.start_crawler_schedule, CrawlerName=lake.name) == "NoScheduleException"
    assert code_of(lake.create) == "AlreadyExistsException"
    assert code_of(lake.create, name="other", Classifiers=["none"]) == "EntityNotFoundException"
    assert code_of(lake.create, name="other", Configuration="{") == "InvalidInputException"
    assert code_of(glue.create_crawler, Name="other", Role="r", DatabaseName="d", Targets={
        "JdbcTargets": [{"ConnectionName": "c", "Path": "p"}]}) == "InvalidInputException"
    assert code_of(glue.stop_crawler, Name=lake.name) == "CrawlerNotRunningException"
    for call in (glue.get_crawler, glue.start_crawler, glue.delete_crawler, glue.update_crawler):
        assert code_of(call, Name="none") == "EntityNotFoundException"
    assert glue.list_crawlers(Tags={"team": "data"})["CrawlerNames"] == [lake.name]
    assert glue.list_crawlers(Tags={"team": "x"})["CrawlerNames"] == []
    for bad in ({"FieldName": "STATE", "FilterOperator": "LT", "FieldValue": "x"},
                {"FieldName": "STATE", "FilterOperator": "EQ"},
                {"FieldName": "END_TIME", "FilterOperator": "LT", "FieldValue": "yesterday"}):
        assert code_of(glue.list_crawls, CrawlerName=lake.name, Filters=[bad]) == "InvalidInputException"
    assert code_of(glue.list_crawls, CrawlerName=lake.name, Filters=[
        {"FieldName": "X", "FilterOperator": "EQ", "FieldValue": "x"}]) == "ValidationException"
    glue.delete_crawler(Name=lake.name)
    assert code_of(glue.get_crawler, Name=lake.name) == "EntityNotFoundException"
    assert code_of(glue.get_tags, ResourceArn=arn) == "EntityNotFoundException"


def test_a_crawl_that_fails_says_why(lake):
    glue = lake.glue
    glue.create_crawler(Name=lake.name, Role="r", DatabaseName="d", Targets={
        "S3Targets": [{"Path": "s3://there-is-no-such-bucket/x/"}]})
    glue.start_crawler(Name=lake.name)
    lake.wait()
    last = glue.get_crawler(Name=lake.name)["Crawler"]["LastCrawl"]
    assert last["Status"] == "FAILED" and "bucket" in last["ErrorMessage"]
    assert last["LogGroup"] == "/aws-glue/crawlers"
    crawls = glue.list_crawls(CrawlerName=lake.name, Filters=[
        {"FieldName": "STATE", "FilterOperator": "EQ", "FieldValue": "FAILED"}])["Crawls"]
    assert len(crawls) == 1 and crawls[0]["CrawlId"] == last["MessagePrefix"]
    assert not glue.list_crawls(CrawlerName=lake.name, Filters=[
        {"FieldName": "STATE", "FilterOperator": "NE", "FieldValue": "FAILED"}])["Crawls"]
    start = crawls[0]["StartTime"]
    for op, value, found in (("GE", start.isoformat(), 1), ("GT", start.isoformat(), 0),
                             ("LE", str(round(start.timestamp() * 1000)), 1),
                             ("LT", "2020-01-01T00:00:00Z", 0)):
        assert len(glue.list_crawls(CrawlerName=lake.name, Filters=[
            {"FieldName": "START_TIME", "FilterOperator": op, "FieldValue": value}])["Crawls"]) == found
    glue.create_crawler(Name=lake.name + "-2", Role="r", Targets={"S3Targets": []})
    glue.start_crawler(Name=lake.name + "-2")
    lake.wait(lake.name + "-2")
    last = glue.get_crawler(Name=lake.name + "-2")["Crawler"]["LastCrawl"]
    assert "no targets" in last["ErrorMessage"]


def test_exclusions_and_sample_size(lake):
    for name in ("a.json", "b.json", "c.json"):
        lake.put(f"t/{name}", '{"a":1}\n')
    lake.put("t/tmp/x.csv", "p,q\n1,2\n")
    lake.put("t/skip.log", "no, table, here\n1\n")
    lake.put("t/_SUCCESS", "")
    lake.create("t/", target={"Exclusions": ["tmp/**", "*.{log,txt}"], "SampleSize": 2})
    assert lake.crawl()["FILES_READ"] == 2
    assert list(lake.tables()) == ["t"]
    p = lake.tables()["t"]["Parameters"]
    assert p["objectCount"] == "3" and p["recordCount"] == "3"
    assert json.loads(p["exclusions"]) == ["tmp/**", "*.{log,txt}"]


def test_files_that_differ_are_tables_of_their_own(lake):
    lake.put("mix/a.csv", "x,y\n1,2\n3,4\n")
    lake.put("mix/b.json", '{"a":1}\n')
    lake.put("mix/logo.png", b"\x89PNG\r\n\x1a\n\0\0")
    lake.create("mix")
    lake.crawl()
    assert sorted(lake.tables()) == ["a_csv", "b_json"]
    assert lake.rows("select sum(y) from a_csv") == [["6"]]
    assert lake.rows("select a from b_json") == [["1"]]


def test_one_object_as_target(lake):
    lake.put("f/a.csv", "x,y\n1,2\n")
    lake.put("f/b.csv", "u,v,w\n1,2,3\n")
    lake.create("f/a.csv")
    lake.crawl()
    assert list(lake.tables()) == ["a_csv"]
    assert lake.rows("select * from a_csv") == [["1", "2"]]


def test_names_that_are_taken(lake):
    lake.put("one/t/a.csv", "x,y\n1,2\n")
    lake.put("two/t/a.json", '{"a":1}\n')
    lake.create("one/t/", TablePrefix="P-")
    lake.create("two/t/", name=lake.name + "-2", TablePrefix="P-")
    lake.crawl()
    lake.crawl(lake.name + "-2")
    first, second = sorted(lake.tables())
    assert first == "p_t" and len(second) == len("p_t_") + 32
    assert lake.rows(f"select a from {second}") == [["1"]]
    assert lake.crawl()["TABLE"]["ADD"] == lake.crawl(lake.name + "-2")["TABLE"]["ADD"] == 0


LOG = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}


def test_columns_change(lake):
    """UPDATE_IN_DATABASE replaces columns, keeps a user's words, and makes a version; LOG does nothing."""
    lake.put("t/a.json", '{"a":1,"b":2}\n')
    lake.create("t/")
    lake.create("t/", name=lake.name + "-log", SchemaChangePolicy=LOG)
    lake.crawl()
    table = lake.tables()["t"]
    sd = table["StorageDescriptor"]
    sd["Columns"][0]["Comment"] = "mine"
    lake.glue.update_table(DatabaseName=lake.name, TableInput={
        "Name": "t", "StorageDescriptor": sd, "Description": "about t",
        "Parameters": dict(table["Parameters"], owner_team="x"), "TableType": "EXTERNAL_TABLE"})
    lake.put("t/b.json", '{"a":1.5,"b":2,"c":{"d":1}}\n')
    assert lake.crawl(lake.name + "-log")["TABLE"]["UPDATE"] == 0
    assert "c" not in lake.columns("t")
    assert lake.crawl()["TABLE"]["UPDATE"] == 1
    assert lake.columns("t") == {"a": "double", "b": "bigint", "c": "struct<d:bigint>"}
    after = lake.tables()["t"]
    assert after["Description"] == "about t" and after["Parameters"]["owner_team"] == "x"
    assert after["StorageDescriptor"]["Columns"][0]["Comment"] == "mine"
    assert len(lake.glue.get_table_versions(DatabaseName=lake.name,
                                            TableName="t")["TableVersions"]) == 3
    lake.s3.delete_object(Bucket=lake.name, Key="t/b.json")
    lake.crawl()
    assert list(lake.columns("t")) == ["a", "b"]


def test_merge_new_columns_and_inherit(lake):
    lake.put_parquet("t/d=1/a.parquet", "select 1::int as a, 'x' as gone")
    lake.create("t/", Configuration=json.dumps({"Version": 1.0, "CrawlerOutput": {
        "Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
        "Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}}))
    lake.crawl()
    lake.put_parquet("t/d=1/a.parquet", "select 1::bigint as a, 2.5::double as extra")
    lake.put_parquet("t/d=2/a.parquet", "select 1::bigint as a, 2.5::double as extra")
    summary = lake.crawl()
    assert summary["TABLE"]["UPDATE"] == 1 and summary["PARTITION"] == {
        "ADD": 1, "UPDATE": 1, "DELETE": 0}
    assert lake.columns("t") == {"a": "int", "gone": "string", "extra": "double"}
    for p in lake.glue.get_partitions(DatabaseName=lake.name, TableName="t")["Partitions"]:
        assert [c["Name"] for c in p["StorageDescriptor"]["Columns"]] == ["a", "gone", "extra"]
    assert lake.rows("select count(gone), sum(extra) from t") == [["0", "5.0"]]


@pytest.mark.parametrize("behavior", ["LOG", "DELETE_FROM_DATABASE", "DEPRECATE_IN_DATABASE"])
def test_folders_go_away(lake, behavior):
    for key in ("t/d=1/a.json", "t/d=2/a.json", "u/a.csv"):
        lake.put(key, '{"a":1}\n' if key.endswith("json") else "x,y\n1,2\n")
    lake.create(SchemaChangePolicy={"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": behavior})
    lake.crawl()
    lake.s3.delete_object(Bucket=lake.name, Key="t/d=2/a.json")
    lake.s3.delete_object(Bucket=lake.name, Key="u/a.csv")
    lake.put("w/a.csv", "k,l\n1,2\n")
    summary = lake.crawl()
    gone = behavior == "DELETE_FROM_DATABASE"
    assert sorted(lake.tables()) == (["t", "w"] if gone else ["t", "u", "w"])
    assert summary["TABLE"]["DELETE"] == gone and summary["PARTITION"]["DELETE"] == gone
    assert lake.partitions("t") == ([["1"]] if gone else [["1"], ["2"]])
    if not gone:
        marked = "DEPRECATED_BY_CRAWLER" in lake.tables()["u"]["Parameters"]
        assert marked == (behavior == "DEPRECATE_IN_DATABASE")
        lake.put("u/a.csv", "x,y\n1,2\n3,4\n")
        lake.crawl()
        assert "DEPRECATED_BY_CRAWLER" not in lake.tables()["u"]["Parameters"]
    assert lake.crawl()["FILES_READ"] == 0


def test_new_folders_only(lake):
    lake.put("t/d=1/a.json", '{"a":1}\n')
    kwargs = {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}}
    assert code_of(lake.create, path="t/", **kwargs) == "InvalidInputException"
    lake.create("t/", SchemaChangePolicy=LOG, **kwargs)
    lake.crawl()
    lake.put("t/d=1/b.json", '{"a":1,"b":2}\n')
    lake.put("t/d=2/a.json", '{"a":3}\n')
    summary = lake.crawl()
    assert summary["FILES_READ"] == 1 and summary["PARTITION"]["ADD"] == 1
    assert summary["TABLE"]["UPDATE"] == 0
    lake.s3.delete_object(Bucket=lake.name, Key="t/d=1/a.json")
    lake.s3.delete_object(Bucket=lake.name, Key="t/d=1/b.json")
    assert lake.crawl()["PARTITION"]["DELETE"] == 0
    lake.put("t/d=1/a.json", '{"a":1}\n')
    assert lake.crawl()["FILES_READ"] == 0


def test_a_catalogue_target(lake):
    lake.glue.create_database(DatabaseInput={"Name": lake.name})
    lake.put("t/p=1/q=1/a.json", '{"a":1}\n')
    lake.put("t/p=2/q=1/a.json", '{"a":1,"b":"x"}\n')
    lake.glue.create_table(DatabaseName=lake.name, TableInput={
        "Name": "mine", "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": "p", "Type": "int"}, {"Name": "q", "Type": "int"}],
        "StorageDescriptor": {"Location": f"s3://{lake.name}/t", "Columns": [],
                              "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"}}})
    lake.glue.create_crawler(Name=lake.name, Role="r", SchemaChangePolicy={
        "UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"}, Targets={
            "CatalogTargets": [{"DatabaseName": lake.name, "Tables": ["mine"]}]})
    summary = lake.crawl()
    assert summary["TABLE"] == {"ADD": 0, "UPDATE": 1, "DELETE": 0}
    assert lake.columns("mine") == {"a": "bigint", "b": "string"}
    assert [k["Type"] for k in lake.tables()["mine"]["PartitionKeys"]] == ["int", "int"]
    assert lake.rows("select sum(a) from mine where p = 2") == [["1"]]
    assert lake.crawl()["TABLE"]["UPDATE"] == 0


def test_classifiers(lake):
    glue = lake.glue
    name = lake.name
    glue.create_classifier(CsvClassifier={"Name": name, "Delimiter": ";", "QuoteSymbol": "'",
                                          "ContainsHeader": "ABSENT", "Header": ["one", "two"]})
    glue.create_classifier(GrokClassifier={"Name": name + "-grok", "Classification": "x",
                                           "GrokPattern": "%{NUMBER:n}"})
    got = glue.get_classifier(Name=name)["Classifier"]["CsvClassifier"]
    assert got["Delimiter"] == ";" and got["Version"] == 1 and got["CreationTime"]
    glue.update_classifier(CsvClassifier={"Name": name, "Header": ["first", "second"]})
    got = glue.get_classifier(Name=name)["Classifier"]["CsvClassifier"]
    assert got["Header"] == ["first", "second"] and got["Version"] == 2 and got["QuoteSymbol"] == "'"
    assert len([c for c in glue.get_classifiers()["Classifiers"] if name in str(c)]) == 2
    assert code_of(glue.create_classifier,
                   CsvClassifier={"Name": name}) == "AlreadyExistsException"
    assert code_of(glue.create_classifier, CsvClassifier={
        "Name": "x", "Delimiter": ",", "QuoteSymbol": ","}) == "InvalidInputException"
    lake.put("t/a.txt", "1;'x;y'\n2;'z'\n")
    lake.create("t/", Classifiers=[name])
    lake.crawl()
    assert lake.columns("t") == {"first": "bigint", "second": "string"}
    assert lake.rows("select second from t order by first") == [["x;y"], ["z"]]
    glue.update_crawler(Name=lake.name, Classifiers=[name + "-grok"])
    glue.start_crawler(Name=lake.name)
    lake.wait()
    last = glue.get_crawler(Name=lake.name)["Crawler"]["LastCrawl"]
    assert last["Status"] == "FAILED" and "GrokClassifier" in last["ErrorMessage"]
    glue.delete_classifier(Name=name)
    assert code_of(glue.get_classifier, Name=name) == "EntityNotFoundException"


def test_one_crawl_at_a_time_and_stop(lake):
    for i in range(300):
        lake.put(f"t/p={i}/a.json", '{"a":%d}\n' % i)
    lake.create("t/")
    lake.glue.start_crawler(Name=lake.name)
    for call in (lake.glue.start_crawler, lake.glue.update_crawler, lake.glue.delete_crawler):
        assert code_of(call, Name=lake.name) == "CrawlerRunningException"
    assert lake.glue.list_crawls(CrawlerName=lake.name)["Crawls"][0]["State"] == "RUNNING"
    lake.glue.stop_crawler(Name=lake.name)
    lake.wait()
    last = lake.glue.get_crawler(Name=lake.name)["Crawler"]["LastCrawl"]
    assert last["Status"] == "CANCELLED"
    assert lake.crawl()["PARTITION"]["ADD"] == 300
    assert lake.rows("select sum(a), count(distinct p) from t") == [[str(299 * 150), "300"]]
    crawls = lake.glue.list_crawls(CrawlerName=lake.name, MaxResults=1)
    assert crawls["Crawls"][0]["State"] == "COMPLETED"
    second = lake.glue.list_crawls(CrawlerName=lake.name, MaxResults=1,
                                   NextToken=crawls["NextToken"])
    assert second["Crawls"][0]["State"] == "STOPPED"


def test_schedules_and_a_killed_server(make_server, tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("0")
    server = make_server(env={"TARN_CLOCK_FILE": str(clock)})
    lake = Lake(server, "lake")
    lake.put("t/a.json", '{"a":1}\n')
    lake.create("t/", Schedule="cron(0 0 1 1 ? *)")
    time.sleep(1.2)
    assert not lake.glue.list_crawls(CrawlerName="lake")["Crawls"]
    clock.write_text(str(366 * 86400 * 1000))
    deadline = time.time() + 20
    while not lake.glue.list_crawls(CrawlerName="lake", Filters=[
            {"FieldName": "STATE", "FilterOperator": "EQ", "FieldValue": "COMPLETED"}])["Crawls"]:
        assert time.time() < deadline
        time.sleep(0.1)
    assert len(lake.glue.list_crawls(CrawlerName="lake")["Crawls"]) == 1
    assert lake.columns("t") == {"a": "bigint"}
    for i in range(300):
        lake.put(f"t/p={i}/a.json", '{"a":1}\n')
    lake.glue.start_crawler(Name="lake")
    server.kill()
    server.start()
    lake = Lake.__new__(Lake)
    lake.server, lake.name, lake.glue = server, "lake", server.client("glue")
    c = lake.glue.get_crawler(Name="lake")["Crawler"]
    assert c["State"] == "READY" and c["LastCrawl"]["Status"] == "FAILED"
    assert "server ended" in c["LastCrawl"]["ErrorMessage"]
    lake.crawl()


def test_a_worker_that_dies_costs_one_schema(make_server):
    """Workers are killed while a crawl asks them: the crawl still ends, and the next one is right."""
    import os
    import signal
    import requests
    server = make_server()
    lake = Lake(server, "lake")
    for i in range(200):
        lake.put(f"t/p={i}/a.json", '{"a":1}\n')
    lake.create("t/")
    lake.glue.start_crawler(Name="lake")
    killed, deadline = 0, time.time() + 60
    while lake.glue.get_crawler(Name="lake")["Crawler"]["State"] != "READY":
        assert time.time() < deadline
        for pid in requests.get(server.endpoint + "/tarn/v1/status").json()["workers"]["pids"]:
            if killed < 2:
                try:
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    pass
        time.sleep(0.05)
    assert lake.glue.get_crawler(Name="lake")["Crawler"]["LastCrawl"]["Status"] == "SUCCEEDED"
    assert killed


def test_schemas_that_evolve(lake):
    """Partitions of different widths and types answer together."""
    lake.put_parquet("t/d=1/a.parquet", "select 1::int as id, {'Deep': 1::int, 'X': 'a'} as s, "
                     "1.5::decimal(9,2) as dec, date '2020-01-01' as dt, 1 as c")
    lake.put_parquet("t/d=2/a.parquet", "select 2::bigint as id, {'Deep': 2::bigint, 'Y': 'b'} as s, "
                     "2.25::decimal(12,4) as dec, timestamp '2020-01-02 10:00:00' as dt, 'x' as c, 5 as e")
    lake.put("j/d=1/a.json", '{"id":1,"s":{"A":1},"v":1,"w":"x"}\n')
    lake.put("j/d=2/a.json", '{"id":2.5,"s":{"A":2,"B":"q"},"v":"str","w":{"z":1}}\n')
    lake.put("c/d=1/a.csv", "id,v\n1,2\n")
    lake.put("c/d=2/a.csv", "id,v,w\n1.5,x,3\n")
    lake.create(Configuration=json.dumps({
        "Version": 1.0, "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"}}))
    assert lake.crawl()["TABLE"]["ADD"] == 3
    assert lake.columns("t") == {
        "id": "bigint", "s": "struct<deep:bigint,x:string,y:string>", "dec": "decimal(12,4)",
        "dt": "timestamp", "c": "string", "e": "int"}
    assert lake.rows("select * from t order by d") == [
        ["1", "{deep=1, x=a, y=null}", "1.5000", "2020-01-01 00:00:00.000", "1", None, "1"],
        ["2", "{deep=2, x=null, y=b}", "2.2500", "2020-01-02 10:00:00.000", "x", "5", "2"]]
    assert lake.rows("select * from j order by d") == [
        ["1.0", "{a=1, b=null}", "1", "x", "1"], ["2.5", "{a=2, b=q}", "str", '{"z":1}', "2"]]
    assert lake.rows("select * from c order by d") == [
        ["1.0", "2", None, "1"], ["1.5", "x", "3", "2"]]


def test_compressed_text(lake):
    for suffix, options in (("csv", "format csv, header"), ("json", "format json")):
        for compression, ending in (("gzip", "gz"), ("zstd", "zst")):
            path = lake.server.data_dir.parent / f"rows.{suffix}.{ending}"
            duckdb.sql(f"copy (select i as id, 'x' || i as name from range(100) t(i)) to '{path}' "
                       f"({options}, compression {compression})")
            lake.s3.upload_file(str(path), lake.name, f"{suffix}_{compression}/{path.name}")
    lake.put("arr/a.json.gz", gzip.compress(b'[{"Id":1},\n {"Id":2}]'))
    lake.create()
    lake.crawl()
    tables = lake.tables()
    assert sorted(tables) == ["arr", "csv_gzip", "csv_zstd", "json_gzip", "json_zstd"]
    for name in ("csv_gzip", "csv_zstd", "json_gzip", "json_zstd"):
        assert tables[name]["Parameters"]["compressionType"] == name.split("_")[1]
        assert tables[name]["StorageDescriptor"]["Compressed"]
        assert lake.rows(f"select count(*), sum(id), max(name) from {name}") == [["100", "4950", "x99"]]
    assert lake.rows("select sum(id) from arr") == [["3"]]
