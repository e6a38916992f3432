"""A login application in Flask that uses the calls known from tracers, with one route that reports nothing."""

from __future__ import annotations

import flask
from bartizan import sdk

USERS = {"bob@example.org": {"id": "u-1", "name": "Bob", "password": "correct"}}
USERS |= {f"member{n}@example.org": {"id": f"m-{n}", "name": "Ann", "password": f"secret {n}"} for n in range(400)}
# What an application would send by mail.
CODE = "314159"


def make_app() -> flask.Flask:
    """Make the application."""
    app = flask.Flask(__name__)

    @app.get("/")
    def index() -> str:
        return "hello"

    @app.get("/me")
    def me() -> str:
        user = flask.request.headers["x-user"]
        sdk.set_user(None, user, email="bob@example.org", role="admin")
        return f"you are {user}"

    @app.post("/login")
    def login() -> tuple[str, int]:
        username, password = flask.request.form["username"], flask.request.form["password"]
        user = USERS.get(username)
        if sdk.step_up() and flask.request.form.get("code") != CODE:
            return "enter the code that we sent you", 401
        try:
            if user is None or user["password"] != password:
                sdk.track_user_login_failure_event(
                    None, user and user["id"], user is not None, {"usr.login": username, "reason": "password"}
                )
                return "wrong user or password", 401
            sdk.track_user_login_success_event(None, user["id"], {"plan": "gold"}, login=username, name=user["name"])
        except Exception:  # as careless applications do: a blocked user must not get past it
            pass
        return "welcome", 200

    @app.post("/framework-login")
    def framework_login() -> str:
        """Reports like the integration of a login framework."""
        form = flask.request.form
        sdk._request().call("auto_login_success", framework="flask-login", login=form["username"], user={"id": "u-1"})
        return "welcome"

    @app.post("/legacy")
    def legacy() -> tuple[str, int]:
        return "no", 401

    @app.post("/reset")
    def reset() -> str:
        username = flask.request.form["username"]
        sdk.track_custom_event(None, "users.password_reset", {"usr.login": username, "exists": str(username in USERS)})
        return "check your mail"

    @app.post("/pay")
    def pay() -> tuple[str, int]:
        sdk.track_custom_event(None, "payment.failure", {"instrument": flask.request.form["card"]})
        return "declined", 402

    @app.post("/coupon")
    def coupon() -> str:
        sdk.track_custom_event(None, "activity.sensitive", {"name": "coupon_use", "required_role": "user"})
        return "used"

    return app
