"""The built-in ruleset on any library with the libddwaf 2.x ABI."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = os.path.join(HERE, "..", "..", "core", "rules")
sys.path.insert(0, os.path.join(HERE, "..", "differential"))
import engine as abi  # noqa: E402


def documents(folder=RULES):
    """The documents of the ruleset, by name."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    return {name.removesuffix(".json"): json.load(open(os.path.join(folder, name), encoding="utf-8")) for name in names}


def whole(given=RULES):
    """One document: of a folder of documents, or a file. A result names one rule a type, so each rule becomes a type of its own."""
    parts = documents(given).values() if os.path.isdir(given) else [json.load(open(given, encoding="utf-8"))]
    document = {"version": "2.2"}
    for part in parts:
        for section, elements in part.items():
            if isinstance(elements, list):
                document.setdefault(section, []).extend(elements)
            elif section not in ("version", "metadata"):
                document[section] = elements
    for rule in rules(document):
        rule["tags"]["type"] = rule["id"]
    return document


def rules(document):
    """All rules of a document, those that use what is ours alone included."""
    return document.get("rules", []) + document.get("bartizan_rules", [])


class Judge:
    """An instance that says which rules about attacks a request matches."""

    def __init__(self, library, given=RULES):
        self.rules = whole(given)
        self.engine = abi.Engine(library)
        self.instance = self.engine.instance("quality", self.rules)
        if not self.instance:
            raise SystemExit("the ruleset was refused")
        self.attacks = {rule["id"].encode() for rule in rules(self.rules) if rule["tags"].get("category") == "attack_attempt"}

    def hits(self, request):
        """The ids of the rules that match."""
        _, answer = self.engine.evaluate(self.instance, request)
        found = (dict(dict(event)[b"rule"])[b"id"] for event in dict(answer or ()).get(b"events", ()))
        return sorted(one.decode() for one in found if one in self.attacks)
