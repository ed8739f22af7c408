"""Tables over text: each SerDe's reading of lines, with what it gives written out."""

import bz2
import gzip
import json

import pytest

OPENX = "org.openx.data.jsonserde.JsonSerDe"
HCATALOG = "org.apache.hive.hcatalog.data.JsonSerDe"
CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
REGEX = "org.apache.hadoop.hive.serde2.RegexSerDe"
GROK = "com.amazonaws.glue.serde.GrokSerDe"


class Lake:
    """Makes a table over files and reads it."""

    def __init__(self, tarn):
        self.tarn, self.s3, self.glue = tarn, tarn.client("s3"), tarn.client("glue")
        self.s3.create_bucket(Bucket="serdes")
        self.glue.create_database(DatabaseInput={"Name": "s"})
        self.count = 0

    def table(self, serde, columns, files, serde_properties=None, properties=None, **storage):
        """columns: "a int, b string"; files: {name: bytes or text}."""
        self.count += 1
        name = f"t{self.count}"
        for file, body in files.items():
            self.s3.put_object(Bucket="serdes", Key=f"{name}/{file}",
                               Body=body.encode() if isinstance(body, str) else body)
        made = []
        for column in columns.split(", "):
            column, kind = column.split(" ", 1)
            made.append({"Name": column, "Type": kind})
        self.glue.create_table(DatabaseName="s", TableInput={
            "Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": properties or {},
            "StorageDescriptor": {
                "Columns": made, "Location": f"s3://serdes/{name}/",
                "SerdeInfo": {"SerializationLibrary": serde,
                              "Parameters": serde_properties or {}}, **storage}})
        return name

    def rows(self, name, select="*", rest=""):
        return self.tarn.rows(f"select {select} from s.{name} {rest}")

    def failure(self, name, select="*"):
        execution = self.tarn.query(f"select {select} from s.{name}")
        assert execution["Status"]["State"] == "FAILED"
        return execution["Status"]["StateChangeReason"]


@pytest.fixture(scope="module")
def lake(tarn):
    return Lake(tarn)


# ---- LazySimple ----
def test_lazy_values_that_do_not_fit_are_null(lake):
    t = lake.table(LAZY, "i int, b bigint, d double, x decimal(5,2), y boolean, s string, "
                         "w date, m timestamp, v varchar(3), z tinyint",
                   {"a": "1,2,3.5,12.345,TRUE,hello,2024-02-03,2024-02-03 04:05:06.789,abcdef,127\n"
                         "x,,1e3,99999,no,,2024-13-99,never,é€x€,128\n"
                         "7.9,-0,NaN,-1.005,false,\\N,2024-02-03 10:00:00,2024-1-2,\\N,-128\n"
                         "1\n"
                         "\n"}, {"field.delim": ","})
    assert lake.rows(t) == [
        ["1", "2", "3.5", "12.35", "true", "hello", "2024-02-03", "2024-02-03 04:05:06.789",
         "abc", "127"],
        [None, None, "1000.0", None, None, "", None, None, "é€x", None],
        ["7", "0", "NaN", "-1.01", "false", None, "2024-02-03", "2024-01-02 00:00:00.000", None,
         "-128"],
        ["1"] + [None] * 9,
        [None] * 10]


def test_lazy_nested(lake):
    t = lake.table(LAZY, "a array<int>, m map<string,int>, r struct<x:int,y:string>, "
                         "n array<struct<k:string,v:array<int>>>",
                   {"a": "1\x022\x02x\x01k\x031\x02l\x032\x02k\x039\x015\x02six\x01"
                         "p\x031\x042\x02q\x033\n"
                         "\\N\x01\x01\\N\x02\\N\x01\n"})
    assert lake.rows(t) == [
        ["[1, 2, null]", "{k=1, l=2}", "{x=5, y=six}", "[{k=p, v=[1, 2]}, {k=q, v=[3]}]"],
        [None, "{}", "{x=null, y=null}", "[]"]]
    t = lake.table(LAZY, "a array<string>, m map<string,string>", {"a": "x;y|k=v;l\n"},
                   {"field.delim": "|", "collection.delim": ";", "mapkey.delim": "="})
    assert lake.rows(t, "a[2], cardinality(a), m['k'], m['l']") == [["y", "2", "v", None]]


