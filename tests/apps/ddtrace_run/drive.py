"""Runs an application under ddtrace-run with a given engine and sends it requests.

What the client and the agent saw of each comes back, without what differs each time.
"""

import base64
import contextlib
import gzip
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgpack

HERE = Path(__file__).resolve().parent
REQUESTS = json.loads((HERE.parent / "tracer/requests.json").read_text())
LIBRARY = "appsec/_ddwaf/libddwaf"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Agent(http.server.ThreadingHTTPServer):
    """An agent on loopback that keeps the spans it receives."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.spans = []
        self.came = threading.Condition()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def root(self, number):
        """The span of the request with this number in its address."""

        def found():
            return next((span for span in self.spans if f"number={number}&" in of_request(span)), None)

        with self.came:
            self.came.wait_for(found, 20)
            assert found(), f"no span of request {number} came"
            return found()


def of_request(span):
    """The end of the address, if it is the span of a whole request."""
    return f"{span['meta'].get('http.url', '')}&" if not span.get("parent_id") else ""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers the tracer."""

    def do_GET(self):
        self.answer(b'{"endpoints": ["/v0.4/traces"]}')

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("transfer-encoding") == "chunked":
            body = b"".join(self.chunks())
        self.answer(b"{}")
        if self.path == "/v0.4/traces":
            with self.server.came:
                self.server.spans += [span for trace in msgpack.unpackb(body) for span in trace]
                self.server.came.notify_all()

    do_POST = do_PUT

    def chunks(self):
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def in_place(package, library, folder):
    """A copy of the tracer, made of links, with another engine."""
    copy = Path(folder) / "ddtrace"
    shutil.copytree(package, copy, copy_function=os.symlink, ignore=shutil.ignore_patterns("__pycache__"))
    (file,) = (copy / LIBRARY).glob("*/lib/libddwaf.so")
    file.unlink()
    shutil.copy(library, file)
    return folder


def rules(package):
    """The tracer's rules, with statements and the application's own calls refused, and two denylists."""
    document = json.loads((Path(package) / "appsec/rules.json").read_text())
    for rule in document["rules"]:
        if rule["tags"].get("module") == "rasp" or rule["tags"]["type"] == "sql_injection":
            rule["on_match"] = [*rule.get("on_match", []), "block"]
    document["rules_data"] = [
        {"id": "blocked_ips", "type": "ip_with_expiration", "data": [{"value": "203.0.113.66", "expiration": 0}]},
        {"id": "blocked_users", "type": "data_with_expiration", "data": [{"value": "mallory", "expiration": 0}]},
    ]
    return document


def grown(value):
    """A body with long texts and lists in place of their sizes."""
    if isinstance(value, dict):
        if "repeat" in value:
            return "x" * value["repeat"]
        if "elements" in value:
            return list(range(value["elements"]))
        return {key: grown(inner) for key, inner in value.items()}
    return [grown(inner) for inner in value] if isinstance(value, list) else value


def send(port, request, number):
    """Sends a request; returns what the client saw."""
    path = f"{request['path']}{'&' if '?' in request['path'] else '?'}number={number}"
    headers = {"user-agent": "ordinary", "host": "here"}
    body = None
    if "json" in request:
        body, headers["content-type"] = json.dumps(grown(request["json"])), "application/json"
    elif "form" in request:
        body, headers["content-type"] = request["form"], "application/x-www-form-urlencoded"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST" if body else "GET", path, body, headers | request.get("headers", {}))
    response = connection.getresponse()
    seen = {
        "status": response.status,
        "type": response.getheader("content-type"),
        "body": ID.sub("an id", response.read().decode()),
    }
    connection.close()
    return seen


def tags(span):
    """Whatever says what the engine found; not how long it took, nor which engine it is."""
    kept = re.compile(r"_dd\.appsec\.|appsec\.|_dd\.p\.(appsec|ts|usr)|usr\.|http\.|_sampling_priority|actor\.ip")
    left = re.compile(r"duration|waf\.version|rasp\.rule\.eval|stack")
    found = {
        name: value
        for name, value in {**span["meta"], **span["metrics"]}.items()
        if kept.match(name) and not left.search(name)
    }
    for name, value in found.items():
        if name.startswith("_dd.appsec.s."):
            found[name] = ordered(json.loads(gzip.decompress(base64.b64decode(value))))
        elif name == "_dd.appsec.json":
            found[name] = events(json.loads(value))
        elif isinstance(value, str):
            found[name] = re.sub(r"127\.0\.0\.1:\d+|here:\d+", "here", ID.sub("an id", value))
    if packed := (span.get("meta_struct") or {}).get("appsec"):
        found["_dd.appsec.json"] = events(msgpack.unpackb(packed))
    return found


def events(document):
    """The events, without ids."""
    for event in document["triggers"]:
        del event["span_id"]
    return json.loads(ID.sub("an id", json.dumps(document)))


def ordered(schema):
    """A schema with the types of lists, which have no order, in one order."""
    if isinstance(schema, dict):
        return {key: ordered(inner) for key, inner in schema.items()}
    if not isinstance(schema, list):
        return schema
    if schema and isinstance(schema[0], list):
        return [sorted(map(ordered, schema[0]), key=json.dumps), *schema[1:]]
    return [ordered(inner) for inner in schema]


def serve(app, package, library, requests=REQUESTS):
    """What was seen of each request; `library` replaces the tracer's own engine."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        path = [in_place(package, library, folder)] if library else []
        (Path(folder) / "rules.json").write_text(json.dumps(rules(package)))
        agent = stack.enter_context(Agent())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([*path, os.environ.get("PYTHONPATH", "")]),
            "DD_APPSEC_ENABLED": "true",
            "DD_APPSEC_RULES": str(Path(folder) / "rules.json"),
            "DD_APPSEC_WAF_TIMEOUT": "10000",
            "DD_API_SECURITY_SAMPLE_DELAY": "0",
            "DD_APPSEC_TRACE_RATE_LIMIT": "1000",
            "DD_TRACE_AGENT_URL": f"http://127.0.0.1:{agent.server_port}",
            "DD_TRACE_API_VERSION": "v0.4",
            "DD_TRACE_WRITER_INTERVAL_SECONDS": "0.1",
            "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
            "DD_REMOTE_CONFIGURATION_ENABLED": "false",
            "DD_CRASHTRACKING_ENABLED": "false",
        }
        run = Path(sys.executable).with_name("ddtrace-run")
        log = stack.enter_context((Path(folder) / "log").open("w+"))
        server = subprocess.Popen([run, sys.executable, HERE / app, str(port)], env=environment, stdout=log, stderr=log)
        stack.callback(server.wait)
        stack.callback(server.terminate)
        until = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if server.poll() is not None or time.monotonic() > until:
                log.seek(0)
                raise RuntimeError(log.read())
            time.sleep(0.1)
        seen = {}
        for number, request in enumerate(requests):
            response = send(port, request, number)
            seen[request["name"]] = {"response": response, "tags": tags(agent.root(number))}
        maps = Path(f"/proc/{server.pid}/maps")
        loaded = {Path(line.split()[-1]) for line in maps.read_text().splitlines() if "ddwaf" in line}
        agent.shutdown()
        return loaded, seen
