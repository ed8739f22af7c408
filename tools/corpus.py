#!/usr/bin/env python3
"""Run a corpus of SQL through a server's Athena API and count how it does.

    corpus.py CORPUS.jsonl http://127.0.0.1:4566 [--kind K ...] [--limit N] [--match REGEX] [--out FILE] [--markdown]

A corpus line is an object: src, kind, sql; for expressions optionally bind ({name: expression}); optionally
expect ([how, text, raw]) and err ([[how, text, raw], ...]). Kinds: expr (an expression), query, analyze, failquery
(must fail), and usage statements (athena, client, dbt, sqlglot, product, tpch, tpcds). Tables that the queries
read must be there: tools/corpus_tables.py makes them.

Classes. Usage statements and queries without an expected result: accepted (ran, or lacks only what the corpus does
not bring: a table, a schema, a bucket, a prepared statement); refused. With an expected result: equal, DIFFERS,
refused, unchecked. Statements that must fail: right (the name that the source expects), other (fails with another),
fails (the source names none), PASSES. Anything whose error is the engine's own text is counted apart: engine.
Different where the expected value shows the source's own session (its zone, date or locale), which nothing in the
text names: session; it is in no figure."""

import argparse
import collections
import concurrent.futures
import http.client
import json
import math
import re
import sys
import threading
import time
import urllib.parse

LOCAL = threading.local()
ABSENT = re.compile(
    r"TABLE_NOT_FOUND|SCHEMA_NOT_FOUND|CATALOG_NOT_FOUND|VIEW_NOT_FOUND|Table not found|Database does not exist|"
    r"NoSuchObjectException|Entity Not Found|EntityNotFound|does not exist|not found: \w+|Database not found|"
    r"NoSuchBucket|PreparedStatement \S+ was not found|Prepared statement not found|AlreadyExists|already exists|UnsupportedLocation|"
    r"LAMBDA|ALREADY_EXISTS|Incorrect number of parameters", re.I)