def test_lazy_escapes_nulls_headers(lake):
    t = lake.table(LAZY, "a string, b string, n int",
                   {"a": "h\nh2\nx\\,y,NIL,1\nq\\\\,a\\nb,2\nlast,x,3\nfoot\n"},
                   {"field.delim": ",", "escape.delim": "\\", "serialization.null.format": "NIL"},
                   {"skip.header.line.count": "2", "skip.footer.line.count": "1"})
    assert lake.rows(t) == [["x,y", None, "1"], ["q\\", "a\nb", "2"], ["last", "x", "3"]]
    t = lake.table(LAZY, "a string, b string", {"a": "1\t2\t3\r\n4\t5\r\n"},
                   {"field.delim": "9", "serialization.last.column.takes.rest": "true"})
    assert lake.rows(t) == [["1", "2\t3"], ["4", "5"]]
    t = lake.table(LAZY, "m timestamp, n timestamp",
                   {"a": "2024-02-03T04:05:06,1700000000123\n03/02/2024,x\n"},
                   {"field.delim": ",",
                    "timestamp.formats": "yyyy-MM-dd'T'HH:mm:ss,millis,dd/MM/yyyy"})
    assert lake.rows(t) == [["2024-02-03 04:05:06.000", "2023-11-14 22:13:20.123"],
                            ["2024-02-03 00:00:00.000", None]]


def raw_snappy(data):
    """One literal, as the format allows: no library needed."""
    assert len(data) < 60
    return bytes([len(data), (len(data) - 1) << 2]) + data


def test_compressed_files(lake):
    import pyarrow as pa
    text = b"1,one\n2,two\n"
    snappy = len(text).to_bytes(4, "big") + b"".join(
        len(raw_snappy(part)).to_bytes(4, "big") + raw_snappy(part)
        for part in (text[:5], text[5:]))
    files = {"a.csv": text, "b.csv.gz": gzip.compress(text[:6]) + gzip.compress(text[6:]),
             "c.bz2": bz2.compress(text[:6]) + bz2.compress(text[6:]),
             "d.zst": pa.compress(text, codec="zstd", asbytes=True),
             "e.snappy": snappy, "deep/er/f.csv": text}
    t = lake.table(LAZY, "n int, s string", files, {"field.delim": ","})
    assert lake.rows(t, "n, s, count(*)", "group by 1, 2 order by 1") == [
        ["1", "one", "6"], ["2", "two", "6"]]
    assert lake.rows(t, "count(distinct \"$path\")") == [["6"]]
    for name, body in (("x.gz", gzip.compress(text)[:-9]), ("x.bz2", bz2.compress(text)[:-5]),
                       ("x.snappy", snappy[:-3]), ("y.gz", text), ("y.zst", text),
                       ("y.bz2", text), ("y.snappy", text)):
        t = lake.table(LAZY, "n int", {name: body}, {"field.delim": ","})
        assert lake.failure(t).startswith("HIVE_BAD_DATA: "), name


