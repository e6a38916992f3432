"""Values made to break the conversion: nothing may crash, hang or be missed."""

from __future__ import annotations

import array
import collections
import decimal
import enum
import sys
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import bartizan
import pytest


def waf(regex: str, **limits: int) -> bartizan.Waf:
    inputs = [{"address": "a"}]
    condition = {"operator": "match_regex", "parameters": {"regex": regex, "inputs": inputs}}
    keys = {
        "operator": "match_regex",
        "parameters": {"regex": regex, "inputs": [{"address": "a", "transformers": ["keys_only"]}]},
    }
    rules = [
        {"id": "value", "name": "n", "tags": {"type": "v", "category": "c"}, "conditions": [condition]},
        {"id": "key", "name": "n", "tags": {"type": "k", "category": "c"}, "conditions": [keys]},
    ]
    return bartizan.Waf({"version": "2.2", "rules": rules}, timeout=10, **limits)


ANY = waf("(?s).*")


def seen(value: Any) -> list[str]:
    """The text of the value as the engine sees it."""
    events = ANY.context().run({"a": value}).events
    return [event.matches[0].arguments[0].value for event in events if event.rule.id == "value"]


def key_seen(key: Any) -> list[str]:
    events = ANY.context().run({"a": {key: None}}).events
    return [event.matches[0].arguments[0].value for event in events if event.rule.id == "key"]


def kind(value: Any) -> str:
    return type(value).__name__


class Text(str):
    def encode(self, *_: Any, **__: Any) -> bytes:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError


class Number(enum.IntEnum):
    ONE = 1


class Raising:
    def __str__(self) -> str:
        raise ValueError("no text")


class Exiting:
    def __str__(self) -> str:
        raise KeyboardInterrupt


class RaisingSequence(Sequence[int]):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: Any) -> Any:
        raise ValueError

    def __iter__(self) -> Iterator[int]:
        raise ValueError


class Endless(Sequence[str]):
    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, index: Any) -> Any:
        return "again"

    def __iter__(self) -> Iterator[str]:
        while True:
            yield "again"


class Headers(Mapping[str, str]):
    def __getitem__(self, key: str) -> str:
        return "mapped"

    def __iter__(self) -> Iterator[str]:
        return iter(["k"])

    def __len__(self) -> int:
        return 1


class Meddler:
    """Changes the container it is in while that is being read."""

    def __init__(self, container: Any) -> None:
        self.container = container

    def __str__(self) -> str:
        self.container.clear()
        return "meddled"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        (Text("text"), "text"),
        (b"bytes", "bytes"),
        (bytearray(b"bytes"), "bytes"),
        (memoryview(b"bytes"), "bytes"),
        (memoryview(b"-b-y-t-e-s")[1::2], "bytes"),
        (array.array("B", b"bytes"), "bytes"),
        (b"\xff\xfe", "\udcff\udcfe"),
        ("\udcff", "\udcff"),
        ("\ud800", "\udced\udca0\udc80"),
        ("a\x00b", "a\x00b"),
        (["x"], "x"),
        (("x",), "x"),
        ({"x"}, "x"),
        (frozenset({"x"}), "x"),
        (collections.deque(["x"]), "x"),
        (collections.OrderedDict(k="x"), "x"),
        (collections.UserDict(k="x"), "x"),
        (collections.ChainMap({"k": "x"}), "x"),
        (Headers(), "mapped"),
        (Endless(), "again"),
        (decimal.Decimal("1.50"), "1.50"),
        (2 + 1j, "(2+1j)"),
    ],
    ids=kind,
)
def test_what_the_engine_sees(value: Any, text: str) -> None:
    if isinstance(value, array.array):
        value = memoryview(value)
    assert seen(value) == [text]


@pytest.mark.parametrize(
    "value",
    [None, True, 1, -1, Number.ONE, 2**63, 2**64 - 1, 1.5, float("nan"), float("inf"), Raising(), RaisingSequence()],
)
def test_values_that_are_not_text(value: Any) -> None:
    assert seen(value) == []


