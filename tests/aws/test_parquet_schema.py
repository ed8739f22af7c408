"""Parquet files and tables that differ: columns missing, types wider or others, columns by place."""

import decimal
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


@pytest.fixture(scope="module")
def lake(tarn):
    s3, glue = tarn.client("s3"), tarn.client("glue")
    s3.create_bucket(Bucket="parquet")
    glue.create_database(DatabaseInput={"Name": "p"})
    count = 0

    def make(columns, *tables, properties=None):
        nonlocal count
        count += 1
        for i, table in enumerate(tables):
            out = io.BytesIO()
            pq.write_table(pa.table(table), out)
            s3.put_object(Bucket="parquet", Key=f"t{count}/{i}.parquet", Body=out.getvalue())
        glue.create_table(DatabaseName="p", TableInput={
            "Name": f"t{count}", "TableType": "EXTERNAL_TABLE", "StorageDescriptor": {
                "Columns": [dict(zip(("Name", "Type"), c.split(" ", 1)))
                            for c in columns.split(", ")],
                "Location": f"s3://parquet/t{count}/",
                "SerdeInfo": {"SerializationLibrary": SERDE, "Parameters": properties or {}}}})
        return f"p.t{count}"

    return make


def failure(tarn, sql):
    execution = tarn.query(sql)
    assert execution["Status"]["State"] == "FAILED", sql
    return execution["Status"]["StateChangeReason"]


def test_missing_columns_and_other_order(tarn, lake):
    t = lake("a bigint, b string, c double", {"a": [1], "b": ["x"]}, {"c": [2.5], "B": ["y"]},
             {"a": [3], "zz": [9]})
    assert tarn.rows(f"select a, b, c from {t} order by coalesce(a, 2)") == [
        ["1", "x", None], [None, "y", "2.5"], ["3", None, None]]
    assert tarn.rows(f"select count(*) from {t} where c > 2") == [["1"]]


def test_wider_types(tarn, lake):
    t = lake("i bigint, d double, x decimal(12,2), s smallint",
             {"i": pa.array([7], pa.int32()), "d": pa.array([1.5], pa.float32()),
              "x": pa.array([decimal.Decimal("3.1")], pa.decimal128(5, 1)),
              "s": pa.array([3], pa.int8())},
             {"i": pa.array([8], pa.int64()), "d": pa.array([2.5], pa.float64()),
              "x": pa.array([4], pa.int32()), "s": pa.array([4], pa.int16())})
    assert tarn.rows(f"select * from {t} order by i") == [["7", "1.5", "3.10", "3"],
                                                          ["8", "2.5", "4.00", "4"]]
    assert tarn.rows(f"select sum(i) from {t} where i >= 8") == [["8"]]


@pytest.mark.parametrize("hive, values, physical, trino", [
    ("bigint", pa.array(["1"]), "BINARY", "bigint"),
    ("string", pa.array([1], pa.int64()), "INT64", "varchar"),
    ("bigint", pa.array([1.5]), "DOUBLE", "bigint"),
    ("float", pa.array([1.5]), "DOUBLE", "real"),
    ("date", pa.array(["2024-01-01"]), "BINARY", "date"),
    ("timestamp", pa.array([1], pa.int64()), "INT64", "timestamp(3)"),
    ("boolean", pa.array([1], pa.int32()), "INT32", "boolean"),
    ("string", pa.array([{"x": 1}]), "GROUP", "varchar"),
    ("array<int>", pa.array([1], pa.int32()), "INT32", "array(integer)"),
])
def test_other_types_are_refused(tarn, lake, hive, values, physical, trino):
    t = lake(f"v {hive}, k int", {"v": values, "k": pa.array([5], pa.int32())})
    key = t.split(".")[1]
    assert failure(tarn, f"select v from {t}") == (
        f"HIVE_BAD_DATA: Field v's type {physical} in parquet file s3://parquet/{key}/0.parquet is "
        f"incompatible with type {trino} defined in table schema")
    assert tarn.rows(f"select k from {t}") == [["5"]]


def test_columns_by_place(tarn, lake):
    tables = ({"old": [1, 2], "n": ["a", "b"]}, {"other": [3], "m": ["c"], "extra": [1.5]},
              {"other": [4], "m": ["d"], "extra": [2.5]}, {"only": [5]})
    t = lake("id bigint, name string, more double", *tables,
             properties={"parquet.column.index.access": "true"})
    assert tarn.rows(f"select id, name, more from {t} order by id") == [
        ["1", "a", None], ["2", "b", None], ["3", "c", "1.5"], ["4", "d", "2.5"], ["5", None, None]]
    assert tarn.rows(f"select id, \"$path\" from {t} where id >= 4 order by id") == [
        ["4", f"s3://parquet/{t[2:]}/2.parquet"], ["5", f"s3://parquet/{t[2:]}/3.parquet"]]
    assert tarn.rows(f"select count(*) from {t}") == [["5"]]
    by_name = lake("id bigint, name string", *tables)
    assert tarn.rows(f"select count(id), count(*) from {by_name}") == [["0", "5"]]


def test_columns_by_place_nested(tarn, lake):
    t = lake("r struct<x:bigint,y:string>, z int",
             {"was": pa.array([{"x": 1, "y": "p"}]), "zz": pa.array([2], pa.int32())},
             properties={"parquet.column.index.access": "true"})
    assert tarn.rows(f"select r.x, r.y, z from {t} where r.x = 1") == [["1", "p", "2"]]
