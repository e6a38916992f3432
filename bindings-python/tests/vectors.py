"""The tables of recorded answers that all languages share: how to read them and replay them in Python."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import bartizan
from bartizan._native import NativeEngine, sdk_call
from bartizan.takeover import Detector

TABLES = Path(__file__).parents[2] / "tests" / "vectors"
LARGE = 2**28
RULESETS: dict[str, Any] = {}
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Parts for the rulesets of several tables.
PARTS: dict[str, Any] = json.loads((TABLES / "rulesets.json").read_text(encoding="utf-8"))
RULE: dict[str, Any] = PARTS["rule"]


class InexpressibleError(Exception):
    """Python has no such value."""


class Disagreement(AssertionError):  # noqa: N818 - says what it is
    """An answer that is not the recorded one."""


def lines(name: str) -> Iterator[Any]:
    with (TABLES / name).open(encoding="utf-8") as table:
        yield from map(json.loads, table)


def raw(text: str) -> bytes:
    """The bytes of a string of a result or a table."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def native(value: Any) -> Any:
    """A value of a table in Python: the tables wrap what JSON cannot express."""
    if isinstance(value, list):
        return [native(element) for element in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (wrapper, inner), *_ = value.items()
        if wrapper == "$b":
            return bytes.fromhex(inner)
        if wrapper == "$f":
            return float(inner)
        if wrapper == "$repeat":
            return native(inner[0]) * inner[1]
        if wrapper == "$invalid":
            raise InexpressibleError
        if wrapper == "$u" and inner < 2**63:
            raise InexpressibleError
        if wrapper == "$u":
            return inner
        if wrapper == "$m":
            pairs = [(native(key), native(element)) for key, element in inner]
            if len({key.encode() if isinstance(key, str) else key for key, _ in pairs}) < len(pairs):
                raise InexpressibleError
            return dict(pairs)
    return {key: native(element) for key, element in value.items()}


def field(line: Any, name: str) -> Any:
    return bytes.fromhex(line[name + "_hex"]) if name + "_hex" in line else native(line.get(name))


def entries(value: dict[str, Any]) -> list[tuple[Any, Any]]:
    if set(value) != {"$m"}:
        return list(value.items())
    if len({repr(key) for key, _ in value["$m"]}) < len(value["$m"]):
        raise InexpressibleError
    return [(key, element) for key, element in value["$m"]]


def canonical(value: Any) -> Any:
    """A comparable form: maps unordered, strings as bytes, floats bit by bit."""
    if isinstance(value, dict):
        if set(value) == {"$b"}:
            return bytes.fromhex(value["$b"])
        if set(value) == {"$f"}:
            return canonical(float(value["$f"]))
        if set(value) == {"$invalid"}:
            return None
        pairs = [(canonical(key), canonical(element)) for key, element in entries(value)]
        return ("map", sorted(pairs, key=repr))
    if isinstance(value, (list, tuple)):
        return ["array", *map(canonical, value)]
    if isinstance(value, float):
        return ("float", struct.pack("<d", value) if value == value else "nan")
    if isinstance(value, str):
        return raw(value)
    return ("bool", value) if isinstance(value, bool) else value


def schema(value: Any) -> Any:
    """As `canonical`, for a schema: the types of an array are a set."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return ("types", sorted(map(schema, value[0]), key=repr), canonical(value[1:]))
    if isinstance(value, list) and value and isinstance(value[0], dict):
        fields = sorted(((canonical(key), schema(element)) for key, element in entries(value[0])), key=repr)
        return ("fields", fields, canonical(value[1:]))
    return canonical(value)


@lru_cache(maxsize=64)
def _instance(ruleset: str) -> bartizan.Waf:
    return bartizan.Waf(
        native(json.loads(ruleset)),
        timeout=10,
        max_string_length=LARGE,
        max_container_size=LARGE,
        max_container_depth=1000,
        max_values=LARGE,
    )


def instance(ruleset: dict[str, Any]) -> bartizan.Waf:
    return _instance(json.dumps(ruleset))


def single_rule(**rule: Any) -> dict[str, Any]:
    return {"version": "2.2", "rules": [{**RULE, **rule}]}


def expect(got: Any, wanted: Any) -> None:
    if got != wanted:
        raise Disagreement(f"\n  wanted {wanted!r:.600}\n  got    {got!r:.600}")


def transformers(line: Any) -> None:
    common = {"transformers": [line["transformer"]]}
    inputs = {"inputs": [{"address": "a"}]}
    anything = {"operator": "match_regex", "parameters": {**inputs, "regex": "(?s)\\C*"}}
    empty = {"operator": "equals", "parameters": {**inputs, "type": "string", "value": ""}}
    rules = [
        {**RULE, **common, "id": "1", "tags": {"type": "t1", "category": "c"}, "conditions": [anything]},
        {**RULE, **common, "id": "2", "tags": {"type": "t2", "category": "c"}, "conditions": [empty]},
    ]
    result = instance({"version": "2.2", "rules": rules}).context().run({"a": field(line, "input")})
    got = [raw(event.matches[0].arguments[0].value) for event in result.events]
    expect(
        got[-1] if got else None, canonical(field(line, "output")) if "output" in line or "output_hex" in line else None
    )


def operators(line: Any) -> None:
    inputs = [line.get("input") or {"address": "a"}]
    condition = {"operator": line["operator"], "parameters": {"inputs": inputs, **line["parameters"]}}
    more = {"transformers": line["transformers"]} if "transformers" in line else {}
    ruleset = single_rule(conditions=[condition], **more)
    if "rules_data" in line:
        ruleset["rules_data"] = line["rules_data"]
    if "load" in line:
        return refusal(line, ruleset)
    result = instance(ruleset).context().run({"a": field(line, "value")})
    expect(bool(result.events), line["match"])
    if line["match"]:
        found = result.events[0].matches[0]
        highlight = line.get("highlight_hex")
        expect(
            [raw(part) for part in found.highlight],
            [canonical({"$b": part}) for part in highlight]
            if highlight is not None
            else [raw(part) for part in line["highlight"]],
        )
        expect(found.operator_value, line["operator_value"])
        expect(found.operator, line["event_operator"])
        expect(raw(found.arguments[0].value), canonical(field(line, "event_value")))
        expect(canonical(found.arguments[0].key_path), canonical(line["event_key_path"]))
    return None


def refusal(line: Any, ruleset: dict[str, Any]) -> None:
    try:
        diagnostics = instance(ruleset).diagnostics
    except bartizan.ConfigurationError as error:
        diagnostics = error.diagnostics
    section = diagnostics.sections["rules"]
    if line["load"] == "skipped":
        return expect(section.skipped, ("1",))
    return expect(line["load_message"] in getattr(section, line["load"] + "s"), True)


def detectors(line: Any) -> None:
    detector = line["detector"]
    parameters = {**PARTS["detectors"][detector], **(line.get("config") or {})}
    ruleset = single_rule(conditions=[{"operator": detector, "parameters": parameters}])
    result = instance(ruleset).context().run(native(line["input"]))
    got = [found for event in result.to_dict()["events"] for found in event["rule_matches"]]
    expect((result.matched, canonical(got)), (line["code"] == "match", canonical(line["events"])))


def injection(line: Any) -> None:
    ruleset = single_rule(conditions=[{"operator": line["operator"], "parameters": {"inputs": [{"address": "a"}]}}])
    result = instance(ruleset).context().run({"a": field(line, "value")})
    highlight = result.events[0].matches[0].highlight if result.events else None
    expect(None if highlight is None else highlight[0] if highlight else "", line["highlight"])


def processors(line: Any) -> None:
    generator = line["processor"]
    processor = line.get("config") or PARTS["processors"][generator]
    extra = dict(line.get("extra") or {})
    ruleset = single_rule(**PARTS["never"])
    ruleset.update(processors=[processor, *extra.pop("processors", [])], **extra)
    runs = [native(run) for run in line["runs"]]
    contexts = {"ctx": instance(ruleset).context()}
    got = []
    for run, scope in zip(runs, line.get("scope") or ["ctx"] * len(runs), strict=True):
        if scope not in contexts:
            contexts[scope] = contexts["ctx"].subcontext()
        context = contexts[scope]
        result = context.run_batches(run) if isinstance(run, list) else context.run(run)
        got.append(result.attributes)
    form = schema if generator == "extract_schema" else canonical

    def attributes(of: list[dict[str, Any]]) -> list[Any]:
        return [{name: form(value) for name, value in one.items()} for one in of]

    expect(attributes(got), attributes(line["attributes"]))


def contexts(line: Any) -> None:
    """A table may name rulesets in its first line, and then use the names."""
    if "rulesets" in line:
        RULESETS.update(line["rulesets"])
        return
    if "configs" in line:
        waf = configured(line)
    else:
        waf = instance(RULESETS[line["ruleset"]] if isinstance(line["ruleset"], str) else line["ruleset"])
    if "known_addresses" in line:
        expect(list(waf.known_addresses), line["known_addresses"])
    scopes = {"context": waf.context()}
    for step in line["steps"]:
        if "end" in step:
            scopes.pop(step["scope"]).close()
            continue
        if step["scope"] not in scopes:
            scopes[step["scope"]] = scopes["context"].subcontext()
        if "code" in step:
            evaluate(scopes[step["scope"]], step)


def configured(line: Any) -> bartizan.Waf:
    """An engine after the recorded changes, each of which must have the recorded diagnostics."""
    never = {"operator": "exists", "parameters": {"inputs": [{"address": "never"}]}}
    waf = bartizan.Waf(single_rule(conditions=[never]), timeout=10)
    waf.remove("default")
    recorded = iter(line.get("diagnostics", []))
    for action, path, *document in native(line.get("configs", [])):
        if not isinstance(path, str) or not path:
            raise InexpressibleError
        if action == "remove":
            waf.remove(path)
            continue
        try:
            accepted, diagnostics = True, waf.update(path, *document)
        except bartizan.ConfigurationError as error:
            accepted, diagnostics = False, error.diagnostics
        wanted = next(recorded, None)
        if wanted is not None:
            expect([accepted, canonical(diagnostics.to_dict())], [wanted[0], canonical(wanted[1])])
    return waf


def evaluate(context: bartizan.Context, step: Any) -> None:
    data = native(step["batches"] if "batches" in step else step["input"])
    timeout = step["timeout_us"] / 1e6 if "timeout_us" in step else None
    try:
        run = context.run_batches if isinstance(data, list) else context.run
        result = run(data, timeout=timeout)
    except TypeError:
        expect(True, step["code"] in (-2, "err_invalid_object"))
        return
    expect(result.matched, step["code"] in (1, "match"))
    got, wanted = result.to_dict(), {key: value for key, value in step["result"].items() if key != "duration"}
    expect({key: without_ids(got[key]) for key in wanted}, without_ids(wanted))


def without_ids(value: Any) -> Any:
    """Any random id equals any other."""
    if isinstance(value, dict):
        return {key: without_ids(element) for key, element in value.items()}
    if isinstance(value, list):
        return [without_ids(element) for element in value]
    if isinstance(value, str) and (value == "<uuid>" or UUID.fullmatch(value)):
        return "id"
    return canonical(value)


def anonymize(line: Any) -> None:
    value = json.loads(f'"{line["input_utf16_escape"]}"') if "input_utf16_escape" in line else line["input"]
    expect(sdk_call("anonymize", {"input": value})["anon"], line["anon"])


def user_events(line: Any) -> None:
    got = sdk_call("user_events", line)
    for key in ("outcome", "meta", "keep", "waf", "telemetry"):
        expect(got[key], line["expect"][key])


def client_ip(line: Any) -> None:
    expect(sdk_call("client_ip", line), line["expect"])


def sdk(line: Any) -> None:
    wanted = line["result"]
    try:
        got = sdk_call(line["function"], native(line["arguments"]))
    except bartizan.ArgumentError as error:
        got = {"error": str(error)}
    expect({key: got.get(key) for key in wanted}, wanted)
    expect("error" in got, "error" in wanted)


def requests(line: Any) -> None:
    try:
        engine = NativeEngine(native(line["settings"]))
    except (TypeError, bartizan.ConfigurationError) as error:
        expect(str(error), line.get("error"))
        return
    expect(None, line.get("error"))

    def take(call: Callable[[str, Any], dict[str, Any]], steps: list[Any]) -> None:
        for function, arguments, wanted in steps:
            try:
                got = call(function, native(arguments))
            except bartizan.ArgumentError as error:
                got = {"error": str(error)}
            expect({key: got.get(key) for key in wanted}, wanted)

    take(engine.call, line.get("engine", []))
    take(engine.request().call, line["steps"])
    take(engine.call, line.get("after", []))


# An engine without limits of time, for the calls of `http_requests`.
UNHURRIED = NativeEngine({"enabled": True, "rules": {"rules": []}, "timeout_us": 60_000_000})
REQUEST = ("method", "target", "headers", "peer", "client_ip_header", "trusted_proxies")


def http_requests(line: Any) -> None:
    """Read a request as a whole, for its addresses, and in pieces by an engine, for what it says of them."""
    limits = {name: line[name] for name in ("body_limit", "decompressed_limit") if name in line}
    head = {name: native(line[name]) for name in REQUEST if name in line}
    body = native(line.get("body"))
    got = sdk_call("read_request", {**head, **limits, "body": body})
    expect((got["fault"] is not None, got["cut"]), (line["fault"], line.get("cut", False)))
    for address, wanted in line["addresses"].items():
        if wanted is None:
            expect(address in got["addresses"], False)
        else:
            expect(canonical(got["addresses"][address]), canonical(wanted))
    for text in line.get("texts", []):
        expect(any(raw(text) in found for found in strings(got["addresses"])), True)
    if limits:
        return
    request = UNHURRIED.request()
    request.call("head", head)
    pieces = body if isinstance(body, list) else [body or b""]
    for piece in pieces:
        request.body(piece if isinstance(piece, bytes) else piece.encode())
    reasons = {(False, False): [], (True, False): ["body"]}.get((line["fault"], line.get("cut", False)), ["body_cut"])
    expect(request.call("body_end", {})["incomplete"], reasons)


def strings(value: Any) -> Iterator[bytes]:
    """All strings of a value, keys too."""
    if isinstance(value, dict):
        for key, element in value.items():
            yield raw(key)
            yield from strings(element)
    elif isinstance(value, list):
        for element in value:
            yield from strings(element)
    elif isinstance(value, str):
        yield raw(value)


def warnings(line: Any) -> None:
    def rows(warnings: tuple[bartizan.ConfigurationWarning, ...]) -> Any:
        return [[one.kind, one.path, one.section, one.id, one.message] for one in warnings]

    waf, accepted, added = None, [], []
    for path, document in line["configs"]:
        try:
            if waf is None:
                waf = bartizan.Waf(native(document))
                diagnostics = waf.diagnostics
            else:
                diagnostics = waf.update(native(path), native(document))
            accepted.append(True)
        except bartizan.ConfigurationError as error:
            diagnostics = error.diagnostics
            accepted.append(False)
        added.append(rows(diagnostics.warnings))
    expect((accepted, added), (line["accepted"], native(line["added"])))
    expect(rows(waf.warnings) if waf else [], native(line["warnings"]))


class Takeover:
    """A program of events and clock steps, and the detector it runs in."""

    def __init__(self, line: Any) -> None:
        self.config = {"bartizan_ato": line["config"]} if "config" in line else None
        self.told: list[str] = []
        # The smallest memory is enough for what the programs do, and quickest to make.
        self.little = {"bartizan_ato": {"settings": {"profile": "small"}}}
        self.detector = Detector(self.config, start_ms=line.get("start", 1764064800) * 1000, **self.place)
        self.detector.apply("memory", self.little)
        self.subscribe()

    place: ClassVar[Any] = {"clock": "manual", "service": "auth", "env": "prod"}

    def subscribe(self) -> None:
        self.detector.subscribe(lambda notification: self.told.append(notification["kind"]))

    def advance(self, seconds: float) -> None:
        self.detector.advance(self.detector.time_ms + int(seconds * 1000))

    def signals(self) -> list[Any]:
        return self.detector.signals(limit=1000)[::-1]

    def run(self, step: Any) -> None:
        if "advance" in step:
            self.advance(step["advance"])
        elif "event" in step:
            self.events(step)
        elif "assess" in step:
            within(step["is"], self.detector.assess(step["assess"]))
        elif "call" in step:
            within(step["is"], self.call(step["call"], *map(self.argument, step["with"])))
        elif "signals" in step:
            within(step["signals"], self.signals())
        elif "blocks" in step:
            within(step["blocks"], self.detector.blocks(limit=1000)[::-1])
        elif "told" in step:
            self.detector.tick()
            told, self.told = self.told, []
            expect(told, step["told"])
        else:
            expect(set(step), {"restart"})
            snapshot, now = self.detector.snapshot(), self.detector.time_ms
            self.detector = Detector.restore(snapshot, self.config, start_ms=now, **self.place)
            self.subscribe()

    def events(self, step: Any) -> None:
        first, times = step.get("from", 1), step.get("times", 1)
        for n in range(first, first + times):
            verdict = self.detector.event(numbered(step["event"], n))
            if n + 1 < first + times:
                self.advance(step.get("step", 0))
            elif "verdict" in step:
                within(step["verdict"], verdict)

    def argument(self, argument: Any) -> Any:
        place = argument[1:] if isinstance(argument, str) and argument.startswith("#") else None
        return self.signals()[int(place)]["id"] if place else argument

    def call(self, verb: str, *arguments: Any) -> Any:
        try:
            result = getattr(self.detector, verb)(*arguments)
        except bartizan.ArgumentError as error:
            return {"error": str(error)}
        if verb == "export" and result is not None:
            return b"".join(result).decode()
        return result.to_dict() if isinstance(result, bartizan.Diagnostics) else result


def numbered(value: Any, n: int) -> Any:
    """An event with its number in it."""
    if isinstance(value, str):
        text = value.replace("{n}", str(n))
        return re.sub(r"\{n%(\d+)\}", lambda found: str(n % int(found[1])), text)
    if isinstance(value, list):
        return [numbered(element, n) for element in value]
    return {key: numbered(element, n) for key, element in value.items()} if isinstance(value, dict) else value


def within(wanted: Any, got: Any, path: str = "") -> None:
    """All that is expected is there; maps may hold more."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key, value in wanted.items():
            within(value, got.get(key, "(absent)"), f"{path}.{key}")
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for index, pair in enumerate(zip(wanted, got, strict=True)):
            within(*pair, f"{path}[{index}]")
    else:
        same_kind = isinstance(wanted, bool) == isinstance(got, bool)
        expect((path, same_kind, got), (path, True, wanted))


def takeover(line: Any) -> None:
    program = Takeover(line)
    for step in line["steps"]:
        program.run(step)


KINDS = {
    "anonymize": anonymize,
    "client_ip": client_ip,
    "contexts": contexts,
    "detectors": detectors,
    "engine": contexts,
    "http_requests": http_requests,
    "injection": injection,
    "operators": operators,
    "processors": processors,
    "requests": requests,
    "sdk": sdk,
    "takeover": takeover,
    "transformers": transformers,
    "user_events": user_events,
    "warnings": warnings,
}
