"""What Django tells of users: logins, failed logins, sign-ups, and the user of each later request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from bartizan._web import current, report
from bartizan.engine import Request
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import post_save
from django.utils.functional import LazyObject

__all__ = ["listen", "see_answered", "see_session"]

FRAMEWORK = "django"
# Requests that belong to somebody's session.
_of_users: WeakSet[Request] = WeakSet()


def listen() -> None:
    """Connect the signals, which may be done repeatedly."""
    user_logged_in.connect(_logged_in, dispatch_uid="bartizan")
    user_login_failed.connect(_login_failed, dispatch_uid="bartizan")
    post_save.connect(_saved, sender=get_user_model(), dispatch_uid="bartizan")


def see_session(request: Any) -> None:
    """Report the user whose session this is. Raises `Blocked`.

    Only the session is read, if there is a cookie of one, and without a trace, as answers depend on whether it was.
    """
    session = getattr(request, "session", None)
    if session is None or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return
    user_id = _peek(session)
    if user_id is not None:
        _of_users.update(filter(None, [current()]))
        report("auto_user", framework=FRAMEWORK, user=str(user_id), session_id=session.session_key)


def _peek(session: Any) -> Any:
    """Return the user of a session, and leave that as if it had not been read; None if it cannot be read."""
    accessed, key = session.accessed, session.session_key
    try:
        return session.get(SESSION_KEY)
    except Exception:
        return None  # which concerns the application only if it reads the session itself
    finally:
        session.accessed = accessed
        if session.session_key != key:
            # There is no such session, for which the cookie would be deleted.
            session._session_key = key
            session.__dict__.pop("_session_cache", None)


def see_answered(request: Any) -> None:
    """Report the user that the application found, if it looked for one. Raises `Blocked`."""
    known = request.__dict__
    user = known.get("_cached_user") or known.get("_acached_user") or known.get("user")
    # A lazy object has not been asked for; making it one now could change the answer.
    if user is not None and not isinstance(user, LazyObject) and user.is_authenticated:
        report("auto_user", framework=FRAMEWORK, user=str(user.pk), login=user.get_username())


def _logged_in(request: Any = None, user: Any = None, **_: Any) -> None:
    session = getattr(request, "session", None)
    seen = {"login": user.get_username(), "user": str(user.pk), "session_id": getattr(session, "session_key", None)}
    report("auto_login_success", framework=FRAMEWORK, **seen)


def _login_failed(credentials: Mapping[str, Any] | None = None, **_: Any) -> None:
    if current() is None:
        return
    model = get_user_model()
    given = credentials or {}
    login = given.get(model.USERNAME_FIELD) or given.get("username") or given.get("email")
    known = _account(model, login)
    exists = None if known is None else bool(known)
    report("auto_login_failure", framework=FRAMEWORK, login=login, exists=exists, user=known or None)


def _account(model: Any, login: Any) -> str | None:
    """Return the id of an account; empty if there is none, None if that cannot be told."""
    if not isinstance(login, str) or not login:
        return None
    try:
        return str(model._default_manager.get_by_natural_key(login).pk)
    except model.DoesNotExist:
        return ""
    except Exception:
        return None


def _saved(instance: Any, created: bool = False, raw: bool = False, **_: Any) -> None:
    """Report a sign-up: an account that comes into being in a request of nobody. Others are made by administrators."""
    request = current()
    if request is None or not created or raw or request in _of_users:
        return
    report("auto_signup", framework=FRAMEWORK, login=instance.get_username(), user=str(instance.pk))
