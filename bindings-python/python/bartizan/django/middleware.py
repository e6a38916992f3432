"""The middleware: requests on their way in, answers on their way out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, final

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from bartizan import asgi, wsgi
from bartizan._web import LARGEST_FAILURE, Failures, current, judge_path, prepare
from bartizan.engine import Blocked, Request
from django.apps import apps
from django.conf import settings
from django.http import FileResponse, HttpResponse
from django.utils.module_loading import import_string

__all__ = ["Middleware"]


@final
class Middleware:
    """A middleware for synchronous and asynchronous projects; the setting ``BARTIZAN`` configures it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        options = {**getattr(settings, "BARTIZAN", {})}
        engine = _named(options.pop("engine", None))
        self._span = _named(options.pop("span", lambda: None))
        engine = engine() if callable(engine) else engine
        proxies = [options.pop(name, None) for name in ("client_ip_header", "trusted_proxies")]
        if options:
            raise TypeError(f"unknown keys of the setting BARTIZAN: {', '.join(sorted(map(str, options)))}")
        self.engine, self._proxies = prepare(engine, *proxies)
        self._failures = Failures()
        self._users = apps.is_installed("bartizan.django") and apps.is_installed("django.contrib.auth")
        self.process_view: Callable[..., Any] = self._routed
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)
            self.process_view = self._routed_async

    def __call__(self, request: Any) -> Any:
        """Serve a request."""
        return self._serve_async(request) if iscoroutinefunction(self) else self._serve(request)

    def _serve(self, request: Any) -> Any:
        ours = self.engine.request(self._span())
        try:
            with ours:
                ours.head(**_head_of(request), **self._proxies)
                _hold_body(request, ours)
                ours.body_end()
                return self._judged(request, ours, self.get_response(request))
        except BaseException:
            # Views may raise something else because of `Blocked`: the decision counts.
            if not ours.blocked:
                raise
            refusal, delay = self._refusal(ours)
            time.sleep(delay)
            return refusal
        finally:
            ours._end()

    async def _serve_async(self, request: Any) -> Any:
        ours = self.engine.request(self._span())
        try:
            with ours:
                ours.head(**_head_of(request), **self._proxies)
                size = _hold_body(request, ours)
                await asgi.in_thread_if(size >= asgi.LARGE, ours.body_end)
                return self._judged(request, ours, await self.get_response(request))
        except BaseException as error:
            if not ours.blocked or isinstance(error, asyncio.CancelledError):
                raise
            refusal, delay = self._refusal(ours)
            await asyncio.sleep(delay)
            return refusal
        finally:
            ours._end()

    def _routed(self, request: Any, _view: Any, arguments: Iterable[Any], parameters: dict[str, Any]) -> None:
        """Evaluate what is known once the view is. Raises `Blocked`."""
        ours = current()
        if ours is not None:
            judge_path(ours, {**{str(at): value for at, value in enumerate(arguments)}, **parameters})
            if self._users:
                from bartizan.django.users import see_session

                see_session(request)

    async def _routed_async(self, request: Any, view: Any, arguments: Any, parameters: dict[str, Any]) -> None:
        # Only a session may wait for a database.
        if self._users and settings.SESSION_COOKIE_NAME in request.COOKIES:
            await sync_to_async(self._routed)(request, view, arguments, parameters)
        else:
            self._routed(request, view, arguments, parameters)

    def _judged(self, request: Any, ours: Request, response: Any) -> Any:
        """Return the answer of the application, whose head was evaluated. Raises `Blocked`."""
        try:
            if self._users:
                from bartizan.django.users import see_answered

                see_answered(request)
            if ours.blocked:
                raise Blocked("response")
            headers = [
                *response.items(),
                *(("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values()),
            ]
            ours.response(response.status_code, [[*header] for header in headers])
        except BaseException:
            for close in response._resource_closers:  # `close` would also say that the request has ended
                close()
            raise
        if ours.login_failed and not response.streaming and len(response.content) <= LARGEST_FAILURE:
            line = f"{response.status_code} {response.reason_phrase}"
            self._failures.learn(ours, line, headers, response.content)
        # Files are sent without code of the application, and perhaps without reading them here.
        if response.streaming and not isinstance(response, FileResponse):
            parts = _AsyncParts if response.is_async else _Parts
            response.streaming_content = parts(ours, response.streaming_content)
        return response

    def _refusal(self, ours: Request) -> tuple[Any, float]:
        """Return the answer to a blocked client, and how many seconds it is to be late."""
        given = ours.block_response()
        line, headers = self._failures.head(given)
        response = HttpResponse(given["body"].encode(), status=given["status"], reason=line.partition(" ")[2])
        del response["Content-Type"]
        for name, value in headers:
            response[name] = value
        return response, given.get("delay_us", 0) / 1_000_000


def _named(value: Any) -> Any:
    """Return what a dotted path of the settings means."""
    return import_string(value) if isinstance(value, str) else value


def _head_of(request: Any) -> dict[str, Any]:
    scope = getattr(request, "scope", None)
    return asgi.head_of(scope) if isinstance(scope, dict) else wsgi.head_of(request.META)


def _hold_body(request: Any, ours: Request) -> int:
    """Give the body to our request up to its limit, and let Django read it again. Returns how much that was.

    Django's stream ends where the body does. That of ASGI is a file, which stays.
    """
    stream = getattr(request, "_stream", None)
    if stream is None:
        return 0
    seekable = getattr(stream, "seekable", None)
    if seekable is None or not seekable():
        request._stream, size = wsgi.held(stream, None, ours)
        return size
    start = stream.tell()
    _, size = wsgi.held(stream, None, ours)
    stream.seek(start)
    return size


@final
class _Parts:
    """The parts of a streamed answer, each made with the request as the current one of `bartizan.sdk`."""

    def __init__(self, ours: Request, parts: Iterable[Any]) -> None:
        self._ours = ours
        self._parts = iter(parts)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with self._ours:
            try:
                return next(self._parts)
            except Blocked:
                raise wsgi.too_late(self._ours) from None


@final
class _AsyncParts:
    """The same for an asynchronous stream."""

    def __init__(self, ours: Request, parts: AsyncIterator[Any]) -> None:
        self._ours = ours
        self._parts = aiter(parts)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        with self._ours:
            try:
                return await anext(self._parts)
            except Blocked:
                raise wsgi.too_late(self._ours) from None
