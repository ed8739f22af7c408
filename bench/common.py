"""What the sections of the benchmarks share: the server, the C programs, a few numbers."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
TARN = os.environ["TARN"]
KEY, SECRET = "benchkey", "benchsecret"


def say(text):
    print(text, file=sys.stderr, flush=True)


def program(name, *args, port=None):
    """Runs build/bench/<name>; its JSON."""
    env = dict(os.environ)
    if port:
        env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    done = subprocess.run(
        [BUILD / "bench" / name, *map(str, args)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=240,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"{name} failed")
    return json.loads(done.stdout)


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def aws(service, port):
    """A boto3 client of the server on that port."""
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Tarn:
    """A server on a free port with its own data folder."""

    def __init__(self, stack, folder, *options):
        self.folder, self.options = folder, options
        self.log = open(folder / "serve.log", "a")
        stack.callback(self.log.close)
        self.process = None
        stack.callback(self.stop)
        self.start()

    def start(self):
        """Starts the server and waits for its line; also after stop()."""
        self.process = subprocess.Popen(
            [TARN, "serve", "--port", "0", "--data", self.folder / "data", *self.options],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise RuntimeError(f"tarn serve did not start: {Path(self.log.name).read_text()}")
        self.port = int(found.group(1))

    def stop(self):
        if self.process:
            stop(self.process)
            self.process = None

    def memory(self):
        """Resident bytes now and at their highest."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = {k: int(n) * 1024 for k, n in re.findall(r"(VmHWM|VmRSS):\s+(\d+) kB", text)}
        return {"rss": found["VmRSS"], "peak": found["VmHWM"]}

    def run(self, *args):
        env = dict(os.environ, AWS_ENDPOINT_URL=f"http://127.0.0.1:{self.port}")
        done = subprocess.run([TARN, *map(str, args)], env=env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"tarn {args[0]}: {done.stderr.strip()}")
        return done.stdout


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