def test_integers_beyond_64_bits_are_text() -> None:
    assert seen(2**64) == [str(2**64)]
    assert seen(-(2**63) - 1) == [str(-(2**63) - 1)]
    assert seen(10**1200) == [str(10**1200)]
    assert seen(10**1300)[0] == hex(10**1300)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("k", "k"),
        (b"k", "k"),
        (Text("k"), "k"),
        ("\udcff", "\udcff"),
        (1, "1"),
        (2**70, str(2**70)),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        ((1, 2), "(1, 2)"),
    ],
    ids=kind,
)
def test_keys(key: Any, text: str) -> None:
    assert key_seen(key) == [text]


def test_keys_without_text() -> None:
    assert ANY.context().run({"a": {Raising(): "x"}}).matched


def test_exceptions_that_end_the_program_propagate() -> None:
    with pytest.raises(KeyboardInterrupt):
        seen(Exiting())


def test_containers_that_change_meanwhile() -> None:
    mapping: dict[str, Any] = {}
    mapping.update(first=Meddler(mapping), second="x")
    assert seen(mapping) == ["meddled"]
    elements: list[Any] = []
    elements.extend([Meddler(elements), "x"])
    assert seen(elements) == ["meddled"]


class Loop(collections.UserDict[str, Any]):
    """A mapping of another class, and in itself."""

    def __init__(self, last: Any) -> None:
        super().__init__()
        self.data = {"itself": self, "again": [self, self], "last": last}


