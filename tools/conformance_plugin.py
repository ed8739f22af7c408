"""A pytest plugin for tools/conformance.sh: an empty Tarn for each test, on one port.

Suites written for mocks assume that every test starts with an empty account. Tarn has no reset
operation; it starts fast enough to be started again instead. Buckets that a suite names but never
creates (TARN_BUCKETS), which Tarn like AWS wants to exist, are there from the start.
"""
import os
import shutil
import socket
import subprocess
import tempfile
import time

import boto3
import moto.core
import moto.core.models
import pytest

# Suites compare ARNs with moto's account; ours is the one they should expect.
moto.core.DEFAULT_ACCOUNT_ID = moto.core.models.DEFAULT_ACCOUNT_ID = "000000000000"
PORT = int(os.environ["TARN_PORT"])


def wait_until_open(server, deadline_s=10):
    end = time.time() + deadline_s
    while time.time() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=1).close()
            return
        except OSError:
            time.sleep(0.005)
    raise RuntimeError("tarn does not listen on port %d (exit code %s)" % (PORT, server.poll()))


def make_buckets(names):
    if names:
        s3 = boto3.client("s3", endpoint_url="http://127.0.0.1:%d" % PORT, region_name="us-east-1")
        for name in names:
            s3.create_bucket(Bucket=name)


@pytest.fixture(autouse=True, scope="function")
def fresh_tarn():
    data = tempfile.mkdtemp(prefix="conformance-")
    with open(os.environ["TARN_LOG"], "ab") as log:
        server = subprocess.Popen(
            [os.environ["TARN"], "serve", "--port", str(PORT), "--data", data], stdout=log, stderr=log)
    try:
        wait_until_open(server)
        make_buckets(os.environ.get("TARN_BUCKETS", "").split())
        yield
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(data, ignore_errors=True)
