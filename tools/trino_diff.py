#!/usr/bin/env python3
"""Run the same SQL on a Tarn and on a real Trino that reads the same catalogue and files, and list where they differ.

    trino_diff.py [--tpch SCALE] [--tpcds SCALE] [--random N] [--seed S] [--out FILE]

TPC-H's 22 and TPC-DS's 99 queries (the texts come with DuckDB's generators), then N random typed queries over a
table of every type. Trino is the oracle: each query is equal, DIFFERS, refused (Tarn fails, Trino answers), PASSES
(Trino fails, Tarn answers), or fails on both, with the same error name or another. Trino 435: tools/trino.sh."""

import argparse
import base64
import collections
import contextlib
import glob
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tools")]

import boto3
import corpus
import duckdb
from common import free_port, stop
from trino import Trino

EXTENSIONS = ROOT / ".cache" / "duckdb-extensions"


# ---- Trino's answers as Athena writes them ----
def split_types(text):
    """"a, map(b, c)" -> ["a", "map(b, c)"]"""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == "," and not depth:
            parts.append(text[start:i].strip())
            start = i + 1
    return parts + [text[start:].strip()]


def inner(kind):
    return kind[kind.index("(") + 1:-1]


def double_text(v):
    if isinstance(v, str):
        return v
    if v == 0 or 1e-3 <= abs(v) < 1e7:
        return repr(float(v))
    mantissa, exponent = f"{v:.17e}".split("e")
    for precision in range(17):
        text = f"{v:.{precision}e}"
        if float(text) == v:
            mantissa, exponent = text.split("e")
            break
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def as_text(value, kind, nested=False):
    if value is None:
        return "null" if nested else None
    base = kind.split("(")[0]
    if base == "array":
        return "[" + ", ".join(as_text(v, inner(kind), True) for v in value) + "]"
    if base == "map":
        k, v = split_types(inner(kind))
        return "{" + ", ".join(sorted(f"{as_text(a, k, True)}={as_text(b, v, True)}" for a, b in value.items())) + "}"
    if base == "row":
        fields = [f.split(" ", 1) if " " in f and not f.startswith(("array", "map", "row", "double", "timestamp")) else (f"field{i}", f)
                  for i, f in enumerate(split_types(inner(kind)))]
        return "{" + ", ".join(f"{n.strip(chr(34))}={as_text(v, t, True)}" for (n, t), v in zip(fields, value)) + "}"
    if base == "varbinary":
        return " ".join(f"{b:02x}" for b in base64.b64decode(value))
    if kind in ("double", "real"):
        return double_text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def canonical(text):
    """Numbers inside a value by nine digits; a map's entries in order."""
    if text is None:
        return None
    text = re.sub(r"-?\d+\.\d+(E-?\d+)?", lambda m: "%.8g" % float(m.group(0)), text)
    if text.startswith("{") and "=" in text:
        text = "{" + ", ".join(sorted(text[1:-1].split(", "))) + "}"
    return text


def close(a, b):
    if canonical(a) == canonical(b):
        return True
    with contextlib.suppress(TypeError, ValueError):
        return math.isclose(float(a), float(b), rel_tol=1e-6) or (math.isnan(float(a)) and math.isnan(float(b)))
    return False


def same_rows(ours, theirs):
    if len(ours) != len(theirs):
        return False
    def key(row):
        return [canonical(v) or "" for v in row]
    return all(len(a) == len(b) and all(map(close, a, b)) for a, b in zip(sorted(ours, key=key), sorted(theirs, key=key)))


class Oracle:
    def __init__(self, trino):
        self.trino = trino

    def run(self, sql, schema):
        """(rows as text, None) or (None, error name)"""
        for _ in range(50):
            rows, error = self.once(sql, schema)
            if not error or not error.startswith("NO_NODES_AVAILABLE"):  # not yet, right after its start
                break
            time.sleep(0.2)
        return rows, error

    def once(self, sql, schema):
        reply, rows, kinds = self.trino.call("/v1/statement", sql, schema=schema), [], []
        while True:
            kinds = [c["type"] for c in reply.get("columns", [])] or kinds
            rows += reply.get("data", [])
            if "error" in reply:
                return None, f"{reply['error']['errorName']}: {reply['error']['message']}"
            if "nextUri" not in reply:
                return [[as_text(v, k) for v, k in zip(row, kinds)] for row in rows], None
            reply = self.trino.call(reply["nextUri"], schema=schema)


