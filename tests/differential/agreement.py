#!/usr/bin/env python3
"""Compares two shared objects with the libddwaf 2.x ABI on recorded requests, result by result.

usage: agreement.py ENGINE.so --rules RULES.json --requests FILE.jsonl[.gz]... [--limit N] [--without SECTION]... [--schemas] [--show N]

Each line of a requests file holds a map `input` from addresses to values. The other side is the reference engine, taken from the PyPI wheel of
ddtrace; where it is not to be had the program says so and ends with status 3. Whole results are compared (events in order with their matches,
actions, attributes, keep, timeout, evaluated); identifiers made at run time count as equal. The last line is "N passed, N failed".
"""
import argparse
import gzip
import json
import re
import sys
import time

from engine import Engine, read
from reference import reference

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def lines(paths):
    for path in paths:
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.strip())


def normal(value):
    """A form in which map order and run-time identifiers do not count."""
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return {"map": sorted(((k, normal(v)) for k, v in value if k != b"duration"), key=repr)}
    if isinstance(value, list):
        return [normal(v) for v in value]
    if isinstance(value, bytes):
        return UUID.sub(b"<uuid>", value)
    return value


def schema_order(value):
    """Types of an array in a schema are a set."""
    if isinstance(value, dict) and "map" in value:
        return {"map": [(k, schema_order(v)) for k, v in value["map"]]}
    if isinstance(value, list):
        items = [schema_order(v) for v in value]
        return sorted(items, key=repr) if items and all(isinstance(v, list) for v in items) else items
    return value


def rule_ids(result):
    events = next((v for k, v in result or () if k == b"events"), [])
    return {dict(dict(event)[b"rule"])[b"id"] for event in events}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("--rules", required=True)
    parser.add_argument("--requests", required=True, nargs="+")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--without", action="append", default=[], help="a section of the ruleset, or the id of a rule, to leave out")
    parser.add_argument("--schemas", action="store_true", help="ask for schemas with every request")
    parser.add_argument("--show", type=int, default=5)
    options = parser.parse_args()
    path = reference()
    if path is None:
        return 3
    rules = json.load(open(options.rules, encoding="utf-8"))
    for name in options.without:
        rules.pop(name, None)
        for section in ("rules", "rules_compat"):
            rules[section] = [rule for rule in rules.get(section, []) if rule["id"] != name]
    engines = [Engine(path), Engine(options.engine)]
    instances = [engine.instance("rules", rules) for engine in engines]
    equal = same_rules = total = shown = 0
    start = time.time()
    for line in lines(options.requests):
        data = line["input"]
        if options.schemas:
            data = {**data, "waf.context.processor": {"extract-schema": True}}
        answers = [engine.evaluate(instance, data) for engine, instance in zip(engines, instances)]
        theirs, ours = ((code, schema_order(normal(result))) for code, result in answers)
        total += 1
        equal += theirs == ours
        same_rules += rule_ids(answers[0][1]) == rule_ids(answers[1][1])
        if theirs != ours and shown < options.show:
            shown += 1
            print(f"DIFFERENT {line.get('id', total)}\n  reference {theirs}\n  engine    {ours}", flush=True)
        if total % 5000 == 0:
            print(f"  {total} requests, {total - equal} different, {time.time() - start:.0f} s", file=sys.stderr, flush=True)
        if total == options.limit:
            break
    print(f"same rules on {same_rules} of {total} requests ({100 * same_rules / max(total, 1):.2f} %), same result on {equal}")
    print(f"{equal} passed, {total - equal} failed")
    return int(equal != total or not total)


if __name__ == "__main__":
    sys.exit(main())