ENGINE = re.compile(r"GENERIC_INTERNAL_ERROR|INTERNAL Error|Binder Error|Catalog Error|Parser Error|Invalid Input Error")
# What Athena does not document, and what is left out for now.
LEFT_OUT = [
    ("geospatial", r"\bst_\w+\s*\(|\bbing_tile|\bto_geometry|spherical|geometry|great_circle|polyline|\bgeohash|hilbert|convex_hull|kdb_tree|spatial_partition"),
    ("MATCH_RECOGNIZE", r"MATCH_RECOGNIZE|\bPATTERN\s*\(|\bMEASURES\b|\bCLASSIFIER\s*\("),
    ("JSON_TABLE", r"\bJSON_TABLE\s*\("),
    ("functions of one's own", r"\bWITH\s+FUNCTION\b|CREATE\s+(OR\s+REPLACE\s+)?FUNCTION|DROP\s+FUNCTION|USING\s+(EXTERNAL\s+)?FUNCTION|\bRETURNS\s+\w+.*\bRETURN\b|\bCALLED ON NULL\b"),
    ("newer than Athena", r"\bNEAREST\b|\bUNIQUE\s*\(|\bMATCH\s+(SIMPLE|PARTIAL|FULL|UNIQUE|\()|\bCORRESPONDING\b|::|\bBRANCH\b|\bNUMBER\s*['(]|\bAS\s+NUMBER\b|\bnumber\b|\bGROUP\s+BY\s+AUTO\b|\bTABLE\s*\(\s*(\w|\.)+\s*\(|\bWITH\s+SESSION\b|\bIS\s+(NOT\s+)?(TRUE|FALSE|UNKNOWN)\b"),
    ("newer than Athena", r"GROUP\s+BY\s+(ALL|DISTINCT)\s+AUTO|\bWHEN\s+(NOT\s+)?(BETWEEN|IN|LIKE|IS|[<>=]+|DISTINCT)\b|"
     r"INTERVAL\s+[+-]?\s*'[^']*'\s+(YEAR|MONTH|DAY|HOUR|MINUTE|SECOND)\s*\(|[\w\"]\s*=>|"
     r"\(\s*(DISTINCT\s+[^()]*|[^()]*\bORDER\s+BY\s[^()]*)\)\s*(WITHIN\s+GROUP\s*\([^()]*\)\s*)?OVER\b"),
    ("functions of the source's tests", r"\bapply\s*\(|\bcustom_add\s*\(|\$internal\$|\brgb\s*\(|\bcolor\s*\(|\bbar\s*\("),
    ("catalogues of the source's tests", r"\b(FROM|INTO|JOIN|UPDATE|MERGE)\s+(mock|system|testing_catalog|test_catalog|second|third|cat)\."),
    ("not Athena's", r"^\s*(GRANT|REVOKE|DENY|START|COMMIT|ROLLBACK|CALL|COMMENT|ANALYZE|TRUNCATE|REFRESH|SET|RESET|USE|CREATE\s+ROLE|DROP\s+ROLE|CREATE\s+CATALOG|DROP\s+CATALOG)\b|MATERIALIZED|SHOW\s+(STATS|SESSION|GRANTS|ROLES|ROLE|CURRENT|FUNCTIONS|CATALOGS|BRANCHES)"),
]
LEFT_OUT = [(name, re.compile(text, re.I | re.S)) for name, text in LEFT_OUT]
# Sources whose expected values come from access control, not from the statement.
MASKED = ("TestColumnMask", "TestRowFilter", "TestFilterInaccessibleColumns", "TestCheckConstraint", "TestAccessControl")
# Sources whose session has a zone, a clock or a locale of its own, and what of a text depends on them.
TIMES = re.compile(r"/Test(Current)?(Time|Date|Interval)")
CLOCK = re.compile(r"\b(current_(time|date|timestamp|timezone)|local(time|timestamp)|now)\b", re.I)
ZONE = re.compile(r"[+-]\d\d:\d\d\b|\b[A-Z]\w+/[A-Z]\w+")
ZONELESS = r"TIME(STAMP)?\s*'(\d+-\d+-\d+ )?[\d:.]+'"
PLACED = re.compile(rf"to_unixtime\({ZONELESS}\)|{ZONELESS}\s+AT\s+TIME\s+ZONE", re.I)  # a time of the session's zone, placed
# Texts among usage statements that are no statement, or one that Athena refuses too.
NO_STATEMENT = [
    ("cut off", r"(\b(FROM|TABLE|EXISTS|VIEW|DATABASE|PARTITIONS|AS|BY|WHERE)|\()\s*[`\"]?\s*$|^\s*drop\s+x\b|`\(\s*x\)|\bADD\s+COLUMNS\s*\(x\)|CHANGE\s+COLUMN\s+x\s+x\s+x|^\s*CREATE\b.*\bAS\s+x\s*$|\bON\s+x\s+x\s"),
    ("placeholders", r"(?<![:\w]):[a-z]\w*|\$\(\w+\)|\{\{|\{%"),
    ("prose", r"\n\s*Parameters\s*\n\s*-{4}"),
    ("another database's", r"\b(CREATE|DROP)\s+TYPE\b|\bRETURNING\b|\bPRIMARY\s+KEY\b"),
    ("Trino's DDL", r"ALTER\s+TABLE\s+IF\s+EXISTS|ALTER\s+TABLE\s+\S+\s+(ADD\s+COLUMN\b|ALTER\s+COLUMN|SET\s+(AUTHORIZATION|PROPERTIES))|CREATE\s+SCHEMA\s+\S+\s+WITH\s*\(|CREATE\s+OR\s+REPLACE\s+TABLE|CREATE\s+TABLE[^()]*\(.*\)\s*(COMMENT\s*' '\s*)?WITH\s*\((?!.*\bAS\s+(SELECT|WITH|VALUES|\())|^\s*CREATE\s+TABLE.*\bROW\s*\((?!.*\bAS\s+(SELECT|WITH))|STORED\s+AS\s+' '\s+AS\b"),
    ("no location", r"^\s*CREATE\s+EXTERNAL\s+TABLE(?!.*\bLOCATION\b)"),
]
NO_STATEMENT = [(name, re.compile(text, re.I | re.S)) for name, text in NO_STATEMENT]
# A template's place in S3 becomes one that is there.
PLACE = re.compile(r"((?:LOCATION|external_location\s*=|TO)\s*)'(?!s3)[\w./-]*'", re.I)
USAGE = ("athena", "client", "dbt", "sqlglot", "product", "tpch", "tpcds")


