"""What identifies the client does not share the budget of a request with what the client sends."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from bartizan.engine import Blocked, Engine, Request
from bartizan.wsgi import Protection

DENIED = "9.9.9.9"
PARAMETERS = {"inputs": [{"address": "server.request.query"}], "regex": "evil"}
RULE = {
    "id": "r",
    "name": "n",
    "tags": {"type": "t", "category": "c"},
    "conditions": [{"operator": "match_regex", "parameters": PARAMETERS}],
    "on_match": ["block"],
}
RULES = {"version": "2.2", "rules": [RULE]}
USUAL = ["host", "user-agent", "accept", "accept-language", "cookie", "accept-encoding"]
CHAIN: dict[str, Any] = {"client_ip_header": "x-real-chain", "trusted_proxies": ["10.0.0.0/8"]}

# In half of 5 ms there is time for about 8,000 values; in half of 1 us, for 1,024.
BUDGETS = [5000, 1]
SIZES = [1, 1000, 17_000, 200_000]


def engine(**settings: Any) -> Engine:
    made = Engine(RULES, mode="block", **settings)
    made.block(ip=DENIED)
    return made


def pairs(client: str, before: int = 0) -> list[list[str]]:
    padding = [[f"x-padding-{i}", "x"] for i in range(before)]
    return [*([name, "x"] for name in USUAL), *padding, ["x-forwarded-for", client]]


def blocked(run: Callable[[], None]) -> bool:
    try:
        run()
    except Blocked:
        return True
    return False


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("part", ["body", "query", "cookies", "path_params"])
@pytest.mark.parametrize("form", [list, dict])
def test_a_denied_address_beside_a_huge_part(form: Any, part: str, size: int, budget: int) -> None:
    protected = engine(timeout_us=budget)
    for client, refused in [(DENIED, True), ("1.2.3.4", False)]:
        request = protected.request()
        parts = {part: [1] * size, "method": "POST", "url": "/", "headers": form(pairs(client)), "peer": "10.0.0.1"}
        assert blocked(lambda: request.start(**parts)) == refused, client  # noqa: B023


@pytest.mark.parametrize("size", SIZES)
def test_trusted_proxies_after_a_huge_body(size: int) -> None:
    protected = engine(timeout_us=1)
    networks = [f"173.245.{i // 256}.{i % 256}/32" for i in range(8000)]
    for trusted in (CHAIN["trusted_proxies"], [*networks, *CHAIN["trusted_proxies"]]):
        for chain, refused in [(f"1.2.3.4, {DENIED}", True), (f"{DENIED}, 1.2.3.4", False)]:
            request = protected.request()
            head = {"headers": {"x-real-chain": chain}, "peer": "10.0.0.1"}
            proxies = {**CHAIN, "trusted_proxies": trusted}
            assert blocked(lambda: request.start(body=[1] * size, **head, **proxies)) == refused  # noqa: B023


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("before", [1000, 4000, 4089])
def test_thousands_of_headers_are_converted(before: int, budget: int) -> None:
    protected = engine(timeout_us=budget)
    for client, refused in [(DENIED, True), ("1.2.3.4", False)]:
        request = protected.request()
        assert blocked(lambda: request.start(headers=pairs(client, before))) == refused  # noqa: B023
        assert "container_size" not in request.finish()["incomplete"]


@pytest.mark.parametrize("form", [list, dict])
@pytest.mark.parametrize("before", [4090, 10_000, 100_000])
def test_an_unknown_client_is_refused_while_addresses_are(before: int, form: Any) -> None:
    protected = engine()
    headers = form(pairs(DENIED, before))
    request = protected.request()
    assert blocked(lambda: request.start(headers=headers))
    assert request.block_response()["status"] == 403
    assert "container_size" in request.finish()["incomplete"]
    protected.unblock(ip=DENIED)
    request = protected.request()
    request.start(headers=headers)
    assert "container_size" in request.finish()["incomplete"]


def test_a_long_header_is_cut_and_reported() -> None:
    protected = engine()
    headers = [["x-forwarded-for", "1.2.3.4," * 200_000 + DENIED]]
    request = protected.request()
    assert blocked(lambda: request.start(headers=headers))
    assert "string_length" in request.finish()["incomplete"]


@pytest.mark.parametrize("budget", BUDGETS)
def test_incomplete_requests_are_refused_if_configured(budget: int) -> None:
    protected = Engine(RULES, mode="block", on_incomplete="block", timeout_us=budget)
    for parts in ({"body": [1] * 100_000}, {"headers": pairs(DENIED, 10_000)}):
        request = protected.request()
        assert blocked(lambda: request.start(**parts))  # noqa: B023


@pytest.mark.parametrize("count", [6000, 10_000, 100_000])
def test_headers_of_a_response(count: int) -> None:
    headers = [[f"x-{i}", "x"] for i in range(count)]
    request = Engine(RULES, mode="block").request()
    request.response(200, headers)
    assert "container_size" in request.finish()["incomplete"]
    request = Engine(RULES, mode="block", on_incomplete="block").request()
    assert blocked(lambda: request.response(200, headers))


def test_invalid_arguments_are_still_errors() -> None:
    for headers in ([["a"]], [["a", "b", "c"]], 5):
        with pytest.raises(ValueError, match="headers"):
            engine().request().start(headers=headers)


def test_the_dict_of_arguments_may_change_meanwhile() -> None:
    parts: dict[str, Any] = {}

    class Changing:
        def __str__(self) -> str:
            parts["more"] = 1
            return "/"

    parts |= {"url": Changing(), "peer": DENIED}
    request: Request = engine().request()
    assert request._native.call("start", parts)["blocked"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("headers", [0, 10_000])
def test_wsgi(size: int, headers: int) -> None:
    def application(_: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [(f"x-{i}", "x") for i in range(headers)])
        return [b"served"]

    protected = Protection(application, engine(timeout_us=1), lambda: None, **CHAIN)
    for chain, status in [(f"1.2.3.4, {DENIED}", "403 Blocked"), ("1.2.3.4", "200 OK")]:
        body = json.dumps([1] * size).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "REMOTE_ADDR": "10.0.0.1",
            "HTTP_X_REAL_CHAIN": chain,
        }
        heads: list[str] = []
        b"".join(protected(environ, lambda status, *_: heads.append(status)))  # noqa: B023
        assert heads == [status]
