"""A Django project with the middleware, over HTTP, under WSGI and ASGI."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from typing import Any

import bartizan
import pytest
from bartizan import sdk
from bartizan.engine import Engine, Request
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.test import override_settings

import django_site
from served import Spans, Visitor, asgi, detecting, wsgi

# Django warns of streams that are not of the server's kind.
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
ADDRESSES = ("server.request.query", "server.request.body", "server.request.path_params")
SUCCESS, FAILURE, SIGNUP = (f"appsec.events.users.{name}" for name in ("login.success", "login.failure", "signup"))
MIDDLEWARE = ["bartizan.django.Middleware", *django_site.PLAIN_MIDDLEWARE]
SERVERS = {"wsgi": (WSGIHandler, wsgi), "asgi": (ASGIHandler, asgi)}


class Site:
    def __init__(self, server: str) -> None:
        self.engine = detecting("evil", *ADDRESSES)
        self.spans = Spans()
        self.server = server

    def made(self, handler: Callable[[], Any]) -> Any:
        with override_settings(MIDDLEWARE=MIDDLEWARE, BARTIZAN={"engine": self.engine, "span": self.spans}):
            return handler()


@pytest.fixture(params=[*SERVERS])
def site(request: pytest.FixtureRequest) -> Site:
    django_site.User.objects.all().delete()
    django_site.User.objects.create_user("bob", password="correct")
    connections.close_all()
    return Site(request.param)


@pytest.fixture
def port(site: Site) -> Iterator[int]:
    handler, serve = SERVERS[site.server]
    with serve(site.made(handler)) as port:
        yield port


@pytest.fixture
def visitor(port: int) -> Visitor:
    return Visitor(port)


def bob() -> str:
    found = str(django_site.User.objects.get(username="bob").pk)
    connections.close_all()
    return found


def test_attacks_are_refused(visitor: Visitor) -> None:
    assert visitor.get("/items/7/") == (200, "item 7")
    assert visitor.get("/items/an-evil-one/")[0] == 403
    assert visitor.get("/plain/?q=%65vil")[0] == 403
    assert visitor.get("/plain_async/?q=%65vil")[0] == 403
    assert visitor.post("/length/", b"an evil body")[0] == 403
    assert visitor.get("/missing")[0] == 404
    status, _, headers = visitor.send("/plain/?q=evil", None, {"accept": "text/html"})
    assert (status, headers["content-type"]) == (403, "text/html; charset=utf-8")


def test_bodies_are_read_whole(visitor: Visitor) -> None:
    assert visitor.post("/length/", b"x" * 3_000_000) == (200, "3000000")
    part = b'--B\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n%s\r\n'
    for size in (10, 5_000_000):
        body = part % (b"a", b"a.bin", b"y" * size) + part % (b"b", b"b.txt", b"z") + b"--B--\r\n"
        kind = {"content-type": "multipart/form-data; boundary=B"}
        assert visitor.send("/upload/", body, kind)[:2] == (200, f"a=a.bin:{size} b=b.txt:1")
    evil = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nevil\r\n--B--\r\n'
    assert visitor.send("/upload/", evil, {"content-type": "multipart/form-data; boundary=B"})[0] == 403


@pytest.mark.parametrize("view", ["sign_in", "sign_in_async"])
def test_logins_are_seen_and_users_of_later_requests_known(site: Site, port: int, visitor: Visitor, view: str) -> None:
    me = bob()
    assert visitor.post(f"/{view}/", {"username": "bob", "password": "correct"}) == (200, "welcome")
    tags = site.spans[-1]
    expected = {f"{SUCCESS}.track": "true", f"{SUCCESS}.usr.login": "bob", "usr.id": me}
    expected |= {f"_dd.{SUCCESS}.auto.mode": "identification", "_dd.appsec.user.collection_mode": "identification"}
    assert {name: tags.get(name) for name in expected} == expected
    for path in ("/me/", "/me_async/", "/plain/", "/plain_async/"):
        assert visitor.get(path)[0] == 200
        assert (site.spans[-1]["usr.id"], f"{SUCCESS}.track" in site.spans[-1]) == (me, False)
    site.engine.block(user=me, seconds=3600)
    for path in ("/me/", "/me_async/", "/plain/", "/plain_async/"):
        assert visitor.get(path)[0] == 403
    stranger = Visitor(port)
    assert stranger.get("/plain/") == (200, "plain")
    assert stranger.post(f"/{view}/", {"username": "bob", "password": "correct"})[0] == 403
    site.engine.unblock(user=me)
    assert visitor.get("/me/") == (200, me)


@pytest.mark.parametrize("view", ["sign_in", "sign_in_async"])
def test_failed_logins_are_seen(site: Site, visitor: Visitor, view: str) -> None:
    assert visitor.post(f"/{view}/", {"username": "bob", "password": "wrong"})[0] == 401
    expected = {f"{FAILURE}.track": "true", f"{FAILURE}.usr.login": "bob", f"{FAILURE}.usr.exists": "true"}
    expected |= {f"{FAILURE}.usr.id": bob()}
    assert {name: site.spans[-1].get(name) for name in expected} == expected
    assert "usr.id" not in site.spans[-1]
    assert visitor.post(f"/{view}/", {"username": "eve", "password": "wrong"})[0] == 401
    assert site.spans[-1][f"{FAILURE}.usr.exists"] == "false"


def test_signups_are_seen(site: Site, port: int, visitor: Visitor) -> None:
    form = {"username": "ann", "password1": "a long secret", "password2": "a long secret"}
    assert visitor.post("/sign_up/", form) == (200, "created")
    assert (site.spans[-1][f"{SIGNUP}.track"], site.spans[-1][f"{SIGNUP}.usr.login"]) == ("true", "ann")
    assert visitor.post("/sign_up/", form)[0] == 400
    assert f"{SIGNUP}.track" not in site.spans[-1]
    assert visitor.post("/create/", {"username": "joe"}) == (200, "created")
    assert site.spans[-1][f"{SIGNUP}.usr.login"] == "joe"
    # An account that somebody with an account makes is not a sign-up.
    assert visitor.post("/sign_in/", {"username": "bob", "password": "correct"})[0] == 200
    assert visitor.post("/create/", {"username": "sue"}) == (200, "created")
    assert f"{SIGNUP}.track" not in site.spans[-1]


def test_the_application_knows_better_than_automation(site: Site, visitor: Visitor) -> None:
    visitor.post("/sign_in/", {"username": "bob", "password": "correct", "sdk": "own"})
    tags = site.spans[-1]
    assert (tags["usr.id"], tags[f"{SUCCESS}.usr.login"]) == ("own", "own")
    assert tags["_dd.appsec.user.collection_mode"] == "sdk"
    assert (tags["_dd.appsec.usr.id"], tags["_dd.appsec.usr.login"]) == (bob(), "bob")


@pytest.mark.parametrize("mode", ["ident", "anon", "disabled"])
def test_collection_modes(site: Site, visitor: Visitor, mode: str) -> None:
    content = {"auto_user_instrum": {"mode": mode}}
    site.engine.apply_remote(changed=[("datadog/2/ASM_FEATURES/mode/config", content)])
    expected = {"ident": bob(), "anon": sdk.anonymize(bob()), "disabled": None}[mode]
    visitor.post("/sign_in/", {"username": "bob", "password": "correct"})
    assert site.spans[-1].get("usr.id") == expected
    visitor.get("/plain/")
    assert site.spans[-1].get("usr.id") == expected


def test_answers_are_those_of_the_bare_project(site: Site, visitor: Visitor) -> None:
    handler, serve = SERVERS[site.server]
    with serve(handler()) as port:
        bare = Visitor(port)
        for client in (visitor, bare):
            client.post("/sign_in/", {"username": "bob", "password": "correct"})
        for path in (
            "plain",
            "items/1",
            "me",
            "me_async",
            "broken",
            "stream",
            "stream_async",
            "file",
            "missing",
            "a b",
        ):
            path = f"/{path.replace(' ', '%20')}/"
            given, expected = visitor.send(path), bare.send(path)
            assert given[:2] == expected[:2]
            assert told(given[2]) == told(expected[2])


def test_stale_and_broken_sessions_are_left_alone(
    site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, serve = SERVERS[site.server]
    with serve(handler()) as port:
        bare = Visitor(port)
        for cookie in ("sessionid=" + "a" * 32, "sessionid=", "sessionid=%00"):
            for path in ("/plain/", "/plain_async/", "/me/"):
                given, expected = (client.send(path, None, {"cookie": cookie}) for client in (visitor, bare))
                assert given[:2] == expected[:2]
                assert told(given[2]) == told(expected[2])

    def fail(*_: Any) -> None:
        raise RuntimeError("the database is down")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail)
    assert visitor.get("/plain/", cookie="sessionid=" + "a" * 32) == (200, "plain")


def told(headers: Message) -> list[tuple[str, str]]:
    return [pair for pair in headers.items() if pair[0] not in ("Date", "date")]


def test_a_stream_reports_to_its_request(site: Site, visitor: Visitor) -> None:
    assert visitor.get("/stream/") == (200, "ab")
    assert site.spans[-1]["usr.id"] == "streamer"


def test_a_refusal_that_was_caught_counts(site: Site, visitor: Visitor) -> None:
    assert visitor.get("/careless/") == (200, "not blocked")
    site.engine.block(user="mallory", seconds=3600)
    assert visitor.get("/careless/")[0] == 403


def test_statements_are_judged(site: Site) -> None:
    handler, serve = SERVERS[site.server]
    site.engine = detecting("evil", "server.db.statement")
    with serve(site.made(handler)) as port:
        visitor = Visitor(port)
        assert visitor.get("/raw/") == (200, "('evil', 'x')")
        bartizan.protect_calls(True)
        try:
            assert visitor.get("/raw/")[0] == 403
            assert visitor.get("/raw_async/")[0] == 403
        finally:
            bartizan.protect_calls(False)


def test_mistakes_in_the_settings() -> None:
    engine = Engine({"version": "2.2", "rules": []})
    for options, said in [({"engnie": engine}, "engnie"), ({"engine": engine, "trusted_proxies": ["x"]}, "x")]:
        with (
            override_settings(MIDDLEWARE=MIDDLEWARE, BARTIZAN=options),
            pytest.raises((TypeError, ValueError), match=said),
        ):
            WSGIHandler()
    assert settings.MIDDLEWARE == django_site.PLAIN_MIDDLEWARE


def test_without_django_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "django", None)
    monkeypatch.delitem(sys.modules, "bartizan.django")
    with pytest.raises(ImportError, match="needs the package `django`"):
        __import__("bartizan.django")


def test_large_bodies_do_not_block_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site("asgi")
    threads: dict[str, set[int]] = {"loop": set(), "body_end": set()}
    original = Request.body_end

    def body_end(self: Request) -> None:
        threads["body_end"].add(threading.get_ident())
        original(self)

    monkeypatch.setattr(Request, "body_end", body_end)
    application = site.made(ASGIHandler)

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        threads["loop"].add(threading.get_ident())
        await application(scope, receive, send)

    with asgi(noting) as port:
        assert Visitor(port).post("/length/", b"x" * 100_000) == (200, "100000")
    assert not threads["loop"] & threads["body_end"]
