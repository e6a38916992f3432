#!/usr/bin/env python3
"""What each rule of the built-in ruleset costs on honest requests, and what the ruleset costs beside another one.

    tests/quality/cost.py LIBRARY CORPUS... [--against RULES] [--requests N]

The cost of a rule is the processor time of an instance with that rule alone less that of an instance with a rule that looks at nothing, in nanoseconds a
request; rules share transformed copies and the scan, so the sum is more than the whole. `noticed` is the share of requests on which the rule took longer
than twice its median, where it had a candidate to look at. With `--against` both rulesets run side by side, by kind of request.
"""
import argparse
import json
import statistics
import time

import corpus
import measure
import ruleset

NOTHING = {"version": "2.2", "rules": [{"id": "nothing", "name": "nothing", "tags": {"type": "nothing", "category": "attack_attempt"}, "conditions": [
    {"operator": "match_regex", "parameters": {"inputs": [{"address": "server.request.client_port"}], "regex": "never"}}]}]}


def times(engine, instance, requests, rounds):
    """The least time of each request, in nanoseconds."""
    best = [float("inf")] * len(requests)
    for _ in range(rounds):
        for at, request in enumerate(requests):
            engine.arena.clear()
            data, result = engine.arena.put(request), engine.arena.put(None)
            context = engine.context_init(instance, engine.allocator)
            began = time.perf_counter_ns()
            engine.context_eval(context, data, None, result, 60_000_000)
            best[at] = min(best[at], time.perf_counter_ns() - began)
            engine.object_destroy(result, engine.allocator)
            engine.context_destroy(context)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--against", metavar="RULES")
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = [row for path in options.corpus for row in corpus.read(path)]
    honest = [row["input"] for row in rows if row["label"] == "benign"]
    honest = honest[:: max(1, len(honest) // options.requests)]
    judge = ruleset.Judge(options.library)
    engine = judge.engine

    if options.against:
        with open(options.against, encoding="utf-8") as file:
            other = engine.instance("against", json.load(file))
        kinds = {}
        for row in rows:
            name = "attack" if row["label"] == "attack" else row.get("tier", "edge") + " " + row["class"]
            kinds.setdefault(name, []).append(row["input"])
        table = []
        for name, requests in sorted(kinds.items()):
            requests = requests[:: max(1, len(requests) // 60)]
            own, others = (statistics.mean(times(engine, one, requests, options.rounds)) / 1000 for one in (judge.instance, other))
            table.append([name, f"{own:.1f}", f"{others:.1f}", f"{own / others:.2f}"])
        print(measure.table(["kind", "built-in, us", "other, us", "ratio"], table))

    nothing = times(engine, engine.instance("nothing", NOTHING), honest, options.rounds)
    lines = []
    for rule in ruleset.rules(judge.rules):
        instance = engine.instance(rule["id"], {"version": "2.2", "bartizan_rules": [rule]})
        cost = [one - base for one, base in zip(times(engine, instance, honest, options.rounds), nothing)]
        usual = max(statistics.median(cost), 1)
        lines.append((statistics.mean(cost), usual, sum(one > 2 * usual + 2000 for one in cost) / len(cost), rule["id"], rule["name"]))
    lines.sort(reverse=True)
    print(measure.table(["rule", "mean, ns", "median, ns", "noticed", "name"], [[rule, f"{mean:.0f}", f"{usual:.0f}", f"{100 * noticed:.1f} %", name] for mean, usual, noticed, rule, name in lines]))


if __name__ == "__main__":
    main()
