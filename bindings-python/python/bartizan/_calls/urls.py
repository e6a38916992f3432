"""URLs that an application requests: each hop of a redirect is judged, by the library that knows it first."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from bartizan._calls.judge import judge, judged
from bartizan._calls.later import Wrapper, wrap

__all__ = ["WRAPPERS"]

# Whether a URL was judged by a library above, so that those below it do not judge it again.
inside: ContextVar[bool] = ContextVar("bartizan_url", default=False)


def _judged(describe: Callable[..., dict[str, Any] | None], *, below: bool) -> Callable[[Any], Any]:
    """Make a wrapper that judges what ``describe`` says of a call; ``below`` if libraries above may have done so."""

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not judged() or (below and inside.get()):
                return original(*args, **kwargs)
            addresses = describe(*args, **kwargs)
            if addresses is not None:
                judge(addresses)
            token = inside.set(True)
            try:
                return original(*args, **kwargs)
            finally:
                inside.reset(token)

        return wrapper

    return make


def _judged_async(describe: Callable[..., dict[str, Any] | None]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        @functools.wraps(original)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not judged():
                return await original(*args, **kwargs)
            addresses = describe(*args, **kwargs)
            if addresses is not None:
                judge(addresses)
            token = inside.set(True)
            try:
                return await original(*args, **kwargs)
            finally:
                inside.reset(token)

        return wrapper

    return make


def _request(url: Any, method: Any = None, headers: Any = None) -> dict[str, Any]:
    addresses: dict[str, Any] = {"server.io.net.url": str(url)}
    if method:
        addresses["server.io.net.request.method"] = str(method).upper()
    if headers:
        addresses["server.io.net.request.headers"] = {str(name).lower(): str(headers[name]) for name in headers}
    return addresses


def _of_opener(_self: Any, fullurl: Any, data: Any = None, *_: Any, **__: Any) -> dict[str, Any]:
    if isinstance(fullurl, str):
        return _request(fullurl, "GET" if data is None else "POST")
    return _request(fullurl.full_url, fullurl.get_method(), fullurl.headers)


def _of_connection(self: Any, method: Any, url: Any, *_: Any, **__: Any) -> dict[str, Any]:
    if not str(url).startswith("/"):
        return _request(url, method)  # to a proxy
    scheme = "https" if hasattr(self, "_context") or self.default_port == 443 else "http"
    host = f"[{self.host}]" if ":" in self.host else self.host
    port = "" if self.port == self.default_port else f":{self.port}"
    return _request(f"{scheme}://{host}{port}{url}", method)


def _of_pool(self: Any, method: Any, url: Any, *_: Any, **__: Any) -> dict[str, Any]:
    if not str(url).startswith("/"):
        return _request(url, method)
    return _request(f"{self.scheme}://{self.host}{f':{self.port}' if self.port else ''}{url}", method)


def _of_prepared(_self: Any, request: Any, *_: Any, **__: Any) -> dict[str, Any]:
    return _request(request.url, request.method, request.headers)


def _urllib(module: Any) -> None:
    wrap(module.OpenerDirector, "open", _judged(_of_opener, below=False))


def _http_client(module: Any) -> None:
    wrap(module.HTTPConnection, "request", _judged(_of_connection, below=True))
    wrap(module.HTTPConnection, "putrequest", _judged(_of_connection, below=True))


def _urllib3(module: Any) -> None:
    wrap(module.HTTPConnectionPool, "urlopen", _judged(_of_pool, below=True))


def _requests(module: Any) -> None:
    wrap(module.Session, "send", _judged(_of_prepared, below=False))


def _httpx(module: Any) -> None:
    wrap(module.HTTPTransport, "handle_request", _judged(_of_prepared, below=False))
    wrap(module.AsyncHTTPTransport, "handle_async_request", _judged_async(_of_prepared))


def _aiohttp(module: Any) -> None:
    def make(original: Any) -> Any:
        @functools.wraps(original)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
            # A request is made for each hop before its connection, with the parameters as part of its URL.
            original(self, *args, **kwargs)
            if judged():
                judge(_request(self.url, self.method, self.headers))

        return wrapper

    wrap(module.ClientRequest, "__init__", make)


WRAPPERS: dict[str, Wrapper] = {
    "aiohttp.client_reqrep": _aiohttp,
    "http.client": _http_client,
    "httpx": _httpx,
    "requests.sessions": _requests,
    "urllib.request": _urllib,
    "urllib3.connectionpool": _urllib3,
}
