#!/usr/bin/env python3
"""Compare a server's answers with a corpus's expected values, through Athena's API.

    sql-oracle.py CORPUS.jsonl http://127.0.0.1:4566 [--limit N] [--threads N] [--out FILE]

A corpus line is an object: kind ("expr", "failquery", ...), sql, optionally bind ({name: expression})
and expect ([how, text, raw]: how the source compares, the expected SQL text, the source literal). An
expression runs as SELECT sql, expected, so both take the same way. A source literal that is an
expression of the host language is used where it is simple: a number, a truth value, a plain string.

Classes: equal; DIFFERS (answered, and otherwise than expected: the worst); refused (an error by name);
engine (GENERIC_INTERNAL_ERROR: the engine's own text); accepted (must fail, did not); failed-right;
unchecked (answered, nothing simple to compare with)."""

import argparse
import collections
import concurrent.futures
import json
import re
import threading
import time

import boto3
import botocore.config

LOCAL = threading.local()


def client(endpoint):
    if not hasattr(LOCAL, "client"):
        LOCAL.client = boto3.session.Session().client(
            "athena", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
            aws_secret_access_key="test", config=botocore.config.Config(retries={"max_attempts": 8}))
    return LOCAL.client


def run(endpoint, sql):
    """The first rows as lists of text (None: NULL), or an error's text."""
    athena = client(endpoint)
    try:
        query = athena.start_query_execution(
            QueryString=sql, ResultConfiguration={"OutputLocation": "s3://oracle/out/"})["QueryExecutionId"]
        pause = 0.002
        while True:
            status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            if status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                break
            time.sleep(pause)
            pause = min(pause * 2, 0.2)
        if status["State"] != "SUCCEEDED":
            return None, status.get("StateChangeReason", status["State"])
        rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    except Exception as e:  # a refusal at the API, or a result that cannot be read
        return None, f"{type(e).__name__}: {e}"
    return [[c.get("VarCharValue") for c in r["Data"]] for r in rows[1:]], None


def expected(item):
    """(SQL to send beside the expression, text to compare) of an item: one of them, or neither."""
    how, text, raw = item.get("expect") or (None, None, None)
    if how == "isNull":
        return None, (None,)
    if how == "matches" and text is not None:
        return text, None
    if how != "isEqualTo":
        return None, None
    if text is not None:
        return None, (text,)
    raw = (raw or "").strip()
    if raw in ("true", "false"):
        return None, (raw,)
    if re.fullmatch(r"-?\d+[Ll]?", raw):
        return None, (raw.rstrip("Ll"),)
    if re.fullmatch(r"-?\d+\.\d+(E-?\d+)?[dDfF]?", raw):
        return None, (float(raw.rstrip("dDfF")),)
    return None, None


def statement(item, beside):
    names, values = zip(*item["bind"].items()) if item.get("bind") else ((), ())
    source = f" FROM (VALUES ROW({', '.join(values)})) t({', '.join(names)})" if names else ""
    return f"SELECT {item['sql']}{', ' + beside if beside else ''}{source}"


def same(got, want):
    if got == want:
        return True
    if got is None or want is None:
        return False
    try:
        return float(got) == float(want)
    except ValueError:
        return False


def classify(endpoint, item):
    beside, value = expected(item)
    must_fail = item["kind"] == "failquery" or (item["kind"] == "expr" and item.get("err") and not item.get("expect"))
    sql = statement(item, beside) if item["kind"] == "expr" else item["sql"]
    rows, error = run(endpoint, sql)
    if error is not None:
        engine = re.search(r"GENERIC_INTERNAL_ERROR|INTERNAL Error|Binder Error|Catalog Error|Parser Error", error)
        return ("engine" if engine else "failed-right" if must_fail else "refused"), error
    if must_fail:
        return "accepted", json.dumps(rows[:1])
    if not rows or (beside is None and value is None):
        return "unchecked", ""
    want = rows[0][1] if beside else value[0]
    return ("equal" if same(rows[0][0], want) else "DIFFERS"), f"{rows[0][0]!r}, expected {want!r}"


def function_of(item):
    found = re.match(r"\s*(\w+)\s*\(", item["sql"])
    return found.group(1).lower() if found else item["src"].split("/")[-1]


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("corpus")
    options.add_argument("endpoint")
    options.add_argument("--kind", action="append", help="expr and failquery unless given")
    options.add_argument("--limit", type=int)
    options.add_argument("--threads", type=int, default=8)
    options.add_argument("--out", help="every item's class and text, as JSON lines")
    o = options.parse_args()
    kinds = o.kind or ["expr", "failquery"]
    items = [i for i in map(json.loads, open(o.corpus)) if i["kind"] in kinds and None not in (i.get("bind") or {}).values()]
    if o.limit:
        items = items[::max(1, len(items) // o.limit)]
    boto3.client("s3", endpoint_url=o.endpoint, region_name="us-east-1", aws_access_key_id="test",
                 aws_secret_access_key="test").create_bucket(Bucket="oracle")
    total, by_function = collections.Counter(), collections.defaultdict(collections.Counter)
    out = open(o.out, "w") if o.out else None
    with concurrent.futures.ThreadPoolExecutor(o.threads) as pool:
        for item, (cls, text) in zip(items, pool.map(lambda i: classify(o.endpoint, i), items)):
            total[cls] += 1
            by_function[function_of(item)][cls] += 1
            if out:
                out.write(json.dumps({"class": cls, "sql": item["sql"], "src": item["src"], "bind": item.get("bind"), "text": text}) + "\n")
                out.flush()
    print(" ".join(f"{c}={n}" for c, n in total.most_common()))
    for name, counts in sorted(by_function.items(), key=lambda f: (-f[1]["DIFFERS"], -f[1]["engine"], -f[1]["refused"])):
        if counts["DIFFERS"] or counts["engine"] or counts["accepted"] or counts["refused"]:
            print(f"{name:32}", " ".join(f"{c}={n}" for c, n in counts.most_common()))


if __name__ == "__main__":
    main()
