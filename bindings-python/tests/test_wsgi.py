"""What the WSGI helper hands to the engine, and what the application still reads."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import pytest
from bartizan.engine import Engine
from bartizan.wsgi import Protection, head_of

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
ATTACK = "evil"


def rules(*addresses: str) -> dict[str, Any]:
    inputs = [{"address": address} for address in addresses]
    condition = {"operator": "match_regex", "parameters": {"regex": ATTACK, "inputs": inputs}}
    rule = {"id": "r", "name": "n", "tags": {"type": "t"}, "conditions": [condition], "on_match": ["block"]}
    return {"version": "2.2", "rules": [rule]}


BODY = ("server.request.body", "server.request.body.filenames", "server.request.body.files_content")
ENGINE = Engine(rules("server.request.query", "server.request.cookies", *BODY), timeout_us=10_000_000, body_limit=1000)
STRICT = Engine(rules(*BODY), timeout_us=10_000_000, on_incomplete="block")


class Served:
    """A request to an application that reads its body, and what became of it."""

    def __init__(self, engine: Engine, environ: dict[str, Any], read: str = "read") -> None:
        self.body: Any = None

        def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            source = environ.get("wsgi.input")
            self.body = source and ([*source] if read == "lines" else getattr(source, read)())
            start_response("200 OK", [])
            return [b"served"]

        heads: list[str] = []
        self.answer = b"".join(Protection(application, engine)(environ, lambda status, *_: heads.append(status)))
        self.status = int(heads[0].split()[0])


def posted(kind: str, data: bytes, **more: Any) -> dict[str, Any]:
    length = {"CONTENT_LENGTH": str(len(data))}
    return {"REQUEST_METHOD": "POST", "CONTENT_TYPE": kind, "wsgi.input": io.BytesIO(data), **length, **more}


PART = b'--B\r\nContent-Disposition: form-data; name="a"%s\r\n\r\n%s\r\n--B--\r\n'


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (JSON, b'{"a": "\\u0065vil"}'),
        ("application/problem+json", b'["evil"]'),
        (JSON, '["evil"]'.encode("utf-16")),
        (JSON, b'["evil" /* */'),
        (JSON, b"[" * 900 + b'"evil"'),
        (JSON, b'"\xff evil"'),
        (FORM, b"a=1&a=%65vil"),
        (FORM, b"a=\xff&b=evil"),
        ("multipart/form-data; boundary=B", PART % (b"", b"evil")),
        ("multipart/form-data; boundary=B", PART % (b'; filename="evil.php"', b"x")),
        ("multipart/form-data; boundary=B", PART % (b'; filename="x"', b"evil")),
        ("application/xml", b"<a>&#101;vil</a>"),
        ("text/plain", b"evil"),
        ("", b"evil"),
        ("application/octet-stream", b"\x01 evil"),
    ],
)
def test_attacks_in_bodies_are_seen(kind: str, data: bytes) -> None:
    assert Served(ENGINE, posted(kind, data)).status == 403
    harmless = data.replace(b"evil", b"good").replace(b"u0065", b"u0066").replace(b"%65", b"%66")
    harmless = harmless.replace(b"#101", b"#102").replace("evil".encode("utf-16le"), "good".encode("utf-16le"))
    served = Served(ENGINE, posted(kind, harmless))
    assert (served.status, served.body) == (200, harmless)


@pytest.mark.parametrize(
    "head",
    [
        {"QUERY_STRING": "a=%65vil"},
        {"QUERY_STRING": "a=1&b[]=2&a=evil"},
        {"HTTP_COOKIE": "a=1; b=evil"},
        {"RAW_URI": "/?a=b", "QUERY_STRING": "a=evil"},
    ],
)
def test_attacks_in_heads_are_seen(head: dict[str, str]) -> None:
    assert Served(ENGINE, {"REQUEST_METHOD": "GET", **head}).status == 403


@pytest.mark.parametrize("read", ["read", "lines", "readlines"])
@pytest.mark.parametrize("ends_by_itself", [False, True])
def test_the_application_reads_the_whole_body(read: str, ends_by_itself: bool) -> None:
    data = b"".join(b"line %d\n" % n for n in range(20_000))
    environ = posted("text/plain", data)
    if ends_by_itself:
        environ |= {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    served = Served(ENGINE, environ, read)
    assert served.status == 200
    assert (served.body if read == "read" else b"".join(served.body)) == data
    # What is beyond the limit is not read by the engine, and said to be cut.
    assert Served(STRICT, posted("text/plain", b"x" * (1 << 20))).status == 200
    assert Served(STRICT, posted("text/plain", b"x" * ((1 << 20) + 1))).status == 403


@pytest.mark.parametrize("size", [1, 999, 1000, 1001, 5000])
def test_pieces_of_any_size(size: int) -> None:
    data = bytes(range(256)) * 20
    got: list[bytes] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        got.extend(iter(lambda: environ["wsgi.input"].read(size), b""))
        start_response("200 OK", [])
        return []

    list(Protection(application, ENGINE)(posted("image/png", data), lambda *_: None))
    assert b"".join(got) == data
    assert all(len(piece) == size for piece in got[:-1])


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"REQUEST_METHOD": "GET", "HTTP_X": None, "CONTENT_TYPE": None, "CONTENT_LENGTH": None},
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "-1", "wsgi.input": io.BytesIO(b"evil")},
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "abc", "wsgi.input": io.BytesIO(b"evil")},
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "\u0661", "wsgi.input": io.BytesIO(b"evil")},
        {"REQUEST_METHOD": "POST", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(b"evil")},
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "100", "wsgi.input": io.BytesIO(b"short")},
    ],
)
def test_odd_requests_are_served(environ: dict[str, Any]) -> None:
    assert Served(ENGINE, dict(environ)).answer == b"served"


def test_bodies_of_unknown_length_are_reported() -> None:
    environ = {"REQUEST_METHOD": "POST", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(b"x")}
    assert Served(STRICT, environ).status == 403


def test_a_client_that_leaves_is_the_applications_matter() -> None:
    class Leaves:
        def read(self, _: int = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        Served(ENGINE, posted(JSON, b"", **{"CONTENT_LENGTH": "5", "wsgi.input": Leaves()}))


def test_heads_are_as_on_the_wire() -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/app",
        "PATH_INFO": "/\xc3\xa9 x",
        "QUERY_STRING": "a=%c3%a9",
        "HTTP_X_NAME": "caf\xe9",
        "CONTENT_TYPE": "text/plain",
        "REMOTE_ADDR": "192.0.2.1",
    }
    headers = [(b"X-NAME", b"caf\xe9"), (b"content-type", b"text/plain")]
    expected = {"method": b"GET", "target": b"/app/%C3%A9%20x?a=%c3%a9", "headers": headers, "peer": "192.0.2.1"}
    assert head_of(environ) == expected
    assert head_of({**environ, "RAW_URI": "/a%2fb?x"})["target"] == b"/a%2fb?a=%c3%a9"
