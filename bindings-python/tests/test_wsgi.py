"""What the WSGI helper hands to the engine, and what the application still reads."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from bartizan import sdk
from bartizan.engine import Blocked, Engine
from bartizan.wsgi import Protection, head_of

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
ATTACK = "evil"


def rules(*addresses: str) -> dict[str, Any]:
    inputs = [{"address": address} for address in addresses]
    condition = {"operator": "match_regex", "parameters": {"regex": ATTACK, "inputs": inputs}}
    rule = {"id": "r", "name": "n", "tags": {"type": "t"}, "conditions": [condition], "on_match": ["block"]}
    return {"version": "2.2", "rules": [rule]}


BODY = ("server.request.body", "server.request.body.filenames", "server.request.body.files_content")
ENGINE = Engine(
    rules("server.request.query", "server.request.cookies", *BODY), mode="block", timeout_us=10_000_000, body_limit=1000
)
STRICT = Engine(rules(*BODY), mode="block", timeout_us=10_000_000, on_incomplete="block")


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


class Stream:
    """A response that comes in parts, and can be closed."""

    def __init__(self, start_response: Any, *parts: bytes, late: bool = False) -> None:
        self.parts = parts
        self.closed = 0
        self.begun: list[bytes] = []
        self.late = late
        self.start = start_response
        if not late:
            start_response("200 OK", [("x-a", "1")])

    def __iter__(self) -> Iterator[bytes]:
        if self.late:
            self.start("200 OK", [("x-a", "1")])
        for part in self.parts:
            self.begun.append(part)
            yield part

    def close(self) -> None:
        self.closed += 1


def served(application: Any, environ: dict[str, Any] | None = None) -> tuple[Any, list[Any], list[bytes]]:
    """The result, the heads that were sent, and what was written."""
    heads: list[Any] = []
    written: list[bytes] = []

    def start_response(*head: Any) -> Any:
        heads.append(head)
        return written.append

    return Protection(application, ENGINE)(environ or {}, start_response), heads, written


@pytest.mark.parametrize("late", [False, True])
def test_parts_are_passed_on_as_they_come(late: bool) -> None:
    streams: list[Stream] = []

    def application(_: dict[str, Any], start_response: Any) -> Stream:
        streams.append(Stream(start_response, b"", b"a", b"b", b"c", late=late))
        return streams[0]

    result, heads, _ = served(application)
    assert (heads, streams[0].begun) == ([("200 OK", [("x-a", "1")])], [b""])
    parts = iter(result)
    assert [next(parts), next(parts)] == [b"", b"a"]
    assert (streams[0].begun, streams[0].closed) == ([b"", b"a"], 0)
    assert [*parts] == [b"b", b"c"]
    result.close()
    assert streams[0].closed == 1


def test_an_empty_stream_has_a_head() -> None:
    result, heads, _ = served(lambda _, start_response: Stream(start_response, late=True))
    assert (len(heads), [*result]) == (1, [])
    result.close()


def test_lists_and_files_stay_what_they_are() -> None:
    class File(Stream):
        pass

    made: list[Any] = []

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        made.append(File(lambda *_: None, b"x") if "wsgi.file_wrapper" in environ else [b"x"])
        return made[-1]

    assert served(application)[0] is made[-1]
    assert served(application, {"wsgi.file_wrapper": File})[0] is made[-1]


def test_written_parts() -> None:
    def application(_: dict[str, Any], start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"a")
        write(b"b")
        return [b"c"]

    result, heads, written = served(application)
    assert (result, len(heads), written) == ([b"c"], 1, [b"a", b"b"])


@pytest.mark.parametrize("how", ["raised", "wrapped", "answered", "streamed"])
def test_a_refused_user(how: str) -> None:
    engine = Engine(rules(*BODY), mode="block")
    engine.block(user="mallory")

    def stream(start_response: Any) -> Iterator[bytes]:
        sdk.set_user(None, "mallory")
        start_response("200 OK", [])
        yield b"secret"

    def application(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if how == "streamed":
            return stream(start_response)
        try:
            sdk.set_user(None, "mallory")
        except Blocked as blocked:
            if how == "raised":
                raise
            if how == "wrapped":
                raise ValueError from blocked
        start_response("500 Oh", [])
        return [b"secret"]

    heads: list[str] = []
    answer = b"".join(Protection(application, engine)({}, lambda status, *_: heads.append(status)))
    assert (heads, b"secret" in answer) == (["403 Blocked"], False)


def test_a_refusal_that_comes_too_late_breaks_the_response_off() -> None:
    engine = Engine(rules(*BODY), mode="block")
    engine.block(user="mallory")

    def application(_: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"begun"
        sdk.set_user(None, "mallory")
        yield b"secret"

    parts: Any = Protection(application, engine)({}, lambda *_: None)
    assert next(parts) == b"begun"
    with pytest.raises(ConnectionAbortedError):
        next(parts)
    parts.close()


def test_a_refusal_after_a_written_part_breaks_the_response_off() -> None:
    engine = Engine(rules(*BODY), mode="block")
    engine.block(user="mallory")

    def application(_: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])(b"begun")
        sdk.set_user(None, "mallory")
        return [b"secret"]

    with pytest.raises(ConnectionAbortedError):
        Protection(application, engine)({}, lambda *_: lambda _: None)


def test_errors_of_the_application_are_its_own() -> None:
    def application(*_: Any) -> list[bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        served(application)


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


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"REQUEST_METHOD": None, "PATH_INFO": None, "QUERY_STRING": None, "REMOTE_ADDR": None, "wsgi.input": None},
        {"REQUEST_METHOD": "GET", "REMOTE_ADDR": b"127.0.0.1", "HTTP_X": None, "HTTP_Y": 1, "CONTENT_TYPE": None},
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": 3, "wsgi.input": io.BytesIO(b"abc")},
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "three", "wsgi.input": io.BytesIO(b"abc")},
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "-3", "wsgi.input": io.BytesIO(b"abc")},
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "\u0663", "wsgi.input": io.BytesIO(b"abc")},
        {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "9" * 30, "wsgi.input": io.BytesIO(b"abc")},
        {"REQUEST_METHOD": "\ud800", "PATH_INFO": "/\ud800", "QUERY_STRING": "\u20ac", "HTTP_\u20ac": "\u20ac"},
    ],
)
def test_environments_as_no_server_should_make_them(environ: dict[str, Any]) -> None:
    served: list[Any] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"served"]

    assert b"".join(Protection(application, ENGINE)({**environ}, lambda *head: served.append(head))) == b"served"
    assert served == [("200 OK", [])]


@pytest.mark.parametrize("status", ["", "OK", "200", "\u0662\u0660\u0660 OK", "99999999999 OK"])
def test_status_lines_as_no_application_should_send_them(status: str) -> None:
    served: list[Any] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, [("x-a", "\u20ac")])
        return [b"served"]

    assert b"".join(Protection(application, ENGINE)({}, lambda *head: served.append(head))) == b"served"
    assert served == [(status, [("x-a", "\u20ac")])]
