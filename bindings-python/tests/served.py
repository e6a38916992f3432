"""Applications served on loopback, and what becomes of requests to them."""

from __future__ import annotations

import http.client
import http.cookiejar
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from typing import Any

import uvicorn
from bartizan.engine import Engine
from werkzeug.serving import make_server


class Span(dict[str, Any]):
    """A span that keeps its tags."""

    def set_tag(self, name: str, value: Any) -> None:
        self[name] = value


class Spans(list[Span]):
    """Makes spans, and keeps them."""

    def __call__(self) -> Span:
        self.append(Span())
        return self[-1]


def detecting(pattern: str, *addresses: str, on_match: Iterable[str] = ("block",), **settings: Any) -> Engine:
    """Return an engine with a rule that looks for a pattern at some addresses."""
    inputs = [{"address": address} for address in addresses]
    condition = {"operator": "match_regex", "parameters": {"regex": pattern, "inputs": inputs}}
    rule = {"id": "r", "name": "n", "tags": {"type": "t", "category": "attack_attempt"}, "conditions": [condition]}
    rules = {"version": "2.2", "rules": [{**rule, "on_match": [*on_match]}]}
    return Engine(rules, mode="block", timeout_us=10_000_000, **settings)


class Visitor:
    """A client that keeps its cookies and follows no redirect."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies, _Stay())

    def send(
        self, path: str, form: Mapping[str, str] | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str, Message]:
        """Send a request; return status, body and headers."""
        data = urllib.parse.urlencode(form).encode() if isinstance(form, Mapping) else form
        try:
            with self._opener.open(urllib.request.Request(self.base + path, data, {**(headers or {})})) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self.send(path, None, headers)[:2]

    def post(self, path: str, form: Mapping[str, str] | bytes) -> tuple[int, str]:
        return self.send(path, form)[:2]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@contextmanager
def wsgi(application: Any) -> Iterator[int]:
    """Serve a WSGI application; gives the port."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def asgi(application: Any) -> Iterator[int]:
    """Serve an ASGI application; gives the port."""
    server = uvicorn.Server(uvicorn.Config(application, "127.0.0.1", 0, log_level="error", lifespan="auto"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive() or server.started
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