def test_a_large_file_is_read_in_pieces(lake):
    lines = 3_000_000
    body = b"".join(b"%d,row %d of many\n" % (i, i) for i in range(lines))
    assert len(body) > 64 << 20
    t = lake.table(LAZY, "n bigint, s string", {"a": b"n,s\n" + body}, {"field.delim": ","},
                   {"skip.header.line.count": "1"})
    assert lake.rows(t, "count(*), sum(n), count(distinct n), min(s)") == [
        [str(lines), str(lines * (lines - 1) // 2), str(lines), "row 0 of many"]]


# ---- OpenCSV ----
def test_csv(lake):
    t = lake.table(CSV, "a string, b string, c string",
                   {"a": 'x,"y, z","say ""hi"""\n'
                         '"a\\"b",,\n'
                         "1,2\n"
                         "1,2,3,4\n"
                         '"open, 2\n'})
    assert lake.rows(t) == [["x", "y, z", 'say "hi"'], ['a"b', "", ""], ["1", "2", None],
                            ["1", "2", "3"], [None, None, None]]
    t = lake.table(CSV, "a string, b string", {"a": "'x;y';'it\\'s'\nq;r\n"},
                   {"separatorChar": ";", "quoteChar": "'", "escapeChar": "\\"})
    assert lake.rows(t) == [["x;y", "it's"], ["q", "r"]]


def test_csv_types(lake):
    t = lake.table(CSV, "i int, d double, y boolean, w date, m timestamp, x decimal(10,2)",
                   {"a": '"1","2.5","TRUE","19723","1704067200123","3.14"\n'
                         '"2","1e3","false","2024-01-02","2024-01-02 03:04:05","-1"\n'
                         '"","","","","",""\n'})
    assert lake.rows(t) == [
        ["1", "2.5", "true", "2024-01-01", "2024-01-01 00:00:00.123", "3.14"],
        ["2", "1000.0", "false", "2024-01-02", "2024-01-02 03:04:05.000", "-1.00"],
        [None] * 6]
    t = lake.table(CSV, "s string, i int", {"a": "a,twelve\n"})
    assert lake.failure(t) == ("HIVE_BAD_DATA: Error parsing field value 'twelve' for field 1: "
                               'For input string: "twelve"')
    assert lake.rows(t, "s") == [["a"]]
    t = lake.table(CSV, "s array<int>", {"a": "a\n"})
    assert lake.failure(t).startswith("NOT_SUPPORTED: ")


# ---- regular expressions and grok ----
def test_regex(lake):
    t = lake.table(REGEX, "host string, status int, size bigint, rest string",
                   {"a": '1.2.3.4 "GET /x" 200 17\nnothing\n5.6.7.8 "PUT" abc 99999999999\n'},
                   {"input.regex": '^(\\S+) "[^"]*" (\\w+) (\\d+)(x)?$'})
    assert lake.rows(t) == [["1.2.3.4", "200", "17", None], [None] * 4,
                            ["5.6.7.8", None, "99999999999", None]]
    t = lake.table(REGEX, "a string, b string, c string", {"a": "KEY=v\nother\nxKEY=v\n"},
                   {"input.regex": "(key)=(.*)", "input.regex.case.insensitive": "true"})
    assert lake.rows(t) == [["KEY", "v", None], [None] * 3, [None] * 3]
    assert lake.rows(t, "count(*)") == [["3"]]
    t = lake.table(REGEX, "a string", {"a": "x\n"}, {"input.regex": "(x"})
    assert lake.failure(t).startswith("HIVE_INVALID_METADATA: The regular expression ")
    t = lake.table(REGEX, "a string", {"a": "x\n"})
    assert 'does not have serde property "input.regex"!' in lake.failure(t)


def test_grok(lake):
    t = lake.table(GROK, "syslogbase string, queue_id string, syslog_message string",
                   {"a": "Jan  3 17:01:02 mail postfix/cleanup[21403]: BEF25A72965: "
                         "message-id=<20130101142543.5828399CCAF@x.example.com>\nno match\n"},
                   {"input.grokCustomPatterns": "POSTFIX_QUEUEID [0-9A-F]{7,12}",
                    "input.format": "%{SYSLOGBASE} %{POSTFIX_QUEUEID:queue_id}: "
                                    "%{GREEDYDATA:syslog_message}"})
    assert lake.rows(t) == [
        ["Jan  3 17:01:02 mail postfix/cleanup[21403]:", "BEF25A72965",
         "message-id=<20130101142543.5828399CCAF@x.example.com>"], [None] * 3]
    t = lake.table(GROK, "clientip string, verb string, response int, bytes bigint, at string",
                   {"a": '10.0.0.1 - bob [10/Oct/2023:13:55:36 -0700] "GET /a?b=c HTTP/1.1" 200 '
                         "2326\n::1 - - [10/Oct/2023:13:55:36 +0000] \"POST /x HTTP/2\" 404 -\n"},
                   {"input.format": '%{IPORHOST:clientip} %{USER} %{USER:auth} \\[%{HTTPDATE:at}\\] '
                                    '"%{WORD:verb} %{DATA:request} HTTP/%{NUMBER}" '
                                    "%{NUMBER:response:int} (?:%{NUMBER:bytes}|-)"})
    assert lake.rows(t) == [
        ["10.0.0.1", "GET", "200", "2326", "10/Oct/2023:13:55:36 -0700"],
        ["::1", "POST", "404", None, "10/Oct/2023:13:55:36 +0000"]]
    t = lake.table(GROK, "pair string, year int, level string",
                   {"a": "k=v at 2024-02-03T04:05:06.789Z WARN x\n"},
                   {"input.grokCustomPatterns": "PAIR %{KEY}=%{WORD}\nKEY [a-z]+",
                    "input.format": "%{PAIR:pair} at %{TIMESTAMP_ISO8601} %{LOGLEVEL:level}"})
    assert lake.rows(t) == [["k=v", None, "WARN"]]
    for custom, why in (("A %{B}\nB %{A}", "contains itself"), ("A x", "'NOPE' is not known")):
        t = lake.table(GROK, "a string", {"a": "x\n"},
                       {"input.grokCustomPatterns": custom, "input.format": "%{A:a} %{NOPE}"})
        reason = lake.failure(t)
        assert reason.startswith("HIVE_INVALID_METADATA: Grok pattern ") and why in reason


# ---- JSON ----
def test_openx_values(lake):
    lines = [
        {"i": 1, "b": 2.9, "s": "x", "y": True, "d": 1.5, "a": [1, 2], "m": {"k": 1},
         "r": {"x": 1, "Y": "y"}, "t": "2024-02-03T04:05:06Z", "x": 1.005},
        {"I": "12", "b": "0x1F", "s": 17, "y": "TRUE", "d": "2e3", "a": 5, "m": {}, "r": [7, "z"],
         "t": 1700000000, "x": "12.345"},
        {"i": "many", "b": "1e2", "s": {"k": [1, " a "]}, "y": "no", "d": "x", "a": "", "m": " ",
         "r": "", "t": 1700000000123, "x": "x"},
        {"s": None, "t": "2024-02-03 04:05:06.789", "a": None, "m": {"k": None}},
    ]
    t = lake.table(OPENX, "i int, b bigint, s string, y boolean, d double, a array<int>, "
                          "m map<string,int>, r struct<x:int,y:string>, t timestamp, x decimal(5,2)",
                   {"a.json": "".join(json.dumps(line) + "\n" for line in lines)})
    assert lake.rows(t) == [
        ["1", "2", "x", "true", "1.5", "[1, 2]", "{k=1}", "{x=1, y=y}", "2024-02-03 04:05:06.000",
         "1.01"],
        ["12", "31", "17", "true", "2000.0", "[5]", "{}", "{x=7, y=z}", "2023-11-14 22:13:20.000",
         "12.35"],
        [None, "100", '{"k":[1," a "]}', "false", None, None, None, "{x=null, y=null}",
         "2023-11-14 22:13:20.123", None],
        [None, None, None, None, None, None, "{k=null}", None, "2024-02-03 04:05:06.789", None]]


def test_openx_properties(lake):
    broken = '{"a":1}\n{"a":2\nnot json\n\n{"a":3}\n'
    t = lake.table(OPENX, "a int", {"a.json": broken})
    assert lake.failure(t).startswith("HIVE_CURSOR_ERROR: Row is not a valid JSON Object")
    t = lake.table(OPENX, "a int", {"a.json": broken}, {"ignore.malformed.json": "TRUE"})
    assert lake.rows(t) == [["1"], [None], [None], [None], ["3"]]
    t = lake.table(OPENX, "a_b int, ts string, c string",
                   {"a.json": '{"a.b":1,"timestamp":"now","C":"upper","c":"lower"}\n'},
                   {"dots.in.keys": "true", "mapping.ts": "timestamp", "case.insensitive": "false"})
    assert lake.rows(t) == [["1", "now", "lower"]]
    t = lake.table(OPENX, "a int, b string", {"a.json": '{"a":{"x":1},"b":"ok"}\n'})
    assert lake.failure(t).startswith("HIVE_BAD_DATA: Error parsing field value '{\"x\":1}' for "
                                      "field 0")
    assert lake.rows(t, "b") == [["ok"]]


def test_json_broken_after_its_values(lake):
    """A line that breaks off, or has a misfit before, leaves nothing behind when that is ignored."""
    lines = ['{"a":[1,2],"m":{"x":["p"]},"s":"a text that is long enough","n":5}',
             '{"n":6,"s":"gone","a":[3,4],"m":{"y":["q","r"]},"r":{"l":["s"]}',
             '{"n":{"no":"number"},"a":[7,{}],"s":"gone"', '{"a":["x",', '{"s":"tab\there"}',
             '{"a":[5],"n":-7,"m":{"z":[]},"r":{"l":["last"]}}']
    text = "".join(line + "\n" for line in lines)
    columns = "a array<int>, m map<string,array<string>>, s string, n int, r struct<l:array<string>>"
    t = lake.table(OPENX, columns, {"a.json": text}, {"ignore.malformed.json": "true"})
    assert lake.rows(t) == [["[1, 2]", "{x=[p]}", "a text that is long enough", "5", None],
                            *[[None] * 5] * 4, ["[5]", "{z=[]}", None, "-7", "{l=[last]}"]]
    assert lake.rows(t, "sum(x)", "cross join unnest(a) as u(x)") == [["8"]]
    assert lake.rows(t, "cast(a as array<varchar>)", "where n < 0") == [["[5]"]]
    t = lake.table(OPENX, columns, {"a.json": text})
    assert lake.failure(t).startswith("HIVE_CURSOR_ERROR")
    whole = '{"n":{"no":"number"},"a":[7]}\n'
    t = lake.table(OPENX, columns, {"a.json": whole}, {"ignore.malformed.json": "true"})
    assert lake.failure(t).startswith("HIVE_BAD_DATA")


def test_json_numbers(lake):
    numbers = ["0", "-0", "-0.0", "0.1", "-12.125", "123456789012345", "999999999999.999",
               "1234567890123456", "0.00000000000001", "1e3", "0.3", "2147483648",
               "12345678901234567.25", "-9223372036854775808", "9223372036854775808"]
    t = lake.table(OPENX, "d double, b bigint, i int",
                   {"a.json": "".join('{"d":%s,"b":%s,"i":%s}\n' % (n, n, n) for n in numbers)})
    rows = lake.rows(t)
    assert [float(row[0]) for row in rows] == [float(n) for n in numbers]
    assert rows[2][0] == "-0.0"
    def cut(n, bits):
        whole = int(float(n)) if "e" in n else int(n.split(".")[0])
        return str(whole) if -(1 << bits) <= whole < 1 << bits else None
    assert [row[1] for row in rows] == [cut(n, 63) for n in numbers]
    assert [row[2] for row in rows] == [cut(n, 31) for n in numbers]


def test_hcatalog(lake):
    t = lake.table(HCATALOG, "a int, s string, r struct<x:int>, w date",
                   {"a.json": '{"A":1,"s":"\\u00e9\\n","r":{"X":2,"z":0},"w":"2024-02-03"}\n'
                              '{"a":null,"extra":[1]}\n'})
    assert lake.rows(t) == [["1", "é\n", "{x=2}", "2024-02-03"], [None] * 4]
    for bad in ('{"a":"x"}', '{"a":[1]}', '{"r":5}', "oops", '{"a":1} x'):
        t = lake.table(HCATALOG, "a int, r struct<x:int>", {"a.json": bad + "\n"})
        assert lake.failure(t).startswith("HIVE_"), bad


def test_json_compressed_and_escaped(lake):
    text = b'{"k\\u0065y":"a\\tb","n":"\\ud83d\\ude00"}\n' * 3
    t = lake.table(OPENX, "key string, n string", {"a.json.gz": gzip.compress(text),
                                                   "b.json": text, "c.json.bz2": bz2.compress(text)})
    assert lake.rows(t, "distinct key, n, count(*) over ()") == [["a\tb", "😀", "9"]]


# ---- others ----
def test_symlinks(lake):
    lake.s3.put_object(Bucket="serdes", Key="data/one.csv", Body=b"1,a\n")
    lake.s3.put_object(Bucket="serdes", Key="data/two.csv", Body=b"2,b\n")
    lake.s3.put_object(Bucket="serdes", Key="data/three.csv", Body=b"3,c\n")
    kind = {"InputFormat": "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"}
    t = lake.table(LAZY, "n int, s string",
                   {"manifest": "s3://serdes/data/one.csv\ns3a://serdes/data/three.csv\n"},
                   {"field.delim": ","}, **kind)
    assert lake.rows(t, "n, s, \"$path\"", "order by n") == [
        ["1", "a", "s3://serdes/data/one.csv"], ["3", "c", "s3://serdes/data/three.csv"]]
    t = lake.table(LAZY, "n int", {"manifest": "s3://serdes/data/gone.csv\n"}, **kind)
    assert "which is not there" in lake.failure(t)


@pytest.mark.parametrize("serde, name", [
    ("org.apache.hadoop.hive.ql.io.orc.OrcSerde", "ORC"),
    ("org.apache.hadoop.hive.serde2.avro.AvroSerDe", "Avro"),
    ("com.amazon.ionhiveserde.IonHiveSerDe", "Ion"),
])
def test_what_is_not_read(lake, serde, name):
    t = lake.table(serde, "a int", {"a": "x"})
    reason = lake.failure(t)
    assert reason.startswith("HIVE_UNSUPPORTED_FORMAT: ") and name in reason


def test_text_that_is_not_utf8(lake):
    t = lake.table(LAZY, "s string, n int", {"a": b"a\xffb\xe2\x82,1\n\xc3\xa9,2\n"},
                   {"field.delim": ","})
    assert lake.rows(t) == [["a�b��", "1"], ["é", "2"]]