def compare(ours, theirs):
    (rows, error), (wanted, expected) = ours, theirs
    if error and expected:
        names = [re.search(r"\b([A-Z][A-Z_]{4,}):", t) for t in (error, expected)]
        return "both fail" if all(names) and names[0].group(1) == names[1].group(1) else "other error", f"{error}  |  {expected}"
    if error:
        return "refused", error
    if expected:
        return "PASSES", expected
    if same_rows(rows, wanted):
        return "equal", ""
    extra = [r for r in rows if r not in wanted][:2]
    missing = [r for r in wanted if r not in rows][:2]
    return "DIFFERS", f"{len(rows)} rows, expected {len(wanted)}; has {extra}, expected {missing}"


# ---- random typed queries ----
TYPES = ["boolean", "integer", "bigint", "double", "decimal(10,2)", "varchar", "date", "timestamp"]
COLUMNS = {"boolean": ["b"], "integer": ["i", "s"], "bigint": ["l", "k"], "double": ["d"], "decimal(10,2)": ["n"],
           "varchar": ["v", "w"], "date": ["t"], "timestamp": ["ts"]}
RULES = {  # result: templates; a word in braces is an expression of that type
    "boolean": ["({integer} {cmp} {integer})", "({bigint} {cmp} {integer})", "({double} {cmp} {double})", "({varchar} {cmp} {varchar})",
                "({date} {cmp} {date})", "({timestamp} {cmp} {timestamp})", "({decimal} {cmp} {decimal})", "({boolean} AND {boolean})",
                "({boolean} OR {boolean})", "(NOT {boolean})", "({integer} BETWEEN {integer} AND {integer})", "({varchar} LIKE 'a%')",
                "({integer} IS NULL)", "({varchar} IN ('a', {varchar}))", "({integer} IS DISTINCT FROM {integer})",
                "starts_with({varchar}, 'b')", "regexp_like({varchar}, '[a-c]+')", "contains(ARRAY[{integer}, 3], {integer})"],
    "integer": ["({integer} + {integer})", "({integer} - {integer})", "({integer} * 3)", "({integer} / nullif({integer}, 0))",
                "({integer} % 7)", "abs({integer})", "coalesce({integer}, {integer})", "if({boolean}, {integer}, {integer})",
                "CASE WHEN {boolean} THEN {integer} ELSE 4 END", "cast({double} as integer)", "element_at(ARRAY[1, {integer}], 2)",
                "greatest({integer}, {integer})", "cast(round({decimal}) as integer)"],
    "bigint": ["({bigint} + {integer})", "length({varchar})", "cardinality(ARRAY[{varchar}])", "year({date})", "day_of_week({date})",
               "date_diff('day', {date}, {date})", "date_diff('hour', {timestamp}, {timestamp})", "minute({timestamp})", "strpos({varchar}, 'a')",
               "bitwise_and({bigint}, {bigint})", "codepoint('a') + {bigint}", "week({date})", "mod({bigint}, 11)"],
    "double": ["({double} * {double})", "({double} / {double})", "sqrt(abs({double}))", "cast({decimal} as double)", "({double} + {integer})",
               "round({double}, 2)", "floor({double})", "power({double}, 2)", "sign({double})", "truncate({double})", "to_unixtime({timestamp})"],
    "decimal(10,2)": ["cast({double} as decimal(10,2))", "coalesce({decimal}, DECIMAL '1.50')", "abs({decimal})", "nullif({decimal}, {decimal})",
                      "cast({decimal} / 3 as decimal(10,2))", "cast({decimal} * {decimal} as decimal(10,2))", "greatest({decimal}, {decimal})"],
    "varchar": ["({varchar} || {varchar})", "upper({varchar})", "substr({varchar}, 2)", "substr({varchar}, -2, 1)", "replace({varchar}, 'a', 'xy')",
                "cast({integer} as varchar)", "cast({double} as varchar)", "cast({date} as varchar)", "cast({timestamp} as varchar)", "cast({decimal} as varchar)",
                "cast({boolean} as varchar)", "reverse({varchar})", "lpad({varchar}, 5, '*')", "trim({varchar})", "split_part({varchar}, 'b', 2)",
                "json_extract_scalar('{\"a\": 1}', '$.a')", "date_format({timestamp}, '%Y/%m/%d %H')", "regexp_replace({varchar}, '[ab]', '<$0>')",
                "regexp_extract({varchar}, '([a-c])(.)', 2)", "typeof({decimal})", "to_hex(to_utf8({varchar}))", "array_join(ARRAY[{varchar}, 'z'], '-')",
                "json_format(cast(ARRAY[{integer}] as json))", "format('%s:%d', {varchar}, {integer})", "translate({varchar}, 'abc', 'xyz')"],
    "date": ["date_add('day', {integer} % 1000, {date})", "date_trunc('month', {date})", "cast({timestamp} as date)", "({date} + interval '3' month)",
             "last_day_of_month({date})", "greatest({date}, {date})", "coalesce({date}, DATE '2001-02-03')"],
    "timestamp": ["date_trunc('hour', {timestamp})", "({timestamp} + interval '90' minute)", "cast({date} as timestamp)",
                  "date_add('month', {integer} % 100, {timestamp})", "({timestamp} - interval '1' year)", "from_iso8601_date('2020-01-02') + interval '0' day"],
}
RULES["timestamp"].pop()
AGGREGATES = ["count(*)", "count({integer})", "count(distinct {varchar})", "sum({integer})", "sum({double})", "sum({decimal})", "avg({integer})",
              "avg({decimal})", "min({varchar})", "max({timestamp})", "min({date})", "bool_or({boolean})", "array_sort(array_agg({integer}))",
              "count_if({boolean})", "max_by({integer}, {bigint} * 1000 + k)", "stddev({double})", "approx_distinct({varchar})", "checksum({integer})",
              "sum({integer}) FILTER (WHERE {boolean})", "map_agg(k, {integer})"]
