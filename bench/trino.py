"""A real Trino on a Tarn's catalogue (tools/trino.sh), and what it sends there."""

import collections
import contextlib
import http.client
import http.server
import json
import subprocess
import threading
import time
import urllib.request

from common import ROOT, free_port, stop

START_SECONDS = 120


class CountingProxy:
    """Passes requests on to a port of this machine and counts them by operation."""

    def __init__(self, stack, port):
        self.requests, self.reply_bytes = collections.Counter(), collections.Counter()
        proxy, lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                to = http.client.HTTPConnection("127.0.0.1", port)
                to.request(self.command, self.path, body, dict(self.headers.items()))
                reply = to.getresponse()
                data = reply.read()
                to.close()
                name = (self.headers.get("X-Amz-Target") or f"S3.{self.command}").split(".")[-1]
                with lock:
                    proxy.requests[name] += 1
                    proxy.reply_bytes[name] += len(data)
                self.send_response(reply.status)
                for k, v in reply.getheaders():
                    if k.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(k, v)
                length = reply.getheader("Content-Length") if self.command == "HEAD" else None
                self.send_header("Content-Length", length or str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        stack.callback(self.server.shutdown)

    def take(self):
        """What was counted since the last call: {operation: (requests, reply bytes)}."""
        counted = {k: (n, self.reply_bytes[k]) for k, n in sorted(self.requests.items())}
        self.requests.clear()
        self.reply_bytes.clear()
        return counted


class Trino:
    """Catalogues: {name: port of a Tarn or of a proxy before it}."""

    def __init__(self, stack, folder, catalogs):
        self.port = free_port()
        self.log = folder / "trino.log"
        out = stack.enter_context(open(self.log, "w"))
        names = [f"{name}=http://127.0.0.1:{port}" for name, port in catalogs.items()]
        self.process = subprocess.Popen(
            [ROOT / "tools" / "trino.sh", str(self.port), *names], stdout=out, stderr=out
        )
        stack.callback(stop, self.process)
        self.wait()

    def wait(self):
        """Until a query runs: the server first says that it has started, then finds its node."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, RuntimeError):
                self.query("select count(*) from system.runtime.nodes where node_id <> ''")
                return
            time.sleep(0.3)
        raise RuntimeError("Trino did not start: " + self.log.read_text(errors="replace")[-600:])

    def call(self, path, body=None, catalog="tarn", schema="bench"):
        head = {"X-Trino-User": "bench", "X-Trino-Catalog": catalog, "X-Trino-Schema": schema}
        url = path if path.startswith("http") else f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, body.encode() if body else None, head)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def query(self, sql, catalog="tarn", schema="bench"):
        """Rows, and the query's own statistics."""
        reply, rows = self.call("/v1/statement", sql, catalog, schema), []
        while True:
            rows += reply.get("data", [])
            if "error" in reply:
                raise RuntimeError(f"Trino: {reply['error']['message']} for {sql}")
            if "nextUri" not in reply:
                break
            reply = self.call(reply["nextUri"])
        return rows, self.call("/v1/query/" + reply["id"])["queryStats"]


def milliseconds(text):
    """Trino's durations: "12.34ms", "1.20s"."""
    for unit, factor in (("ns", 1e-6), ("us", 1e-3), ("ms", 1), ("s", 1e3), ("m", 6e4)):
        number = text[: -len(unit)]
        if text.endswith(unit) and number.replace(".", "", 1).isdigit():
            return float(number) * factor
    raise ValueError(text)
