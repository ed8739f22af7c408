"""A real server for the tests: its own port, its own data directory, real SDK clients."""

import os
import pathlib
import re
import signal
import subprocess
import time

import boto3
import botocore.config
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TARN_BINARY", str(ROOT / "build" / "tarn"))


class Server:
    """One `tarn serve` process on a data directory; can be killed and started again."""

    def __init__(self, data_dir, env=None, args=()):
        self.data_dir = pathlib.Path(data_dir)
        self.env = dict(os.environ, **(env or {}))
        self.args = list(args)
        self.process = None
        self.port = 0
        self._clients = {}

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.log = open(self.data_dir.parent / (self.data_dir.name + ".log"), "ab")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", str(self.data_dir), "--port", str(self.port), *self.args],
            stdout=subprocess.PIPE, stderr=self.log, env=self.env)
        line = self.process.stdout.readline().decode()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            self.process.wait()
            raise RuntimeError(f"tarn serve did not start: {line!r}\n{self.log_text()[-2000:]}")
        self.port = int(found.group(1))
        return self

    def log_text(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise RuntimeError("tarn serve did not stop within 20 s of SIGTERM")
        code = self.process.returncode if self.process else 0
        self.process = None
        return code

    def kill(self):
        """kill -9: no chance to say goodbye."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def client(self, service, **config):
        key = (service, tuple(sorted(config.items())))
        if key not in self._clients:
            self._clients[key] = boto3.client(
                service, endpoint_url=self.endpoint, region_name="us-east-1",
                aws_access_key_id="test", aws_secret_access_key="test",
                config=botocore.config.Config(
                    retries={"max_attempts": 1, "mode": "standard"}, read_timeout=120,
                    s3={"addressing_style": "path"}, **config))
        return self._clients[key]

    def tarn(self, *args, check=True, **kwargs):
        """Runs the tarn command against this server; returns the finished process."""
        env = dict(self.env, AWS_ENDPOINT_URL=self.endpoint)
        return subprocess.run([BINARY, *map(str, args)], env=env, check=check, text=True,
                              capture_output=True, timeout=300, **kwargs)

    # ---- Athena ----
    def query(self, sql, database=None, wait=60, **kwargs):
        """Runs to a final state; returns the QueryExecution."""
        athena = self.client("athena")
        context = {"QueryExecutionContext": {"Database": database}} if database else {}
        query_id = athena.start_query_execution(QueryString=sql, **context, **kwargs)[
            "QueryExecutionId"]
        deadline = time.time() + wait
        while time.time() < deadline:
            execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if execution["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return execution
            time.sleep(0.01)
        raise TimeoutError(f"{sql!r} did not finish within {wait} s")

    def rows(self, sql, database=None, **kwargs):
        """The result's rows as lists of text (None for NULL), without the header."""
        execution = self.query(sql, database, **kwargs)
        if execution["Status"]["State"] != "SUCCEEDED":
            raise AssertionError(execution["Status"].get("StateChangeReason"))
        pages = self.client("athena").get_paginator("get_query_results").paginate(
            QueryExecutionId=execution["QueryExecutionId"])
        rows = [[cell.get("VarCharValue") for cell in row["Data"]]
                for page in pages for row in page["ResultSet"]["Rows"]]
        return rows[1:] if execution["StatementType"] == "DML" else rows

    def flush(self, delivery=""):
        import requests
        reply = requests.post(f"{self.endpoint}/tarn/v1/flush",
                              params={"delivery": delivery} if delivery else {}, timeout=120)
        assert reply.status_code == 200, reply.text


@pytest.fixture(scope="module")
def tarn(tmp_path_factory):
    """A server for the tests of one module."""
    server = Server(tmp_path_factory.mktemp("tarn") / "data").start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def make_server(tmp_path):
    """Makes servers with their own data directories (and environment); stops them at the end."""
    made = []

    def make(name="data", **kwargs):
        server = Server(tmp_path / name, **kwargs).start()
        made.append(server)
        return server

    yield make
    for server in made:
        if server.process:
            server.stop()


def wait_until(condition, seconds=30, message="condition"):
    deadline = time.time() + seconds
    while time.time() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{message} did not hold within {seconds} s")