WINDOWS = ["row_number() OVER (ORDER BY k)", "sum(l) OVER (PARTITION BY b ORDER BY k)", "lag({integer}) OVER (ORDER BY k)",
           "rank() OVER (ORDER BY s)", "avg({double}) OVER (ORDER BY k ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)",
           "first_value({varchar}) OVER (PARTITION BY s ORDER BY k)", "ntile(4) OVER (ORDER BY k)"]


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def literal(self, kind):
        r = self.r
        return {"boolean": lambda: r.choice(["true", "false", "NULL"]), "integer": lambda: str(r.choice([0, 1, 2, 7, 100, -3])),
                "bigint": lambda: f"BIGINT '{r.choice([0, 5, -9, 10**12])}'", "double": lambda: r.choice(["1.5E0", "0E0", "-2.25E0", "1E10", "nan()", "infinity()"]),
                "decimal(10,2)": lambda: r.choice(["DECIMAL '0.00'", "DECIMAL '12.34'", "DECIMAL '-7.05'"]),
                "varchar": lambda: r.choice(["''", "'a'", "'abc'", "'Ab c'", "'ünï'", "CAST(NULL AS varchar)"]),
                "date": lambda: r.choice(["DATE '2020-02-29'", "DATE '1969-12-31'"]),
                "timestamp": lambda: r.choice(["TIMESTAMP '2020-02-29 23:59:59.999'", "TIMESTAMP '1969-12-31 00:00:00.000'"])}[kind]()

    def fill(self, template, depth):
        def one(m):
            word = "decimal(10,2)" if m.group(1) == "decimal" else m.group(1)
            if word == "cmp":
                return self.r.choice(["=", "<>", "<", "<=", ">", ">="])
            return self.expression(word, depth - 1)
        return re.sub(r"\{(boolean|integer|bigint|double|decimal|varchar|date|timestamp|cmp)\}", one, template)

    def expression(self, kind, depth):
        if depth <= 0 or self.r.random() < 0.15:
            return self.r.choice(COLUMNS[kind]) if self.r.random() < 0.75 else self.literal(kind)
        return self.fill(self.r.choice(RULES[kind]), depth)

    def any(self, depth):
        return self.expression(self.r.choice(TYPES), depth)

    def query(self):
        r = self.r
        where = f" WHERE {self.expression('boolean', 2)}" if r.random() < 0.5 else ""
        shape = r.random()
        if shape < 0.4:
            return f"SELECT k, {', '.join(self.any(3) for _ in range(r.randint(1, 3)))} FROM typed{where}"
        if shape < 0.65:
            group = self.any(2)
            aggregates = ", ".join(self.fill(r.choice(AGGREGATES), 2) for _ in range(r.randint(1, 3)))
            return f"SELECT {group}, {aggregates} FROM typed{where} GROUP BY 1"
        if shape < 0.75:
            return f"SELECT k, {self.fill(r.choice(WINDOWS), 2)} FROM typed{where}"
        if shape < 0.85:
            return f"SELECT t.k, (SELECT max(o.l) FROM typed o WHERE o.s = t.s) FROM typed t{where}"
        if shape < 0.95:
            op = r.choice(["UNION", "UNION ALL", "EXCEPT", "INTERSECT"])
            kind = r.choice(TYPES)
            return f"SELECT {self.expression(kind, 2)} FROM typed{where} {op} SELECT {self.expression(kind, 2)} FROM typed"
        return f"SELECT k, x FROM typed CROSS JOIN UNNEST(ARRAY[{self.expression('integer', 2)}, s]) AS u(x){where}"


