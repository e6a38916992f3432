"""Protection of a Flask application, as an extension.

>>> import flask
>>> from bartizan.flask import Bartizan
>>> app = flask.Flask(__name__)
>>> bartizan = Bartizan(app)

Or, where a function makes the application, ``bartizan = Bartizan()`` beside it and ``bartizan.init_app(app)`` in it.

It is `bartizan.wsgi.Protection` around ``app.wsgi_app``, which also evaluates what the router finds in the path, and
sees users of Flask-Login where that is installed: who logs in, and whose session a request belongs to. Flask-Login does
not check passwords, so the application reports failed logins and sign-ups itself: see `bartizan.sdk`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, final

from bartizan._web import current, judge_path, report
from bartizan.engine import Engine
from bartizan.wsgi import Protection

try:
    import flask
except ImportError as _missing:
    raise ImportError("bartizan.flask needs the package `flask`") from _missing
try:
    import flask_login
except ImportError:
    flask_login = None

__all__ = ["Bartizan"]

# Where user objects of Flask-Login keep what people type as their login. The variable is known from tracers.
LOGIN_FIELDS = (os.environ.get("DD_USER_MODEL_LOGIN_FIELD", "login"), "login", "username", "email")


@final
class Bartizan:
    """The extension. The arguments are those of `bartizan.wsgi.Protection`."""

    def __init__(
        self,
        app: flask.Flask | None = None,
        engine: Engine | None = None,
        span: Callable[[], Any] = lambda: None,
        *,
        client_ip_header: str | None = None,
        trusted_proxies: Iterable[str] | None = None,
    ) -> None:
        self._engine = engine
        self._span = span
        trusted = trusted_proxies if isinstance(trusted_proxies, str | None) else [*trusted_proxies]
        self._proxies: dict[str, Any] = {"client_ip_header": client_ip_header, "trusted_proxies": trusted}
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Protect an application. Raises ``RuntimeError`` if it is protected already."""
        if "bartizan" in app.extensions:
            raise RuntimeError("this application is protected already")
        app.extensions["bartizan"] = self
        protection = Protection(app.wsgi_app, self._engine, self._span, **self._proxies)
        app.wsgi_app = protection  # type: ignore[method-assign]
        # Before the application's own functions, so that these see no request that is refused.
        app.before_request_funcs.setdefault(None, []).insert(0, _routed)
        app.after_request(_answered)
        if flask_login is not None:
            flask_login.user_logged_in.connect(_logged_in, app)
            flask_login.user_loaded_from_cookie.connect(_loaded, app)
            flask_login.user_loaded_from_request.connect(_loaded, app)


def _routed() -> None:
    """Evaluate what is known once a request has its route. Raises `Blocked`."""
    request = current()
    if request is None:
        return
    judge_path(request, flask.request.view_args or {})
    if flask_login is not None and hasattr(flask.current_app, "login_manager"):
        user_id = _user_of_session()
        if user_id is not None:
            report("auto_user", framework="flask-login", user=str(user_id))


def _user_of_session() -> Any:
    """Return the id of the user whose session this is, without a trace: answers depend on whether a session is read."""
    context: Any = flask.globals.request_ctx
    session = getattr(context, "_session", None)
    session = context.session if session is None else session
    if not session:
        return None
    accessed = getattr(session, "accessed", None)
    user_id = session.get("_user_id")
    if accessed is not None:
        session.accessed = accessed
    return user_id


def _answered(response: flask.Response) -> flask.Response:
    """Report the user, if the application looked for one and found it elsewhere than in the session."""
    user = flask.g.get("_login_user")
    if user is not None and getattr(user, "is_authenticated", False):
        _loaded(None, user)
    return response


def _logged_in(_app: Any, user: Any) -> None:
    report("auto_login_success", framework="flask-login", login=_login_of(user), user=user.get_id())


def _loaded(_app: Any, user: Any) -> None:
    report("auto_user", framework="flask-login", user=user.get_id(), login=_login_of(user))


def _login_of(user: Any) -> str | None:
    """Return what a user types as login, as far as the object tells."""
    found = (getattr(user, field, None) for field in LOGIN_FIELDS)
    return next((login for login in found if isinstance(login, str) and login), None)
