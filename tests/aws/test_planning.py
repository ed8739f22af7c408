"""What a query reads follows from its predicates: each partition holds one file of the same size, so
the bytes scanned tell how many partitions the plan kept; the answer tells that none was missed."""

import pytest

YEARS, MONTHS = ("2023", "2024", "2025"), ("01", "02", "03", "12")
LINE = b'{"v":1}\n'


@pytest.fixture(scope="module")
def table(tarn):
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="planning")
    glue = tarn.client("glue")
    glue.create_database(DatabaseInput={"Name": "planning"})
    serde = {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"}
    glue.create_table(DatabaseName="planning", TableInput={
        "Name": "t", "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": {"Columns": [{"Name": "v", "Type": "int"}],
                              "Location": "s3://planning/t/", "SerdeInfo": serde},
        "PartitionKeys": [{"Name": "year", "Type": "string"}, {"Name": "month", "Type": "string"},
                          {"Name": "n", "Type": "int"}]})
    inputs = []
    for year in YEARS:
        for month in MONTHS:
            for n in range(2):
                key = f"t/{year}-{month}/{n}/f.json"
                s3.put_object(Bucket="planning", Key=key, Body=LINE)
                inputs.append({"Values": [year, month, f"0{n}"], "StorageDescriptor": {
                    "Columns": [{"Name": "v", "Type": "int"}], "SerdeInfo": serde,
                    "Location": f"s3://planning/t/{year}-{month}/{n}/"}})
    errors = glue.batch_create_partition(DatabaseName="planning", TableName="t",
                                         PartitionInputList=inputs)["Errors"]
    assert errors == []
    return "planning.t"


def answer(tarn, execution):
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    page = tarn.client("athena").get_query_results(
        QueryExecutionId=execution["QueryExecutionId"])
    return int(page["ResultSet"]["Rows"][1]["Data"][0]["VarCharValue"])


def kept(tarn, where, source="planning.t"):
    """(partitions whose rows are counted, partitions read)"""
    execution = tarn.query(f"select count(*) from {source} where {where}")
    counted = answer(tarn, execution)
    scanned = execution["Statistics"]["DataScannedInBytes"]
    assert scanned % len(LINE) == 0
    return counted, scanned // len(LINE)


@pytest.mark.parametrize("where,want", [
    ("true", 24),
    ("year = '2024'", 8),
    ("year = '2024' and month >= '02' and n = 1", 3),
    ("month = '12'", 6),
    ("n = 1", 12),
    ("n = 7", 0),
    ("year in ('2023', '2025') and month <> '01'", 12),
    ("year || '-' || month = '2024-12'", 2),
    ("year || '-' || month between '2023-12' and '2024-02'", 6),
    ("cast(year as integer) > 2023 and cast(month as integer) = 3", 4),
    ("date_parse(year || month, '%Y%m') >= timestamp '2025-02-01 00:00:00'", 6),
    ("date(year || '-' || month || '-01') = date '2024-03-01'", 2),
    ("year like '202_' and month like '0%'", 18),
    ("substr(year, 4) = '4'", 8),
    ("(year = '2023' and month = '01') or (year = '2025' and month = '12')", 4),
    ("year not in ('2023', '2024')", 8),
    ("month is null", 0),
    ("n * 2 + 1 = 3", 12),
    ("concat(year, month) > '202412'", 8),
    ("coalesce(month, 'x') = '02'", 6),
    ("case when year = '2023' then month = '01' else month = '12' end", 6),
    ("lower(year) = '2024' and mod(n, 2) = 0", 4),
])
def test_partitions_that_predicates_keep(tarn, table, where, want):
    assert kept(tarn, where) == (want, want)


@pytest.mark.parametrize("sql,counted,read", [
    ("select count(*) from (select * from planning.t where year = '2024') where month = '01'", 2, 2),
    ("with w as (select year as y, month, v from planning.t) "
     "select count(*) from w where y = '2024' and month = '01'", 2, 2),
    ("with w as (select * from planning.t) select (select count(*) from w where year = '2023') + "
     "(select count(*) from w where year = '2024')", 16, None),
    ("select count(*) from planning.t a join planning.t b on a.year = b.year and a.month = b.month "
     "and a.n = b.n where a.year = '2024'", 8, 16),
    ("select count(*) from planning.t a left join planning.t b on a.year = b.year "
     "and a.month = b.month and a.n = b.n and b.month = '01'", 24, 24 + 6),
    ("select count(*) from (select year, count(*) c from planning.t group by year) "
     "where year = '2024'", 1, 8),
    ("select count(*) from (select year from planning.t union all select year from planning.t) "
     "where year = '2024'", 16, 16),
    ("select count(*) from (select * from planning.t order by year limit 8) where year = '2024'",
     0, 24),
    ("select count(*) from (select *, row_number() over (order by year, month, n) r "
     "from planning.t) where year = '2024' and r <= 9", 1, 24),
])
def test_predicates_are_pushed_where_that_is_sound(tarn, table, sql, counted, read):
    execution = tarn.query(sql)
    assert answer(tarn, execution) == counted
    if read is not None:
        assert execution["Statistics"]["DataScannedInBytes"] == read * len(LINE)


def test_a_change_by_another_program_is_seen(tarn, table):
    folder = tarn.data_dir / "objects" / "planning" / "t" / "2024-01" / "0"
    assert kept(tarn, "year = '2024' and month = '01'") == (2, 2)
    (folder / "g.json").write_bytes(LINE + LINE)
    assert kept(tarn, "year = '2024' and month = '01'") == (4, 4)
    with open(folder / "g.json", "ab") as out:
        out.write(LINE)
    assert kept(tarn, "year = '2024' and month = '01'") == (5, 5)
    (folder / "g.json").unlink()
    assert kept(tarn, "year = '2024' and month = '01'") == (2, 2)


def test_locations_inside_empty_and_missing_folders(tarn, table):
    """A location that lists nothing hides none below it: hidden names count from the location on."""
    glue, s3 = tarn.client("glue"), tarn.client("s3")
    serde = {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"}
    columns = [{"Name": "v", "Type": "int"}]
    glue.create_table(DatabaseName="planning", TableInput={
        "Name": "odd", "TableType": "EXTERNAL_TABLE", "PartitionKeys": [
            {"Name": "p", "Type": "string"}],
        "StorageDescriptor": {"Columns": columns, "Location": "s3://planning/odd/",
                              "SerdeInfo": serde}})
    s3.put_object(Bucket="planning", Key="odd/_hidden/f.json", Body=LINE)
    s3.put_object(Bucket="planning", Key="odd/none2/f.json", Body=LINE)
    for value, place in (("a", "odd/"), ("b", "odd/_hidden/"), ("c", "odd/none/x/"),
                         ("d", "odd/none/y"), ("e", "odd/none2"), ("f", "gone/")):
        glue.create_partition(DatabaseName="planning", TableName="odd", PartitionInput={
            "Values": [value], "StorageDescriptor": {
                "Columns": columns, "SerdeInfo": serde, "Location": f"s3://planning/{place}"}})
    assert tarn.rows("select p, count(*) from planning.odd group by p order by p") == [
        ["a", "1"], ["b", "1"], ["e", "1"]]
