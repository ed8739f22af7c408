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
    glue.update_crawler(Name=lake.name, Description="e")
    c = glue.get_crawler(Name=lake.name)["Crawler"]
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
