#!/usr/bin/env python3
"""Has the reference engine load the rules made of clusters and checks which of them match, request by request.

usage: cluster_rules.py [ENGINE.so]

The documents and requests are in tests/data/takeover/cluster_rules.jsonl, which a test of the core writes and checks. With the path of another engine,
that one is checked as well. Where the reference is not to be had the program says so and ends with status 3. The last line is "N passed, N failed".
"""
import json
import sys
from pathlib import Path

from engine import Engine, read
from reference import reference

ROOT = Path(__file__).resolve().parents[2]


def errors(diagnostics):
    """The errors of all sections, and the elements that did not load."""
    found = []
    for name, section in diagnostics or ():
        section = dict(section) if isinstance(section, list) else {}
        for key in (b"error", b"errors", b"failed", b"skipped", b"warnings"):
            if section.get(key):
                found.append((name, key, section[key]))
    return found


def add(engine, builder, path, document):
    """Adds a document and returns what is wrong with it."""
    engine.arena.clear()
    result = engine.arena.put(None)
    accepted = engine.builder_add(builder, path, len(path), engine.arena.put(document), result)
    diagnostics = read(result)
    engine.object_destroy(result, engine.allocator)
    return errors(diagnostics) if accepted else [("refused", diagnostics)]


def instance(engine, documents):
    """An instance of documents by path, and what is wrong with them."""
    builder = engine.builder_init()
    wrong = [error for path, document in documents for error in add(engine, builder, path, document)]
    built = engine.builder_build(builder)
    engine.builder_destroy(builder)
    return built, wrong


def rules(engine, built, request):
    """The ids of the rules that match, sorted."""
    _, answer = engine.evaluate(built, request)
    events = dict(answer or ()).get(b"events", ())
    return sorted(dict(dict(event)[b"rule"])[b"id"].decode() for event in events)


def main():
    path = reference()
    if path is None:
        return 3
    processors = json.loads((ROOT / "core/rules/processors.json").read_text())
    with open(ROOT / "tests/data/takeover/cluster_rules.jsonl", encoding="utf-8", newline="\n") as lines:
        cases = [json.loads(line) for line in lines]
    passed = failed = 0
    for name, engine in [("reference", Engine(path))] + [(path, Engine(path)) for path in sys.argv[1:]]:
        for case in cases:
            built, wrong = instance(engine, [(b"processors", processors), (b"bartizan/ato/clusters/x", case["document"])])
            for request in case["requests"]:
                found = None if wrong or not built else rules(engine, built, request["input"])
                good = found == request["rules"]
                passed, failed = passed + good, failed + (not good)
                if not good:
                    print(f"{name}: {case['name']}: {request['rules']} expected, not {found}; {wrong}: {json.dumps(request['input'])}")
            if built:
                engine.destroy(built)
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0 or not passed)


if __name__ == "__main__":
    sys.exit(main())