class Unfolding(Sequence[Any]):
    """Never the same object, so no cycle."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: Any) -> Any:
        return Unfolding()

    def __iter__(self) -> Iterator[Any]:
        return iter([Unfolding()])


def test_cycles_are_cut_where_they_close() -> None:
    elements: list[Any] = []
    elements.extend([elements] * 255 + ["after"])
    mapping: dict[str, Any] = {}
    mapping |= {"1": mapping, "2": [mapping, (mapping,)], "3": mapping, "last": "after"}
    for value in (elements, mapping, Loop("after"), (elements, "x")):
        result = ANY.context().run({"a": value})
        assert result.truncated is None
        assert result.incomplete == ()
        assert seen(value) == ["after"]
    mapping["server.request.query"] = "x"
    assert ANY.context().run(mapping).truncated is None
    with pytest.raises(TypeError, match="contains itself"):
        bartizan.Waf({"rules": [mapping]})
    result = ANY.context().run({"a": Unfolding()})
    assert result.truncated is not None
    assert result.truncated.container_depth == 21


def test_shared_objects_are_not_cycles() -> None:
    shared = ["x"]
    value: Any = {"1": shared, "2": shared, "3": [shared, {"4": shared}]}
    keys = [match.key_path for event in ANY.context().run({"a": value}).events for match in event.matches[0].arguments]
    assert keys
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    assert waf("x", max_container_depth=200).context().run({"a": deep}).matched
    cycle: list[Any] = []
    inner: Any = cycle
    for _ in range(100):
        inner = [inner]
    cycle.append(inner)
    assert waf("x", max_container_depth=10_000).context().run({"a": cycle}).truncated is None


def test_padding_hides_nothing_wherever_it_is() -> None:
    padding: Any = [[None] * 10_000] * 1000
    engine = waf("attack", max_container_size=10_000, max_values=5000)
    for data in (
        {"padding": padding, "a": "attack"},
        {"a": {"padding": padding, "x": [{"y": "attack"}]}},
        {"a": [[[padding, "attack"]]]},
    ):
        result = engine.context().run(data)
        assert [event.rule.id for event in result.events] == ["value"]
        assert "container_size" in result.incomplete


class Slow:
    def __str__(self) -> str:
        return str(len(str(10**4000)))


def test_slow_values_hide_nothing_after_them() -> None:
    for slow in ([Slow()] * 256, [10**1200 + i for i in range(256)]):
        data = {"b": {str(i): slow for i in range(20)}, "c": [[[slow, slow]]], "a": "attack"}
        for _ in range(20):  # until the machine gives us the processor for the time of a call
            result = waf("attack").context().run(data, timeout=0.02)
            assert "unfinished" in result.incomplete
            if result.matched:
                break
        assert result.matched


class Counting(Sequence[Any]):
    def __init__(self) -> None:
        self.taken = 0

    def __len__(self) -> int:
        return 100_000_000

    def __getitem__(self, index: Any) -> Any:
        raise IndexError

    def __iter__(self) -> Iterator[Any]:
        while True:
            self.taken += 1
            yield None


def test_no_more_is_read_than_the_budget_buys() -> None:
    engine = waf("x", max_container_size=100_000_000, max_values=20_000_000)
    elements = Counting()
    result = engine.context().run({"b": elements}, timeout=0.05)
    assert 0 < elements.taken < 1_000_000
    assert "container_size" in result.incomplete


@pytest.mark.parametrize("kind", [list, dict])
def test_depth(kind: type) -> None:
    value: Any = kind()
    for _ in range(100_000):
        value = [value] if kind is list else {"k": value}
    result = ANY.context().run({"a": value})
    assert result.truncated is not None
    sizes = {"string_length": 0, "container_size": 0, "container_depth": 21, "unfinished": False}
    assert result.truncated.to_dict() == sizes
    unlimited = waf("(?s).*", max_container_depth=10**6, max_values=10**6)
    assert unlimited.context().run({"a": value}).truncated is None
    with pytest.raises((bartizan.ConfigurationError, TypeError)):
        bartizan.Waf({"rules": value})
    while value:  # Python itself frees deep nests recursively in places
        value = value.pop() if kind is list else value.pop("k")


def test_long_values_hide_nothing_beside_them() -> None:
    few = waf("attack", max_values=1000, max_container_size=10**6)
    result = few.context().run({"a": {"padding": ["x"] * 50_000, "z": "attack"}})
    assert result.matched
    assert result.truncated is not None
    assert (result.truncated.container_size, result.incomplete) == (50_000, ("container_size",))


def test_no_more_is_converted_than_the_budget_buys() -> None:
    everything = waf("x", max_container_size=10**6, max_values=10**6)
    result = everything.context().run({"a": [None] * 50_000}, timeout=0.001)
    assert result.truncated is not None
    assert result.truncated.container_size == 50_000
    assert "container_size" in result.incomplete


def test_cut_keys_are_reported() -> None:
    result = ANY.context().run({"a": {"k" * 5000: "x"}})
    assert result.truncated is not None
    assert (result.truncated.string_length, result.incomplete) == (5000, ("string_length",))


def test_sizes() -> None:
    result = waf("attack$").context().run({"a": "x" * 10**7 + "attack"})
    assert not result.matched
    assert result.truncated is not None
    assert result.truncated.string_length == 10**7 + 6
    assert waf("attack$", max_string_length=10**8).context().run({"a": "x" * 10**7 + "attack"}).matched
    result = waf("attack").context().run({"a": ["x"] * 300 + ["attack"]})
    assert not result.matched
    assert result.truncated is not None
    assert result.truncated.container_size == 301
    result = waf("x").context().run({"a": {"k" * 5000: 1}})
    assert result.truncated is not None
    assert result.truncated.string_length == 5000
    result = waf("x").context().run({"a": bytearray(10**6)})
    assert result.truncated is not None
    assert result.truncated.string_length == 10**6
    assert "string_length=1000000" in repr(result.truncated)


def test_the_text_of_all_strings_is_bounded() -> None:
    long = "x" * 10**6
    result = waf("attack", max_string_length=10**9).context().run({"a": [long] * 256})
    assert result.truncated is not None
    assert result.truncated.string_length == 10**6


def test_buffers_are_not_copied_whole() -> None:
    large = memoryview(bytes(1 << 26))
    reversed_attack = memoryview(b"x" * 10_000 + b"kcatta")[::-1]
    assert seen(reversed_attack)[0].startswith("attack")
    tracemalloc.start()
    try:
        for view in (large[::2], large[1:], large.cast("I")[::2], large.cast("B", (1 << 13, 1 << 13))[::2]):
            result = ANY.context().run({"a": view})
            assert result.truncated is not None
            assert result.truncated.string_length == view.nbytes
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_characters_are_not_cut_in_two() -> None:
    assert seen("é" * 4000) == ["é" * 2048]
    assert seen("x" + "é" * 4000) == ["x" + "é" * 2047]


@pytest.mark.parametrize("data", [None, [], "text", 1, b"", object(), [{}]])
def test_data_must_be_a_map(data: Any) -> None:
    with pytest.raises(TypeError, match="dict"):
        ANY.context().run(data)


def test_odd_addresses() -> None:
    data: dict[Any, Any] = {"": 1, "a\0": "x", None: "x", b"a": "found", 5: []}
    assert ANY.context().run(data).events[0].matches[0].arguments[0].value == "found"