TYPED = """SELECT i AS k, CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END AS b, CAST(nullif(i * 37 % 101, 13) - 50 AS INTEGER) AS i,
CAST(i % 5 AS INTEGER) AS s, nullif(i * 1000003 % 7919, 5) AS l, CASE WHEN i % 11 = 0 THEN NULL ELSE (i * 7 % 23 - 11) / 4.0 END::DOUBLE AS d,
CAST(nullif(i % 17, 4) * 1.25 - 7 AS DECIMAL(10,2)) AS n, ['a', 'bc', 'cab', '', 'Abc', 'ü b', NULL][i % 7 + 1] AS v, 'w' || (i % 4) AS w,
DATE '2019-12-25' + CAST(i * 13 % 400 AS INTEGER) AS t, TIMESTAMP '2019-12-31 20:00:00' + to_milliseconds(i * 7777777 % 90000000) AS ts
FROM range(200) r(i)"""


def make_typed(endpoint):
    with tempfile.TemporaryDirectory() as folder:
        duckdb.execute(f"COPY ({TYPED}) TO '{folder}/typed.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
        args = dict(endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t")
        s3, glue = boto3.client("s3", **args), boto3.client("glue", **args)
        s3.create_bucket(Bucket="typed")
        s3.upload_file(f"{folder}/typed.parquet", "typed", "typed/data.parquet")
    hive = {"k": "bigint", "b": "boolean", "i": "int", "s": "int", "l": "bigint", "d": "double", "n": "decimal(10,2)", "v": "string", "w": "string",
            "t": "date", "ts": "timestamp"}
    package = "org.apache.hadoop.hive.ql.io.parquet."
    glue.create_database(DatabaseInput={"Name": "typed"})
    glue.create_table(DatabaseName="typed", TableInput={"Name": "typed", "TableType": "EXTERNAL_TABLE", "Parameters": {"EXTERNAL": "TRUE"}, "StorageDescriptor": {
        "Columns": [{"Name": n, "Type": t} for n, t in hive.items()], "Location": "s3://typed/typed/", "InputFormat": package + "MapredParquetInputFormat",
        "OutputFormat": package + "MapredParquetOutputFormat", "SerdeInfo": {"SerializationLibrary": package + "serde.ParquetHiveSerDe"}}})


def benchmark_queries(kind):
    db = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    db.execute(f"LOAD '{glob.glob(f'{EXTENSIONS}/**/{kind}.duckdb_extension', recursive=True)[0]}'")
    for number, text in db.execute(f"SELECT query_nr, query FROM {kind}_queries() ORDER BY 1").fetchall():
        yield f"{kind} {number}", text.strip().rstrip(";"), kind


def queries(o):
    for kind in ("tpch", "tpcds"):
        if getattr(o, kind):
            yield from benchmark_queries(kind)
    generator = Generator(o.seed)
    for n in range(o.random):
        yield f"random {n}", generator.query(), "typed"


def start_tarn(stack, folder):
    port = free_port()
    log = stack.enter_context(open(folder / "tarn.log", "w"))
    process = subprocess.Popen([ROOT / "build" / "tarn", "serve", "--data", folder / "data", "--port", str(port)], stdout=log, stderr=log)
    stack.callback(stop, process)
    for _ in range(100):
        with contextlib.suppress(OSError):
            import socket
            socket.create_connection(("127.0.0.1", port)).close()
            return port
        time.sleep(0.05)
    raise RuntimeError("tarn serve did not start")


def load_tables(o, endpoint):
    for kind in ("tpch", "tpcds"):
        if getattr(o, kind):
            subprocess.run([sys.executable, ROOT / "tools" / "corpus_tables.py", endpoint, f"--{kind}", getattr(o, kind), "--prefix",
                            "--extensions", str(EXTENSIONS)], check=True)
    make_typed(endpoint)
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t").create_bucket(Bucket="corpus")


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--tpch")
    options.add_argument("--tpcds")
    options.add_argument("--random", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", help="every query's class and texts, as JSON lines")
    o = options.parse_args()
    counts = collections.defaultdict(collections.Counter)
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        out = stack.enter_context(open(o.out, "w")) if o.out else None
        port = start_tarn(stack, folder)
        endpoint = f"http://127.0.0.1:{port}"
        load_tables(o, endpoint)
        oracle = Oracle(Trino(stack, folder, {"tarn": port}))
        for name, sql, schema in queries(o):
            rows, _, error = corpus.run(endpoint, sql, schema)
            cls, text = compare((rows, error), oracle.run(sql, schema))
            counts[name.split()[0]][cls] += 1
            if out:
                out.write(json.dumps({"name": name, "class": cls, "text": text, "sql": sql}) + "\n")
            if cls in ("DIFFERS", "PASSES", "refused", "other error"):
                print(f"{name}: {cls}: {text[:400]}\n    {sql if name.startswith('random') else ''}")
    for group, c in counts.items():
        print(group, " ".join(f"{k}={n}" for k, n in c.most_common()))


if __name__ == "__main__":
    main()