def left_out(item):
    if item["src"].startswith("trino-geo"):
        return "geospatial"
    if item["src"].endswith(MASKED):
        return "masks and filters"
    text = " ".join([item["sql"], *(item.get("bind") or {}).values(), str((item.get("expect") or ["", ""])[1] or "")])
    hive = re.match(r"\s*(CREATE\s+EXTERNAL|ALTER)\b", text, re.I)  # where \' is a quote
    text = re.sub(r"'(?:[^'\\]|\\.)*'" if hive else r"'[^']*'", "' '", text, flags=re.S)  # words within literals mean nothing
    rules = LEFT_OUT + (NO_STATEMENT if item["kind"] in ("athena", "client", "dbt", "sqlglot") else [])
    return next((name for name, pattern in rules if pattern.search(text)), None)


# Catalogues of the sources whose tables are in databases here.
QUALIFIED = [(re.compile(r"\btpch\.(tiny|sf1|sf100|s1)\.", re.I), lambda m: "s1." if m.group(1) == "s1" else "tpch.")]


def here(sql):
    for pattern, name in QUALIFIED:
        sql = pattern.sub(name, sql)
    return sql


def call(endpoint, operation, body, target="AmazonAthena", service="athena"):
    """One request of a JSON service's protocol; (status, answer)."""
    if not hasattr(LOCAL, "http"):
        LOCAL.http = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc, timeout=120)
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, "
               "SignedHeaders=host, Signature=0", "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
               "X-Amz-Target": f"{target}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    for attempt in range(2):
        try:
            LOCAL.http.request("POST", "/", json.dumps(body), headers)
            response = LOCAL.http.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        except (http.client.HTTPException, OSError):
            LOCAL.http.close()
            if attempt:
                raise


