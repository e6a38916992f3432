"""The same requests to the same applications under ddtrace-run, with the tracer's own engine and with ours."""

import importlib.util
import os
from pathlib import Path

import pytest
from drive import REQUESTS, serve

TOP = Path(__file__).resolve().parents[3]
PACKAGE = Path(importlib.util.find_spec("ddtrace").origin).parent
OURS = Path(os.environ.get("BARTIZAN_LIBRARY") or TOP / "target/release/libbartizan.so")


@pytest.fixture(scope="module", params=["flask_app.py", "fastapi_app.py"])
def seen(request):
    """What was seen of each request with each of the engines."""
    own, expected = serve(request.param, PACKAGE, None)
    ours, given = serve(request.param, PACKAGE, OURS)
    assert own
    assert own.isdisjoint(ours)
    return given, expected


@pytest.mark.parametrize("name", [request["name"] for request in REQUESTS])
def test_requests_look_the_same_with_both_engines(seen, name):
    given, expected = seen
    assert given[name] == expected[name]


def test_requests_lead_to_what_is_compared(seen):
    _, expected = seen

    def count(wanted):
        return sum(wanted(one["tags"], one["response"]) for one in expected.values())

    assert count(lambda tags, response: response["status"] == 403) >= 8
    assert count(lambda tags, response: "_dd.appsec.json" in tags) >= 10
    assert count(lambda tags, response: "_dd.appsec.fp.http.endpoint" in tags) >= 15
    assert count(lambda tags, response: "_dd.appsec.s.req.headers" in tags) >= 15
