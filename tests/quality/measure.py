#!/usr/bin/env python3
"""How well the built-in ruleset tells attacks from honest requests.

    tests/quality/measure.py LIBRARY CORPUS... [--rules FOLDER|FILE] [--installed N] [--json REPORT] [--develop LINES]

LIBRARY is any shared object with the libddwaf 2.x ABI; the ruleset is read from core/rules, so that a change of rules is measured without a build.
Each corpus is split (see corpus.py), and both halves are reported: a change that moves only `develop` fits the ruleset to its examples.
`--develop` writes what went wrong in the develop half, one JSON line each; lines of the test half are never shown.
"""
import argparse
import collections
import json
import os
import time

import corpus
import ruleset

MINIMUM = 10  # Classes with fewer lines are left out of the mean of classes.


def judged(judge, rows):
    for row in rows:
        yield row, judge.hits(row["input"])


class Figures:
    """Counts of [detected, all] by class, tier, kind and rule."""

    def __init__(self):
        self.classes, self.tiers, self.kinds, self.vectors = (collections.defaultdict(lambda: [0, 0]) for _ in range(4))
        self.rules = collections.defaultdict(lambda: collections.Counter())

    def add(self, row, hits):
        if row["label"] == "attack":
            places, column = [(self.classes, row["class"]), (self.vectors, row.get("vector", "-"))], "attacks"
        elif row["label"] == "benign":
            places, column = [(self.tiers, row["tier"]), (self.kinds, row["tier"] + " " + row["class"])], row["tier"]
        else:
            return
        for table, key in places:
            table[key][0] += bool(hits)
            table[key][1] += 1
        for rule in hits:
            self.rules[rule][column] += 1
            self.rules[rule][column + " alone"] += len(hits) == 1

    def summary(self):
        found, lines = (sum(pair[at] for pair in self.classes.values()) for at in (0, 1))
        large = [pair[0] / pair[1] for pair in self.classes.values() if pair[1] >= MINIMUM]
        return {
            "attacks": lines,
            "found": share(found, lines),
            "mean of classes": 100 * sum(large) / len(large) if large else None,
            **{f"false alarms, {tier}": share(*pair) for tier, pair in sorted(self.tiers.items())},
        }

    def tables(self):
        return {name: {key: list(pair) for key, pair in sorted(getattr(self, name).items())} for name in ("classes", "vectors", "tiers", "kinds")} | {
            "rules": {rule: dict(counts) for rule, counts in sorted(self.rules.items())}
        }


def share(part, whole):
    return 100 * part / whole if whole else None


def percent(value):
    return "-" if value is None else f"{value:.2f} %" if isinstance(value, float) else str(value)


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def report(parts):
    """The figures of all parts as Markdown."""
    summaries = {name: figures.summary() for name, figures in parts.items()}
    measures = list(dict.fromkeys(key for summary in summaries.values() for key in summary))
    yield table(["measure", *parts], [[key, *(percent(one.get(key)) for one in summaries.values())] for key in measures])
    for title, name, worst in (("attacks found by class", "classes", False), ("attacks found by place", "vectors", False), ("false alarms by kind", "kinds", True)):
        keys = sorted({key for figures in parts.values() for key in getattr(figures, name)})
        rows = [[key, *(cell(getattr(figures, name).get(key)) for figures in parts.values())] for key in keys]
        if worst:  # Kinds without a false alarm say nothing.
            rows = [row for row in rows if any(not text.startswith(("0/", "-")) for text in row[1:])]
        yield table([title, *parts], rows)
    total = collections.defaultdict(collections.Counter)
    for figures in parts.values():
        for rule, counts in figures.rules.items():
            total[rule].update(counts)
    columns = ["attacks", "attacks alone", "real", "typical", "hard", "real alone", "typical alone", "hard alone"]
    yield table(["rule", *columns], [[rule, *(counts[column] for column in columns)] for rule, counts in sorted(total.items())])


def cell(pair):
    return "-" if pair is None else f"{pair[0]}/{pair[1]} = {100 * pair[0] / pair[1]:.1f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("corpus", nargs="*")
    parser.add_argument("--rules", default=ruleset.RULES)
    parser.add_argument("--installed", type=int, default=0, metavar="N", help="also N files of installed packages")
    parser.add_argument("--roots", nargs="*", default=["/usr/share/doc", "/usr/share/perl", "/usr/lib/python3", "/usr/lib/node_modules", "/usr/local/lib"])
    parser.add_argument("--json")
    parser.add_argument("--develop")
    options = parser.parse_args()

    judge = ruleset.Judge(options.library, options.rules)
    sources = [(os.path.basename(path).split(".")[0], corpus.read(path)) for path in options.corpus]
    if options.installed:
        sources.append(("installed", corpus.installed(options.roots, options.installed)))
    parts, wrong, began = {}, [], time.time()
    for name, rows in sources:
        whole = [parts.setdefault(f"{name} {half}", Figures()) for half in ("develop", "test")]
        for row, hits in judged(judge, rows):
            half = corpus.part(row)
            whole[half == "test"].add(row, hits)
            if half == "develop" and (row["label"], bool(hits)) in (("attack", False), ("benign", True)):
                wrong.append({"corpus": name, **{key: value for key, value in row.items() if key != "input"}, "rules": hits, "payload": corpus.payload(row)[:600]})
    print("\n".join(report(parts)))
    print(f"{time.time() - began:.0f} seconds")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({name: {"summary": figures.summary(), **figures.tables()} for name, figures in parts.items()}, file, indent=1)
    if options.develop:
        with open(options.develop, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in wrong)


if __name__ == "__main__":
    main()
