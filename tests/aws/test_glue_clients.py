"""Clients written for AWS's Glue, unchanged but for AWS_ENDPOINT_URL: awswrangler, PyIceberg,
boto3's paginators."""
import threading

import awswrangler as wr
import boto3
import pandas as pd
import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import (CommitFailedException, NamespaceAlreadyExistsError,
                                  NamespaceNotEmptyError, NoSuchTableError, TableAlreadyExistsError)
from pyiceberg.types import LongType


@pytest.fixture(scope="module")
def aws(tarn):
    """The environment of a client that knows nothing of Tarn."""
    with pytest.MonkeyPatch.context() as env:
        for name, value in (("AWS_ENDPOINT_URL", tarn.endpoint), ("AWS_ACCESS_KEY_ID", "test"),
                            ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_DEFAULT_REGION", "us-east-1")):
            env.setenv(name, value)
        boto3.DEFAULT_SESSION = None
        tarn.client("s3").create_bucket(Bucket="wrangled")
        yield tarn
        boto3.DEFAULT_SESSION = None


# ---- awswrangler ----
COLUMNS = {"id": "bigint", "name": "string", "amount": "decimal(10,2)"}


def test_wrangler_catalogue_functions(aws):
    cat = wr.catalog
    cat.create_database("wr_cat", description="d", database_input_args={"Parameters": {"k": "v"}})
    assert "wr_cat" in set(cat.databases()["Database"])
    assert [d["Name"] for d in cat.get_databases() if d["Name"] == "wr_cat"] == ["wr_cat"]
    assert not cat.does_table_exist("wr_cat", "t")
    cat.create_parquet_table(
        database="wr_cat", table="t", path="s3://wrangled/t/", columns_types=COLUMNS,
        partitions_types={"day": "date", "hour": "int"}, description="all of it",
        parameters={"owner": "us"}, columns_comments={"id": "the key"},
        columns_parameters={"id": {"pii": "no"}}, compression="snappy")
    assert cat.does_table_exist("wr_cat", "t")
    assert cat.get_table_types("wr_cat", "t") == {**COLUMNS, "day": "date", "hour": "int"}
    assert cat.get_table_location("wr_cat", "t") == "s3://wrangled/t/"
    assert cat.get_table_description("wr_cat", "t") == "all of it"
    assert cat.get_columns_comments("wr_cat", "t")["id"] == "the key"
    assert cat.get_columns_parameters("wr_cat", "t")["id"] == {"pii": "no"}
    table = cat.table("wr_cat", "t")
    assert list(table["Column Name"]) == [*COLUMNS, "day", "hour"]
    assert list(table["Partition"]) == [False] * 3 + [True] * 2

    assert cat.get_table_parameters("wr_cat", "t")["owner"] == "us"
    assert cat.upsert_table_parameters({"more": "1"}, "wr_cat", "t")["more"] == "1"
    assert cat.overwrite_table_parameters({"only": "this"}, "wr_cat", "t") == {"only": "this"}
    cat.add_column("wr_cat", "t", "extra", "double", column_comment="late")
    assert cat.get_table_types("wr_cat", "t")["extra"] == "double"
    cat.delete_column("wr_cat", "t", "extra")
    assert "extra" not in cat.get_table_types("wr_cat", "t")
    # Four updates; those of parameters asked to keep no version (SkipArchive).
    versions = [v["VersionId"] for v in cat.get_table_versions("wr_cat", "t")]
    assert versions == ["4", "3", "2"] and cat.get_table_number_of_versions("wr_cat", "t") == 3

    where = {f"s3://wrangled/t/day=2026-01-0{d}/hour={h}/": [f"2026-01-0{d}", str(h)]
             for d in range(1, 8) for h in range(24)}  # two batches of BatchCreatePartition
    cat.add_parquet_partitions("wr_cat", "t", where, compression="snappy",
                               columns_types=COLUMNS)
    cat.add_parquet_partitions("wr_cat", "t", where)  # again: those that exist are no error
    assert cat.get_parquet_partitions("wr_cat", "t") == where
    kept = cat.get_partitions("wr_cat", "t", expression="day = '2026-01-03' AND hour > 20")
    assert sorted(kept.values()) == [["2026-01-03", str(h)] for h in (21, 22, 23)]
    cat.delete_partitions(database="wr_cat", table="t", partitions_values=[
        ["2026-01-03", str(h)] for h in range(24)])
    assert len(cat.get_partitions("wr_cat", "t")) == 144
    cat.delete_all_partitions(database="wr_cat", table="t")
    assert cat.get_partitions("wr_cat", "t") == {}

    cat.create_csv_table("wr_cat", "c", "s3://wrangled/c/", COLUMNS, partitions_types={"p": "string"}, sep=";",
                         skip_header_line_count=1)
    cat.add_csv_partitions("wr_cat", "c", {"s3://wrangled/c/p=1/": ["1"]}, sep=";")
    assert cat.get_csv_partitions("wr_cat", "c") == {"s3://wrangled/c/p=1/": ["1"]}
    cat.create_json_table("wr_cat", "j", "s3://wrangled/j/", COLUMNS, partitions_types={"p": "string"})
    cat.add_json_partitions("wr_cat", "j", {"s3://wrangled/j/p=1/": ["1"]})
    cat.create_orc_table("wr_cat", "o", "s3://wrangled/o/", COLUMNS, partitions_types={"p": "string"})
    cat.add_orc_partitions("wr_cat", "o", {"s3://wrangled/o/p=1/": ["1"]})

    names = lambda tables: sorted(t["Name"] for t in tables)  # noqa: E731
    assert names(cat.get_tables(database="wr_cat")) == ["c", "j", "o", "t"]
    assert names(cat.get_tables(database="wr_cat", name_prefix="c")) == ["c"]
    assert names(cat.get_tables(database="wr_cat", name_suffix="j")) == ["j"]
    assert names(cat.get_tables(database="wr_cat", name_contains="o")) == ["o"]
    assert names(cat.search_tables(text="all of it")) == ["t"]
    assert set(cat.tables(database="wr_cat")["Table"]) == {"c", "j", "o", "t"}
    assert set(cat.tables(search_text="the key")["Table"]) == {"t"}
    assert cat.delete_table_if_exists("wr_cat", "c") is True
    assert cat.delete_table_if_exists("wr_cat", "c") is False
    cat.delete_database("wr_cat")
    assert "wr_cat" not in set(cat.databases(limit=1000)["Database"])


def frame(days, amount):
    return pd.DataFrame({"id": range(len(days)), "amount": [amount] * len(days), "day": days})


def test_wrangler_writes_and_reads_datasets(aws):
    wr.catalog.create_database("wr_data", exist_ok=True)
    at = {"path": "s3://wrangled/sales/", "dataset": True, "database": "wr_data", "table": "sales",
          "partition_cols": ["day"]}

    def read(sql="SELECT day, count(*) AS n, sum(amount) AS total FROM sales GROUP BY day ORDER BY day"):
        got = wr.athena.read_sql_query(sql, "wr_data", ctas_approach=False)
        return [tuple(r) for r in got.itertuples(index=False)]

    wr.s3.to_parquet(frame(["a", "a", "b"], 1.5), mode="append", **at)
    assert read() == [("a", 2, 3.0), ("b", 1, 1.5)]
    wr.s3.to_parquet(frame(["b", "c"], 2.0), mode="append", **at)
    assert read() == [("a", 2, 3.0), ("b", 2, 3.5), ("c", 1, 2.0)]
    wr.s3.to_parquet(frame(["b"], 10.0), mode="overwrite_partitions", **at)
    assert read() == [("a", 2, 3.0), ("b", 1, 10.0), ("c", 1, 2.0)]
    assert sorted(wr.catalog.get_partitions("wr_data", "sales").values()) == [["a"], ["b"], ["c"]]
    wider = frame(["d"], 4.0).assign(note="new column")
    wr.s3.to_parquet(wider, mode="append", **at)
    assert wr.catalog.get_table_types("wr_data", "sales")["note"] == "string"
    assert read("SELECT day, count(note) FROM sales WHERE day IN ('a', 'd') GROUP BY day ORDER BY 1"
                ) == [("a", 0), ("d", 1)]
    wr.s3.to_parquet(frame(["z"], 7.0), mode="overwrite", **at)
    assert read() == [("z", 1, 7.0)]
    assert list(wr.catalog.get_partitions("wr_data", "sales").values()) == [["z"]]
    back = wr.s3.read_parquet_table(table="sales", database="wr_data")
    assert list(back["amount"]) == [7.0] and list(back["day"]) == ["z"]


# ---- PyIceberg ----
@pytest.fixture(scope="module")
def iceberg(aws):
    return load_catalog(
        "tarn", type="glue", **{"s3.endpoint": aws.endpoint, "s3.access-key-id": "test",
                                "s3.secret-access-key": "test", "s3.region": "us-east-1",
                                "warehouse": "s3://wrangled/iceberg",
                                "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"})


def rows(n, start=0):
    return pa.table({"id": pa.array(range(start, start + n), pa.int64()),
                     "name": pa.array([f"n{i}" for i in range(start, start + n)], pa.string())})


def test_iceberg_tables(iceberg):
    iceberg.create_namespace("ice", {"comment": "c", "owner": "us"})
    with pytest.raises(NamespaceAlreadyExistsError):
        iceberg.create_namespace("ice")
    assert ("ice",) in iceberg.list_namespaces()
    assert iceberg.load_namespace_properties("ice")["owner"] == "us"
    iceberg.update_namespace_properties("ice", removals={"owner"}, updates={"team": "t"})
    properties = iceberg.load_namespace_properties("ice")
    assert properties["team"] == "t" and "owner" not in properties

    table = iceberg.create_table("ice.events", schema=rows(0).schema)
    with pytest.raises(TableAlreadyExistsError):
        iceberg.create_table("ice.events", schema=rows(0).schema)
    table.append(rows(3))
    table.append(rows(2, start=3))
    assert iceberg.list_tables("ice") == [("ice", "events")] and iceberg.table_exists("ice.events")
    table = iceberg.load_table("ice.events")
    assert table.scan().to_arrow().sort_by("id") == rows(5)
    assert table.scan(row_filter="id >= 3").to_arrow().num_rows == 2
    with table.update_schema() as update:
        update.add_column("more", LongType())
    table.delete("id = 0")
    table = iceberg.load_table("ice.events")
    assert table.scan().to_arrow().num_rows == 4 and "more" in table.schema().column_names

    renamed = iceberg.rename_table("ice.events", "ice.renamed")
    assert renamed.scan().to_arrow().num_rows == 4
    with pytest.raises(NoSuchTableError):
        iceberg.load_table("ice.events")
    with pytest.raises(NamespaceNotEmptyError):
        iceberg.drop_namespace("ice")
    iceberg.drop_table("ice.renamed")
    iceberg.drop_namespace("ice")
    assert ("ice",) not in iceberg.list_namespaces()


def test_iceberg_commits_race_and_none_is_lost(iceberg, aws):
    iceberg.create_namespace("ice_race")
    iceberg.create_table("ice_race.t", schema=rows(0).schema, properties={
        "commit.retry.num-retries": "0"})
    conflicts, failures, each = [], [], 8
    start = threading.Barrier(2)

    def append(thread):
        start.wait()
        for i in range(each):
            while True:
                try:
                    iceberg.load_table("ice_race.t").append(rows(1, start=thread * 100 + i))
                    break
                except CommitFailedException as e:
                    conflicts.append(e)
                except Exception as e:  # noqa: BLE001
                    failures.append(e)
                    return

    threads = [threading.Thread(target=append, args=(t,)) for t in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert failures == []
    got = iceberg.load_table("ice_race.t").scan().to_arrow()
    assert sorted(got["id"].to_pylist()) == [t * 100 + i for t in range(2) for i in range(each)]
    # A writer that holds an old table is told so, in the way that makes clients read it again.
    old, new = iceberg.load_table("ice_race.t"), iceberg.load_table("ice_race.t")
    new.append(rows(1, start=500))
    with pytest.raises(CommitFailedException):
        old.append(rows(1, start=501))
    glue = aws.client("glue")
    t = glue.get_table(DatabaseName="ice_race", Name="t")["Table"]
    assert t["Parameters"]["table_type"].upper() == "ICEBERG" and "metadata_location" in t["Parameters"]
    iceberg.drop_table("ice_race.t")


# ---- paginators ----
def pages_of(glue, operation, size, **kwargs):
    return list(glue.get_paginator(operation).paginate(**kwargs, PaginationConfig={"PageSize": size}))


def test_every_paginator_of_the_catalogue(make_server):
    glue = make_server().client("glue")
    for i in range(7):
        glue.create_database(DatabaseInput={"Name": f"d{i}"})
        glue.create_table(DatabaseName="d0", TableInput={
            "Name": f"t{i}", "PartitionKeys": [{"Name": "p", "Type": "string"}]})
        glue.create_user_defined_function(DatabaseName="d0", FunctionInput={"FunctionName": f"f{i}"})
        glue.create_partition(DatabaseName="d0", TableName="t0", PartitionInput={"Values": [f"v{i}"]})
        glue.put_resource_policy(PolicyInJson='{"Version": "%d"}' % i,
                                 ResourceArn=f"arn:aws:glue:us-east-1:000000000000:database/d{i}")
        glue.create_crawler(Name=f"c{i}", Role="r", DatabaseName="d0",
                            Targets={"S3Targets": [{"Path": "s3://nowhere/"}]})
        glue.create_classifier(CsvClassifier={"Name": f"k{i}", "Delimiter": ";"})
        if i:
            glue.update_table(DatabaseName="d0", TableInput={
                "Name": "t0", "PartitionKeys": [{"Name": "p", "Type": "string"}]})
    table = {"DatabaseName": "d0", "TableName": "t0"}
    names = lambda key: lambda item: item[key]  # noqa: E731
    listings = (
            ("get_databases", "DatabaseList", names("Name"), {}),
            ("get_tables", "TableList", names("Name"), {"DatabaseName": "d0"}),
            ("get_table_versions", "TableVersions", names("VersionId"), table),
            ("get_partitions", "Partitions", lambda p: p["Values"][0], table),
            ("get_user_defined_functions", "UserDefinedFunctions", names("FunctionName"),
             {"Pattern": "*"}),
            ("get_resource_policies", "GetResourcePoliciesResponseList", names("PolicyInJson"), {}),
            ("get_crawlers", "Crawlers", names("Name"), {}),
            ("get_crawler_metrics", "CrawlerMetricsList", names("CrawlerName"), {}),
            ("get_classifiers", "Classifiers", lambda c: c["CsvClassifier"]["Name"], {}))
    for operation, member, text, kwargs in listings:
        pages = pages_of(glue, operation, 3, **kwargs)
        items = [text(item) for page in pages for item in page[member]]
        assert [len(page[member]) for page in pages] == [3, 3, 1], operation
        assert len(set(items)) == 7 and items == sorted(items, reverse=items[0] == "6")
        assert items == [text(i) for p in pages_of(glue, operation, 100, **kwargs) for i in p[member]]
    glue.create_partition_index(**table, PartitionIndex={"Keys": ["p"], "IndexName": "i"})
    pages = list(glue.get_paginator("get_partition_indexes").paginate(**table))
    assert [len(p["PartitionIndexDescriptorList"]) for p in pages] == [1]


def test_wrangler_writes_projected_datasets(aws):
    wr.catalog.create_database("wr_projected", exist_ok=True)
    rows = pd.DataFrame({"id": range(4), "day": pd.to_datetime(["2026-01-01", "2026-01-02"] * 2).date,
                         "kind": ["a", "a", "b", "b"]})
    wr.s3.to_parquet(
        rows, path="s3://wrangled/projected/", dataset=True, database="wr_projected", table="t",
        partition_cols=["day", "kind"], glue_table_settings={"regular_partitions": False},
        athena_partition_projection_settings={
            "projection_types": {"day": "date", "kind": "enum"},
            "projection_ranges": {"day": "2026-01-01,2026-01-31"},
            "projection_values": {"kind": "a,b,c"}})
    assert wr.catalog.get_partitions("wr_projected", "t") == {}
    assert wr.catalog.get_table_parameters("wr_projected", "t")["projection.enabled"] == "true"
    got = wr.athena.read_sql_query(
        "SELECT id FROM t WHERE kind = 'b' AND day = DATE '2026-01-02'", "wr_projected",
        ctas_approach=False)
    assert list(got["id"]) == [3]
    got = wr.athena.read_sql_query("SELECT kind, count(*) AS n FROM t GROUP BY kind ORDER BY kind",
                                   "wr_projected", ctas_approach=False)
    assert list(got["kind"]) == ["a", "b"] and list(got["n"]) == [2, 2]
