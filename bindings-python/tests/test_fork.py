"""A process that forks while another thread is in the middle of something, as servers of preloaded applications do."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import bartizan
import pytest
from bartizan import sdk
from bartizan.engine import Blocked, Engine, Request

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

FORKS = {
    "evaluating": 200,
    "updating": 200,
    "blocking": 200,
    "remote_configuration": 200,
    "in_a_context": 50,
    "in_a_request": 50,
}
WORKERS = 4
# A child that has not ended after this many milliseconds of waiting is killed.
PATIENCE = 30_000
# A budget must not end the tests for hangs.
BUDGET = 60.0
UUID_LENGTH = 36


def rule(name: str, pattern: str) -> dict[str, Any]:
    parameters = {"regex": pattern, "inputs": [{"address": "server.request.query"}]}
    return {
        "id": name,
        "name": name,
        "tags": {"type": "t", "category": "c"},
        "on_match": ["block", "stack_trace"],
        "conditions": [{"operator": "match_regex", "parameters": parameters}],
    }


RULES = {"version": "2.2", "rules": [rule("r1", r"an? [a-t]+ck\b")]}
MORE_RULES = {"version": "2.2", "custom_rules": [rule("r2", r"(?:x|y)[0-9]{3,9}"), rule("r3", r"\bnever\b.*")]}
ATTACK = {"server.request.query": {"q": ["an attack", "x1234"]}}
# This much text is evaluated without the GIL, so that a fork can happen meanwhile.
LONG_ATTACK = {"server.request.query": {"q": ["x y " * 1000] * 16 + ["an attack"]}}


class Process:
    """The objects that parent and child share."""

    def __init__(self) -> None:
        self.waf = bartizan.Waf(RULES, timeout=BUDGET)
        self.newest = self.waf
        self.engine = Engine(RULES, mode="block", timeout_us=BUDGET * 1e6)
        self.context = self.waf.context()
        self.request = self.engine.request()

    # What a thread of the parent does repeatedly.

    def evaluating(self) -> None:
        self.newest = fresh = bartizan.Waf(RULES, timeout=BUDGET)
        fresh.context().run(LONG_ATTACK)

    def updating(self) -> None:
        self.waf.update("more", MORE_RULES)
        self.waf.remove("more")

    def blocking(self) -> None:
        self.engine.block(user="mallory")
        self.engine.block(ip="192.0.2.0/24")
        self.engine.call("blocks")
        self.engine.unblock(user="mallory")

    def remote_configuration(self) -> None:
        path = "datadog/2/ASM/more/config"
        assert self.engine.apply_remote(changed=[(path, MORE_RULES)])["built"] is True
        assert self.engine.apply_remote(removed=[path])["built"] is True

    def in_a_context(self) -> None:
        self.context = context = self.waf.context()
        context.run(LONG_ATTACK)

    def in_a_request(self) -> None:
        self.request = request = self.engine.request()
        with contextlib.suppress(Blocked):
            request.run(LONG_ATTACK)

    # What a child does.

    def evaluate(self) -> Iterator[str]:
        for waf in [self.newest, self.waf]:
            event = waf.context().run(ATTACK).events[0]
            assert event.security_response_id
            assert event.stack_id
            yield event.security_response_id
            yield event.stack_id

    def block(self) -> Iterator[str]:
        self.engine.block(user="bob")
        request = self.engine.request()
        with pytest.raises(Blocked):
            request.start(query={"q": ["an attack"]})
        yield request.block_response()["security_response_id"]
        with pytest.raises(Blocked), self.engine.request():
            sdk.set_user(None, "bob")

    def live(self) -> Iterator[str]:
        yield from self.evaluate()
        yield from self.block()
        self.updating()
        self.remote_configuration()
        # An object that was in use at the time of the fork raises an error.
        with contextlib.suppress(bartizan.InternalError):
            self.context.run(ATTACK)
        with contextlib.suppress(bartizan.InternalError, Blocked):
            self.request.run(ATTACK)
        self.context.close()


class Child:
    """A forked child that sends identifiers to its parent."""

    def __init__(self, life: Callable[[], Iterator[str]]) -> None:
        self.pipe, out = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.write(out, "".join(life()).encode())
                status = 0
            except BaseException as error:
                sys.stderr.write(f"{error!r}\n")
            finally:
                os._exit(status)
        os.close(out)

    def end(self) -> tuple[str, list[str]]:
        """Wait for it: how it ended, and its identifiers."""
        how = self._wait()
        with os.fdopen(self.pipe) as pipe:
            text = pipe.read()
        return how, [text[at : at + UUID_LENGTH] for at in range(0, len(text), UUID_LENGTH)]

    def _wait(self) -> str:
        for _ in range(PATIENCE):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                return "well" if status == 0 else "failed"
            time.sleep(0.001)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return "hung"


@contextlib.contextmanager
def beside(activity: Callable[[], None]) -> Iterator[None]:
    stop = threading.Event()

    def keep_on() -> None:
        while not stop.is_set():
            activity()

    thread = threading.Thread(target=keep_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(("activity", "forks"), FORKS.items())
def test_children_of_a_busy_parent_go_on(activity: str, forks: int) -> None:
    process = Process()
    ids = [*process.evaluate()]
    with beside(getattr(process, activity)):
        for _ in range(forks):
            how, of_child = Child(process.live).end()
            assert how == "well"
            ids += of_child
    ids += process.evaluate()
    assert len(ids) == 5 * forks + 8
    assert len({*ids}) == len(ids)


def test_workers_forked_first_evaluate_concurrently() -> None:
    process = Process()
    workers = [Child(lambda: (one for _ in range(50) for one in process.evaluate())) for _ in range(WORKERS)]
    ends = [worker.end() for worker in workers]
    assert [how for how, _ in ends] == ["well"] * WORKERS
    ids = [one for _, of_worker in ends for one in of_worker]
    assert len({*ids}) == len(ids) == 50 * 4 * WORKERS


def test_requests_continue_in_children() -> None:
    """A request begun before the fork continues in the child."""
    request: Request = Process().engine.request()

    def life() -> Iterator[str]:
        with pytest.raises(Blocked):
            request.start(query={"q": ["an attack"]})
        yield request.block_response()["security_response_id"]

    how, ids = Child(life).end()
    assert (how, len(ids)) == ("well", 1)
