#!/usr/bin/env python3
"""Make the tables that benchmark and corpus queries read: TPC-H and TPC-DS as Parquet in a server's catalogue.

    corpus_tables.py ENDPOINT --tpch 0.01 --tpcds 0.01 [--prefix] [--reference FILE.duckdb] [--extensions DIR]

Databases tpch, tpcds and s1 (empty tables); their buckets. Columns of TPC-H are named as in Trino's tpch connector
(orderkey), or with --prefix as in the specification (o_orderkey). The rows come from DuckDB's generators, whose
extensions are looked for in DIR (packages duckdb-extension-tpch and -tpcds). --reference keeps the same tables
for a source's own reference queries."""

import argparse
import glob
import pathlib
import re
import tempfile

import boto3
import duckdb

# Trino's types where they are not those of the generator.
TPCH_TYPES = {
    "orderkey": "bigint", "custkey": "bigint", "partkey": "bigint", "suppkey": "bigint", "nationkey": "bigint",
    "regionkey": "bigint", "linenumber": "int", "quantity": "double", "extendedprice": "double", "discount": "double",
    "tax": "double", "totalprice": "double", "acctbal": "double", "retailprice": "double", "supplycost": "double",
    "shippriority": "int", "availqty": "int", "size": "int",
    "returnflag": "varchar(1)", "linestatus": "varchar(1)", "shipinstruct": "varchar(25)", "shipmode": "varchar(10)",
    "orderstatus": "varchar(1)", "orderpriority": "varchar(15)", "clerk": "varchar(15)", "phone": "varchar(15)",
    "mktsegment": "varchar(10)", "mfgr": "varchar(25)", "brand": "varchar(10)", "type": "varchar(25)",
    "container": "varchar(10)", "address": "varchar(40)",
}
BY_TABLE = {("nation", "name"): "varchar(25)", ("region", "name"): "varchar(25)", ("customer", "name"): "varchar(25)",
            ("supplier", "name"): "varchar(25)", ("part", "name"): "varchar(55)",
            ("nation", "comment"): "varchar(152)", ("region", "comment"): "varchar(152)", ("customer", "comment"): "varchar(117)",
            ("supplier", "comment"): "varchar(101)", ("part", "comment"): "varchar(23)", ("partsupp", "comment"): "varchar(199)",
            ("orders", "comment"): "varchar(79)", ("lineitem", "comment"): "varchar(44)"}
# The connector's regions have the comments of another version of the generator.
REGION_COMMENTS = {
    "AFRICA": "lar deposits. blithely final packages cajole. regular waters are final requests. regular accounts are according to ",
    "AMERICA": "hs use ironic, even requests. s", "ASIA": "ges. thinly even pinto beans ca",
    "EUROPE": "ly final courts cajole furiously final excuse",
    "MIDDLE EAST": "uickly special accounts cajole carefully blithely close requests. carefully final asymptotes haggle furiousl",
}
HIVE = {"VARCHAR": "string", "BIGINT": "bigint", "INTEGER": "int", "DOUBLE": "double", "DATE": "date", "BOOLEAN": "boolean"}


def generate(db, kind, scale, extensions):
    path = next(iter(glob.glob(f"{extensions}/**/{kind}.duckdb_extension", recursive=True)), None)
    db.execute(f"LOAD '{path}'" if path else f"LOAD {kind}")
    db.execute(f"CREATE SCHEMA {kind}")
    function = "dbgen" if kind == "tpch" else "dsdgen"
    db.execute(f"CALL {function}(sf={scale}, schema='{kind}')")
    if kind == "tpch":
        for name, comment in REGION_COMMENTS.items():
            db.execute("UPDATE tpch.region SET r_comment = ? WHERE r_name = ?", [comment, name])


def tables_of(db, kind):
    rows = db.execute("SELECT table_name, column_name, data_type FROM information_schema.columns "
                      f"WHERE table_schema = '{kind}' ORDER BY table_name, ordinal_position").fetchall()
    found = {}
    for table, column, data_type in rows:
        found.setdefault(table, []).append((column, data_type))
    return found


def columns_of(kind, table, columns, prefix):
    """[(source expression, name, Hive type)]"""
    out = []
    for column, data_type in columns:
        bare = re.sub(r"^[a-z]+_", "", column, count=1)
        name = column if kind == "tpcds" or prefix else bare
        hive = HIVE.get(data_type, data_type.lower())
        if kind == "tpch" and not prefix:
            hive = BY_TABLE.get((table, bare)) or TPCH_TYPES.get(bare, hive)
        out.append((f'"{column}"', name, hive))
    return out


