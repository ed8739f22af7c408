"""The tarn command: help, exit codes, put and tail, sql output forms."""

import json
import subprocess

from conftest import BINARY, Server


def run(*args, **kwargs):
    return subprocess.run([BINARY, *args], text=True, capture_output=True, timeout=60, **kwargs)


def test_help_of_every_command():
    listed = [line.split()[0] for line in run("help").stdout.splitlines() if line.startswith("  ")]
    assert {"serve", "up", "plan", "down", "outputs", "put", "tail", "sql", "ls", "status"} <= set(
        listed)
    for name in set(listed) - {"help", "version"}:
        shown = run(name, "--help")
        assert shown.returncode == 0 and shown.stdout.startswith(f"usage: tarn {name}"), name


def test_unknown_command_and_option_are_usage_errors():
    assert run("frobnicate").returncode == 2
    wrong = run("put", "s", "--frobnicate")
    assert wrong.returncode == 2 and "--frobnicate" in wrong.stderr and wrong.stdout == ""


def test_no_server_is_said_plainly():
    gone = run("ls", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "PATH": "/usr/bin"})
    assert gone.returncode == 1
    assert "127.0.0.1:9" in gone.stderr and "tarn serve" in gone.stderr


def test_taken_port_is_said_plainly(tarn, tmp_path):
    second = run("serve", "--data", str(tmp_path / "d"), "--port", str(tarn.port))
    assert second.returncode == 2 and str(tarn.port) in second.stderr


def test_data_directory_in_use_is_said_plainly(tarn):
    second = run("serve", "--data", str(tarn.data_dir), "--port", "0")
    assert second.returncode == 2 and "Another server" in second.stderr


def test_put_and_tail(tarn):
    tarn.client("kinesis").create_stream(StreamName="cli", ShardCount=2)
    events = [json.dumps({"n": n}) for n in range(1200)]
    put = tarn.tarn("put", "cli", input="\n".join(events) + "\n")
    assert put.stdout == "1200 events acknowledged\n"
    assert "\r" not in put.stderr  # no progress line without a terminal
    seen = tarn.tarn("tail", "cli", "--from-start", "--no-follow").stdout.splitlines()
    assert sorted(seen) == sorted(events)
    assert len(tarn.tarn("tail", "cli", "-s", "-n", "7").stdout.splitlines()) == 7


def test_sql_formats(tarn):
    sql = "select 1 as a, 'x,\"y\"' as b, cast(null as varchar) as c"
    assert tarn.tarn("sql", sql).stdout == 'a,b,c\n1,"x,""y""",\n'
    assert json.loads(tarn.tarn("sql", sql, "--format", "json").stdout) == {
        "a": 1, "b": 'x,"y"', "c": None}
    table = tarn.tarn("sql", sql, "-f", "table").stdout.splitlines()
    assert table[0].split("|")[0].strip() == "a" and "NULL" in table[2]


def test_describe_is_a_table(tarn):
    tarn.client("s3").create_bucket(Bucket="cli-described")
    tarn.rows("CREATE DATABASE IF NOT EXISTS cli")
    tarn.rows("CREATE EXTERNAL TABLE cli.t (a int COMMENT 'first', b string) "
              "LOCATION 's3://cli-described/t/'")
    shown = tarn.tarn("sql", "describe cli.t", "-f", "csv").stdout.splitlines()
    assert shown == ["col_name,data_type,comment", "a,int,first", "b,string,"]


def test_sql_error_is_on_stderr(tarn):
    failed = tarn.tarn("sql", "select nope", check=False)
    assert failed.returncode == 1 and failed.stdout == ""
    assert "COLUMN_NOT_FOUND" in failed.stderr and "line 1:8" in failed.stderr


def test_status(tarn):
    status = json.loads(tarn.tarn("status", "--json").stdout)
    assert status["data_dir"] == str(tarn.data_dir)
    assert "workers" in tarn.tarn("status").stdout


def test_stop_leaves_cleanly(make_server):
    server: Server = make_server()
    assert server.stop() == 0
