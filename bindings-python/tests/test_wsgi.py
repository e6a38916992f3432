"""What the WSGI helper reads of a request, and what it reports as unreadable."""

from __future__ import annotations

import io
from typing import Any

import pytest
from bartizan.wsgi import LARGEST_BODY, body_of

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("kind", "data", "wanted"),
    [
        (JSON, b'{"a": 1}', {"body": {"a": 1}}),
        (f"{JSON}; charset=utf-8", b"[]", {"body": []}),
        (FORM, b"a=1&b=", {"body": {"a": ["1"], "b": [""]}}),
        (JSON, b"", {}),
        (JSON, b"{'a'", {"body": b"{'a'", "body_unparsed": f"it is not valid {JSON}"}),
        (JSON, DEEP, {"body": DEEP, "body_unparsed": f"it is not valid {JSON}"}),
        (FORM, b"a=\xff", {"body": b"a=\xff", "body_unparsed": f"it is not valid {FORM}"}),
        (
            "multipart/form-data; boundary=x",
            b"--x",
            {"body_unparsed": "the content type 'multipart/form-data' is not parsed"},
        ),
        ("", b"text", {"body_unparsed": "the content type '' is not parsed"}),
    ],
)
def test_bodies(kind: str, data: bytes, wanted: dict[str, Any]) -> None:
    environ: dict[str, Any] = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(data)), "wsgi.input": io.BytesIO(data)}
    assert body_of(environ) == wanted
    assert environ["wsgi.input"].read() == data


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"CONTENT_LENGTH": "abc"}, "its length is not a number"),
        ({"CONTENT_LENGTH": "-1"}, "its length is not a number"),
        ({"CONTENT_LENGTH": str(LARGEST_BODY + 1)}, f"{LARGEST_BODY + 1} bytes are more than {LARGEST_BODY}"),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, "it is sent in chunks"),
    ],
)
def test_unread_bodies_are_reported(environ: dict[str, Any], reason: str) -> None:
    assert body_of({"CONTENT_TYPE": JSON, **environ}) == {"body_unparsed": reason}
