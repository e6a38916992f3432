"""A Flask application with the extension, over HTTP: routes, logins, later requests, and what stays as it was."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from email.message import Message
from typing import Any

import flask
import flask_login
import pytest
from bartizan import sdk
from bartizan.engine import Engine
from bartizan.flask import Bartizan

from served import Spans, Visitor, detecting, wsgi

ADDRESSES = ("server.request.query", "server.request.body", "server.request.path_params")
SUCCESS = "appsec.events.users.login.success"


class User(flask_login.UserMixin):  # type: ignore[misc]
    def __init__(self, name: str) -> None:
        self.id = name
        self.username = f"{name}@example.org"


def make_app() -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "test"
    login_manager = flask_login.LoginManager(app)
    login_manager.user_loader(User)

    @app.get("/plain")
    def plain() -> str:
        return "plain"

    @app.get("/items/<item>")
    def items(item: str) -> str:
        return f"item {item}"

    @app.post("/login")
    def login() -> str:
        form = flask.request.form
        if "sdk" in form:
            sdk.track_login_success(form["sdk"], form["sdk"])
        flask_login.login_user(User(form["user"]), remember="remember" in form)
        return "welcome"

    @app.get("/me")
    @flask_login.login_required  # type: ignore[untyped-decorator]
    def me() -> str:
        return str(flask_login.current_user.id)

    @app.get("/broken")
    def broken() -> str:
        raise ZeroDivisionError

    @app.get("/stream")
    def stream() -> Iterator[str]:
        return iter(["a", "b", "c"])

    @app.post("/careless")
    def careless() -> str:
        try:
            sdk.set_user(None, "mallory")
        except BaseException:
            return "never seen"
        return "not blocked"

    return app


class Site:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.spans = Spans()
        self.app = make_app()
        Bartizan(self.app, engine, self.spans)


@pytest.fixture
def site() -> Site:
    return Site(detecting("evil", *ADDRESSES))


@pytest.fixture
def port(site: Site) -> Iterator[int]:
    with wsgi(site.app) as port:
        yield port


@pytest.fixture
def visitor(port: int) -> Visitor:
    return Visitor(port)


def test_attacks_are_refused(visitor: Visitor) -> None:
    assert visitor.get("/items/7") == (200, "item 7")
    assert visitor.get("/items/an-evil-one")[0] == 403
    assert visitor.get("/plain?q=%65vil")[0] == 403
    assert visitor.post("/login", {"user": "evil"})[0] == 403
    assert visitor.get("/missing")[0] == 404


def test_logins_are_seen_and_users_of_later_requests_known(site: Site, port: int, visitor: Visitor) -> None:
    assert visitor.post("/login", {"user": "u-1", "remember": "1"}) == (200, "welcome")
    expected = {f"{SUCCESS}.track": "true", f"{SUCCESS}.usr.login": "u-1@example.org", "usr.id": "u-1"}
    expected |= {f"_dd.{SUCCESS}.auto.mode": "identification", "_dd.appsec.user.collection_mode": "identification"}
    assert {name: site.spans[-1].get(name) for name in expected} == expected
    for path in ("/me", "/plain", "/missing"):
        visitor.get(path)
        assert site.spans[-1]["usr.id"] == "u-1"
        assert f"{SUCCESS}.track" not in site.spans[-1]
    site.engine.block(user="u-1", seconds=3600)
    assert visitor.get("/me")[0] == 403
    assert visitor.get("/plain")[0] == 403
    assert visitor.post("/login", {"user": "u-1"})[0] == 403
    stranger = Visitor(port)
    assert stranger.get("/plain") == (200, "plain")
    assert "usr.id" not in site.spans[-1]
    assert stranger.post("/login", {"user": "u-1"})[0] == 403
    assert stranger.get("/me")[0] == 401
    site.engine.unblock(user="u-1")
    assert visitor.get("/me") == (200, "u-1")


def test_a_remembered_user_is_known_without_a_session(site: Site, port: int, visitor: Visitor) -> None:
    cookies = visitor.send("/login", {"user": "u-1", "remember": "1"})[2].get_all("set-cookie") or []
    remembered = next(cookie for cookie in cookies if cookie.startswith("remember_token")).split(";")[0]
    site.engine.block(user="u-1", seconds=3600)
    assert Visitor(port).get("/me", cookie=remembered)[0] == 403
    site.engine.unblock(user="u-1")
    assert Visitor(port).get("/me", cookie=remembered) == (200, "u-1")
    assert site.spans[-1]["_dd.appsec.usr.login"] == "u-1@example.org"


def test_the_application_knows_better_than_automation(site: Site, visitor: Visitor) -> None:
    visitor.post("/login", {"user": "u-1", "sdk": "own"})
    tags = site.spans[-1]
    assert (tags["usr.id"], tags[f"{SUCCESS}.usr.login"]) == ("own", "own")
    assert tags["_dd.appsec.user.collection_mode"] == "sdk"
    assert (tags["_dd.appsec.usr.id"], tags["_dd.appsec.usr.login"]) == ("u-1", "u-1@example.org")


@pytest.mark.parametrize(("mode", "expected"), [("ident", "u-1"), ("anon", sdk.anonymize("u-1")), ("disabled", None)])
def test_collection_modes(site: Site, visitor: Visitor, mode: str, expected: str | None) -> None:
    content = {"auto_user_instrum": {"mode": mode}}
    site.engine.apply_remote(changed=[("datadog/2/ASM_FEATURES/mode/config", content)])
    visitor.post("/login", {"user": "u-1"})
    assert site.spans[-1].get("usr.id") == expected
    visitor.get("/plain")
    assert site.spans[-1].get("usr.id") == expected


def test_answers_are_those_of_the_bare_application(visitor: Visitor) -> None:
    bare = make_app()
    with wsgi(bare) as port:
        other = Visitor(port)
        for path in ("/plain", "/items/1", "/me", "/broken", "/stream", "/missing"):
            for client in (visitor, other):
                client.send("/login", {"user": "u-1"})
            (status, body, headers), (bare_status, bare_body, bare_headers) = visitor.send(path), other.send(path)
            assert (status, body) == (bare_status, bare_body)
            assert told(headers) == told(bare_headers)


def told(headers: Message) -> list[tuple[str, str]]:
    return [pair for pair in headers.items() if pair[0] not in ("Date", "Set-Cookie")]


def test_a_refusal_that_was_caught_counts(site: Site, visitor: Visitor) -> None:
    site.engine.block(user="mallory", seconds=3600)
    assert visitor.post("/careless", b"")[0] == 403


def test_factories_and_mistakes() -> None:
    extension = Bartizan(engine=detecting("evil", *ADDRESSES))
    first, second = make_app(), make_app()
    for app in (first, second):
        extension.init_app(app)
        assert app.test_client().get("/items/evil").status_code == 403
        assert app.test_client().get("/items/good").status_code == 200
    with pytest.raises(RuntimeError, match="already"):
        Bartizan(first)


def test_without_flask_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flask", None)
    monkeypatch.delitem(sys.modules, "bartizan.flask")
    with pytest.raises(ImportError, match="needs the package `flask`"):
        __import__("bartizan.flask")


def test_engines_may_be_anything_but_wrong() -> None:
    wrong: Any = ["nowhere"]
    with pytest.raises(ValueError, match="nowhere"):
        Bartizan(make_app(), trusted_proxies=wrong)