def duck_type(hive):
    return "VARCHAR" if hive.startswith(("varchar", "string")) else hive.upper()


def store(endpoint, db, kind, name, prefix, folder):
    def client(service):
        return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    s3, glue = client("s3"), client("glue")
    s3.create_bucket(Bucket=name)
    glue.create_database(DatabaseInput={"Name": name})
    for table, columns in tables_of(db, kind).items():
        chosen = columns_of(kind, table, columns, prefix)
        select = ", ".join(f'CAST({e} AS {duck_type(t)}) AS "{n}"' for e, n, t in chosen)
        db.execute(f'CREATE VIEW "{name}_{table}" AS SELECT {select} FROM {kind}."{table}"')
        path = f"{folder}/{table}.parquet"
        db.execute(f"COPY \"{name}_{table}\" TO '{path}' (FORMAT parquet, COMPRESSION snappy)")
        s3.upload_file(path, name, f"{table}/data.parquet")
        pathlib.Path(path).unlink()
        glue.create_table(DatabaseName=name, TableInput={
            "Name": table, "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
            "StorageDescriptor": {
                "Columns": [{"Name": n, "Type": t} for _, n, t in chosen], "Location": f"s3://{name}/{table}/",
                "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}}})


# Tables without rows that a source's statements about names and types speak of.
EMPTY = {
    "t1": "a bigint, b bigint, c bigint, d bigint", "t2": "a bigint, b bigint", "t3": "a bigint, b bigint", "t5": "a bigint",
    "t6": "a bigint, b string, c bigint, d bigint", "t7": "a bigint, b double, c array<bigint>, d array<double>",
    "t8": "tinyint_column tinyint, integer_column int, decimal_column decimal(5,3), real_column float, char_column char(3), "
          "bounded_varchar_column varchar(3), unbounded_varchar_column string, tinyint_array_column array<tinyint>, "
          "bigint_array_column array<bigint>, nested_bounded_varchar_column struct<field0:varchar(3)>, "
          "row_column struct<field0:tinyint,field1:string>, date_column date",
}


def store_empty(endpoint):
    def client(service):
        return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    glue = client("glue")
    client("s3").create_bucket(Bucket="empty")
    glue.create_database(DatabaseInput={"Name": "s1"})
    for table, columns in EMPTY.items():
        glue.create_table(DatabaseName="s1", TableInput={
            "Name": table, "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
            "StorageDescriptor": {
                "Columns": [dict(zip(("Name", "Type"), c.split(" "))) for c in columns.split(", ")], "Location": f"s3://empty/{table}/",
                "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}}})


def store_views(endpoint):
    """Views over the empty tables, made as a client makes them."""
    athena = boto3.client("athena", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    for view in ("v1", "mv1", "v4"):
        athena.start_query_execution(QueryString=f"CREATE VIEW {view} AS SELECT a FROM t1", QueryExecutionContext={"Database": "s1"},
                                     ResultConfiguration={"OutputLocation": "s3://empty/out/"})


def keep(db, kind, path):
    """The tables by their own names, in the main schema of a file (TPC-H; TPC-DS has tables of the same name)."""
    db.execute(f"ATTACH '{path}' AS kept")
    for table in tables_of(db, kind):
        db.execute(f'CREATE TABLE kept."{table}" AS FROM "{kind}_{table}"')
    db.execute("DETACH kept")


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("endpoint")
    options.add_argument("--tpch")
    options.add_argument("--tpcds")
    options.add_argument("--prefix", action="store_true")
    options.add_argument("--both", action="store_true", help="for the corpus: TPC-H with prefixes as well, as database tpchspec, and empty tables")
    options.add_argument("--reference")
    options.add_argument("--extensions", default=".cache/duckdb-extensions")
    o = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = duckdb.connect(f"{folder}/made.duckdb", config={"allow_unsigned_extensions": "true"})
        for kind, scale in (("tpch", o.tpch), ("tpcds", o.tpcds)):
            if scale:
                generate(db, kind, scale, o.extensions)
                store(o.endpoint, db, kind, kind, o.prefix, folder)
        if o.tpch and o.both:
            store(o.endpoint, db, "tpch", "tpchspec", True, folder)
        if o.both:  # the corpus, not a benchmark
            store_empty(o.endpoint)
            store_views(o.endpoint)
        if o.reference and o.tpch:
            keep(db, "tpch", o.reference)


if __name__ == "__main__":
    main()