def run(endpoint, sql, database="tpch", rows_wanted=True):
    """(rows, types, None) of a statement's first thousand rows, or (None, None, reason)."""
    if any(0xD800 <= ord(c) < 0xE000 for c in sql):
        return None, None, "not text"
    status, started = call(endpoint, "StartQueryExecution", {
        "QueryString": here(sql), "QueryExecutionContext": {"Database": database},
        "ResultConfiguration": {"OutputLocation": "s3://corpus/out/"}})
    if status != 200:
        return None, None, f"{started.get('__type')}: {started.get('message') or started.get('Message')}"
    query, pause = {"QueryExecutionId": started["QueryExecutionId"]}, 0.001
    deadline = time.time() + 20
    while True:
        state = call(endpoint, "GetQueryExecution", query)[1]["QueryExecution"]
        if state["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
            break
        if time.time() > deadline:
            call(endpoint, "StopQueryExecution", query)
            return None, None, "TIMEOUT: no answer in 20 s"
        time.sleep(pause)
        pause = min(pause * 2, 0.2)
    if state["Status"]["State"] != "SUCCEEDED":
        return None, None, state["Status"].get("StateChangeReason") or state["Status"]["State"]
    if not rows_wanted:
        return [], [], None
    status, answer = call(endpoint, "GetQueryResults", query)
    if status != 200:
        return None, None, f"GetQueryResults: {answer}"
    found = answer["ResultSet"]
    rows = [[c.get("VarCharValue") for c in r["Data"]] for r in found["Rows"]]
    types = [c["Type"] for c in found["ResultSetMetadata"]["ColumnInfo"]]
    return rows[1 if state.get("StatementType") == "DML" else 0:], types, None


def expected_value(item):
    """(SQL to send beside the expression, text to compare) of an expression: one of them, or neither.
    The value is (text,) or (number, relative tolerance)."""
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
        digits = 5e-7 if raw[-1] in "fF" else 1e-9  # what a real's text keeps of it
        return None, (float(raw.rstrip("dDfF")), digits)
    return None, None


def expression_statement(item, beside):
    names, values = zip(*item["bind"].items()) if item.get("bind") else ((), ())
    source = f" FROM (VALUES ROW({', '.join(values)})) t({', '.join(names)})" if names else ""
    return f"SELECT {item['sql']}{', ' + beside if beside else ''}{source}"


def same(got, want, tolerance=1e-9):
    if got == want:
        return True
    if got is None or want is None:
        return False
    try:
        a, b = float(got), float(want)
    except ValueError:
        return False
    return a == b or math.isclose(a, b, rel_tol=tolerance) or (math.isnan(a) and math.isnan(b))


def of_session(item):
    """Whether the expected value shows the zone, date or locale of the source's session: nothing looks at the answer."""
    expected = " ".join(str(e or "") for e in item["expect"][1:])
    own = " ".join([item["sql"], *(item.get("bind") or {}).values()])
    if "Pacific/Apia" in expected and "Pacific/Apia" not in own:
        return True
    if not TIMES.search(item["src"]):
        return False
    zones = set(ZONE.findall(expected)) - {"+00:00"}
    return bool(("2020-05-01" in expected and "2020-05-01" not in own) or (zones and not ZONE.search(own)) or
                (re.search("[\uac00-\ud7a3]", expected) and not re.search("[\uac00-\ud7a3]", own)) or
                CLOCK.search(own) or PLACED.search(own))


def verdict(item, equal):
    return "equal" if equal else "session" if of_session(item) else "DIFFERS"


def sorted_map(text):
    """A map's text with its entries sorted: a map has no order. Entries are split at commas outside brackets."""
    entries, depth, start = [], 0, 1
    for i, c in enumerate(text[:-1]):
        depth += (c in "{[") - (c in "}]")
        if c == "," and depth == 1:
            entries.append(text[start:i].strip())
            start = i + 1
    return "{" + ", ".join(sorted([*entries, text[start:-1].strip()])) + "}"


def maps_sorted(rows, types):
    return [[sorted_map(v) if t == "map" and v else v for v, t in zip(row, types)] for row in rows]


def row_key(row):
    """A row as it is compared: numbers rounded to nine digits."""
    key = []
    for value in row:
        try:
            key.append("%.9g" % (float(value) + 0.0))
        except (TypeError, ValueError):
            key.append("NULL" if value is None else str(value).rstrip())
    return tuple(key)


def same_rows(a, b):
    return collections.Counter(map(row_key, a)) == collections.Counter(map(row_key, b))


def close_rows(a, b):
    """Estimates: every number within the error that the function promises."""
    def near(x, y):
        try:
            return math.isclose(float(x), float(y), rel_tol=0.05)
        except (TypeError, ValueError):
            return x == y
    return len(a) == len(b) and all(len(r) == len(s) and all(map(near, r, s)) for r, s in zip(a, b))


def numbered(rows):
    """H2 has no boolean literals in some of the sources' reference queries: 1 is true."""
    return [[{"true": "1", "false": "0"}.get(v, v) for v in row] for row in rows]


def class_of_failure(item, error):
    """For a statement that must fail and does."""
    names = {raw.split(".")[-1] for how, _, raw in item.get("err", []) if how == "hasErrorCode" and raw}
    if ENGINE.search(error) and "GENERIC_INTERNAL_ERROR" not in names:
        return "engine"
    if not names:
        return "fails"
    got = re.search(r"\b([A-Z][A-Z_]{4,})\b:", error)
    found = got.group(1) if got else "SYNTAX_ERROR" if re.search(r"line \d+:\d+|mismatched", error) else ""
    return "right" if found in names else "other"


class Runner:
    def __init__(self, endpoint, reference):
        self.endpoint, self.reference = endpoint, reference

    def database(self, item):
        if item["kind"] == "product" and re.search(r"\b[nrcolps]s?_[a-z]+key\b|\b[nl]_\w+", item["sql"]):
            return "tpchspec"
        if item["src"].startswith("trino-analyzer"):
            return "s1"
        return "tpcds" if item["kind"] == "tpcds" or "tpcds" in item["src"] else "tpch"

    def expression(self, item):
        beside, value = expected_value(item)
        sql = expression_statement(item, beside)
        rows, _, error = run(self.endpoint, sql)
        if item.get("err") and not item.get("expect"):
            return (class_of_failure(item, error) if error else "PASSES"), error or json.dumps(rows[:1])
        if error:
            return ("engine" if ENGINE.search(error) else "refused"), error
        if not rows or (beside is None and value is None):
            return "unchecked", ""
        want = rows[0][1] if beside else value[0]
        return verdict(item, same(rows[0][0], want, *([] if beside else value[1:]))), f"{rows[0][0]!r}, expected {want!r}"

    def must_fail(self, item):
        rows, _, error = run(self.endpoint, item["sql"], self.database(item))
        return (class_of_failure(item, error) if error else "PASSES"), error or json.dumps(rows[:1])

    def wanted_rows(self, item):
        """Rows that the source expects, or None and why not."""
        how, text, _ = item["expect"]
        if how == "h2":
            return self.reference(text)
        if how == "matches" and text:
            rows, _, error = run(self.endpoint, text, self.database(item))
            return rows, error
        return None, "nothing simple to compare with"

    def query(self, item):
        rows, types, error = run(self.endpoint, item["sql"], self.database(item))
        if item.get("err") and not item.get("expect"):
            return (class_of_failure(item, error) if error else "PASSES"), error or json.dumps(rows[:1])
        if error:
            if item.get("expect") and re.search(r"PreparedStatement \S+ was not found", error):
                return "unchecked", error
            accepted = ABSENT.search(error) and not item.get("expect")
            return ("accepted" if accepted else "engine" if ENGINE.search(error) else "refused"), error
        if not item.get("expect"):
            return "accepted", ""
        want, why = self.wanted_rows(item)
        if want is None:
            return "unchecked", why
        if len(want) >= 999 or len(rows) >= 999:
            return "unchecked", "more than a page"
        rows, want = maps_sorted(rows, types), maps_sorted(want, types)
        equal = same_rows(rows, want) or (item["expect"][0] == "h2" and same_rows(numbered(rows), numbered(want)))
        if re.search(r"\bapprox_distinct\b", item["sql"], re.I):
            equal = equal or close_rows(rows, want)
        return verdict(item, equal), f"{rows[:6]!r}, expected {want[:6]!r}"

    def usage(self, item):
        database = self.database(item)
        if item["kind"] not in ("product", "tpch", "tpcds"):  # what one statement makes is not another's
            database = f"usage_{item['id']}"
            call(self.endpoint, "CreateDatabase", {"DatabaseInput": {"Name": database}}, "AWSGlue", "glue")
        sql = PLACE.sub(r"\1's3://corpus/place/'", item["sql"])
        rows, _, error = run(self.endpoint, sql, database, rows_wanted=False)
        # an expression alone, over columns of no table: only the table lacks
        alone = item.get("frag") or (item["kind"] == "sqlglot" and re.match(r"\s*SELECT\b(?!.*\bFROM\b)", sql, re.I | re.S))
        if error is None or ABSENT.search(error) or (alone and "COLUMN_NOT_FOUND" in error):
            return "accepted", error or ""
        return ("engine" if ENGINE.search(error) else "refused"), error

    def timed(self, item):
        began = time.time()
        return (*self.classify(item), round(1000 * (time.time() - began)))

    def classify(self, item):
        try:
            if item["kind"] == "expr":
                return self.expression(item)
            if item["kind"] == "failquery":
                return self.must_fail(item)
            if item["kind"] in USAGE:
                return self.usage(item)
            return self.query(item)
        except Exception as e:  # an answer that cannot be read is the server's fault
            return "engine", f"{type(e).__name__}: {e}"


HALVES = re.compile(r"\bCAST\s*\(([\w.]+\s*[*/+-]\s*[\w.]+)\s+AS\s+BIGINT\)", re.I)


def reference_engine(path):
    """A function that runs a source's own reference query on the same rows by DuckDB, or always says no."""
    if not path:
        return lambda sql: (None, "no reference given")
    import duckdb  # only here: everything else needs nothing but Python
    base = duckdb.connect(path, read_only=True)
    base.execute("SET GLOBAL integer_division = true")

    def text(v):
        return None if v is None else ("true" if v else "false") if isinstance(v, bool) else str(v)

    def fetch(sql):
        found = base.cursor().execute(sql)
        if any("FLOAT" in str(d[1]) for d in found.description):  # as text: Python's float would show 3.3 as 3.299999952316284
            found = base.cursor().execute(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({sql})")
        return found.fetchall()

    def reference(sql):
        try:  # the engine casts a half to the even integer; what the sources' reference engine and Trino do is half up
            return [[text(v) for v in row] for row in fetch(HALVES.sub(r"CAST(round(\1) AS BIGINT)", sql))], None
        except Exception as e:
            return None, f"the reference query does not run: {str(e)[:100]}"
    return reference


def group_of(item):
    if item["kind"] in USAGE:
        return "usage", item["src"].split("/")[0]
    must_fail = item["kind"] == "failquery" or (item.get("err") and not item.get("expect"))
    if must_fail:
        return "must fail", item["src"].split("/")[0]
    if item["kind"] == "expr":
        return "expressions", item["src"].split("/")[0]
    return ("queries with a result" if item.get("expect") else "queries without"), item["src"].split("/")[0]


def markdown(counts):
    classes = ["accepted", "equal", "right", "fails", "unchecked", "other", "session", "refused", "engine", "DIFFERS", "PASSES"]
    print("| group | source | " + " | ".join(classes) + " |\n|" + "---|" * (len(classes) + 2))
    for (group, source), c in sorted(counts.items()):
        print(f"| {group} | {source} | " + " | ".join(str(c[k]) if c[k] else "" for k in classes) + " |")


def summary(counts):
    def total(group):
        return sum((c for (g, _), c in counts.items() if g == group), collections.Counter())
    u, q, x, f = (total(g) for g in ("usage", "queries with a result", "expressions", "must fail"))
    per = lambda n, of: f"{n}/{of} {100 * n / of:.1f} %" if of else "none"
    checked = sum(q.values()) - q["unchecked"] - q["session"]
    answered, asked = x["equal"] + x["DIFFERS"], sum(x.values()) - x["unchecked"] - x["session"]
    failing = sum(f.values())
    print("usage statements accepted:", per(u["accepted"], sum(u.values())))
    print("queries with a result: equal", per(q["equal"], checked), "  different", per(q["DIFFERS"], checked))
    print("expressions with a value: answered", per(answered, asked), "  of these equal", per(x["equal"], answered))
    print("must fail: refused", per(failing - f["PASSES"], failing),
          "  with the right name", per(f["right"], f["right"] + f["other"] + f["engine"]))


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("corpus")
    options.add_argument("endpoint")
    options.add_argument("--kind", action="append")
    options.add_argument("--match", help="only items whose source and text match")
    options.add_argument("--limit", type=int)
    options.add_argument("--threads", type=int, default=4)
    options.add_argument("--reference", help="a DuckDB file with the tables, for sources' own reference queries")
    options.add_argument("--out", help="every item's class and text, as JSON lines")
    options.add_argument("--markdown", action="store_true")
    o = options.parse_args()
    items = [i for i in map(json.loads, open(o.corpus)) if not o.kind or i["kind"] in o.kind]
    items = [i for i in items if None not in (i.get("bind") or {}).values()]
    if o.match:
        items = [i for i in items if re.search(o.match, i["src"] + " " + i["sql"], re.I | re.S)]
    apart = collections.Counter(filter(None, map(left_out, items)))
    items = [i for i in items if not left_out(i)]
    items.sort(key=lambda i: i["kind"] in USAGE)  # they may drop tables that others read
    if o.limit:
        items = items[::max(1, len(items) // o.limit)]
    runner, counts, began = Runner(o.endpoint, reference_engine(o.reference)), collections.defaultdict(collections.Counter), time.time()
    out = open(o.out, "w") if o.out else None
    with concurrent.futures.ThreadPoolExecutor(o.threads) as pool:
        for item, (cls, text, ms) in zip(items, pool.map(runner.timed, items)):
            counts[group_of(item)][cls] += 1
            if out:
                out.write(json.dumps({"class": cls, "group": group_of(item)[0], "text": text, "ms": ms, **item}) + "\n")
    if o.markdown:
        markdown(counts)
    else:
        for (group, source), c in sorted(counts.items()):
            print(f"{group:24}{source:18}", " ".join(f"{k}={n}" for k, n in c.most_common()))
    summary(counts)
    print(f"{len(items)} statements in {time.time() - began:.0f} s; left out:", dict(apart), file=sys.stderr)


if __name__ == "__main__":
    main()
