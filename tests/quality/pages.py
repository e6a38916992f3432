#!/usr/bin/env python3
"""Renders the built-in ruleset for people: one searchable page in HTML, and the same in Markdown.

    tests/quality/pages.py FOLDER

Writes FOLDER/rules.html and FOLDER/rules.md. Each rule says what it finds, with a request that fires and ones that do not (from core/rules/cases), why
it may block or why it only informs, where to read more, and how to exclude it. The texts are in core/rules/pages/rules.json.
"""
import html
import json
import os
import sys

import ruleset

SOURCE = os.path.join(ruleset.RULES, "pages", "rules.json")
OWASP = {
    "A01:2021": "A01_2021-Broken_Access_Control",
    "A03:2021": "A03_2021-Injection",
    "A04:2021": "A04_2021-Insecure_Design",
    "A05:2021": "A05_2021-Security_Misconfiguration",
    "A07:2021": "A07_2021-Identification_and_Authentication_Failures",
    "A08:2021": "A08_2021-Software_and_Data_Integrity_Failures",
    "A10:2021": "A10_2021-Server-Side_Request_Forgery_%28SSRF%29",
}


def entries():
    """All that is said of each rule, in the order of the documents."""
    with open(SOURCE, encoding="utf-8") as file:
        texts = json.load(file)
    for name, document in ruleset.documents().items():
        cases = [json.loads(line) for line in open_cases(name)]
        for rule in sorted(ruleset.rules(document), key=lambda rule: rule["id"]):
            of_class, own = texts["classes"][name], texts["rules"][rule["id"]]
            mine = [case for case in cases if case["rule"] == rule["id"]]
            blocks = rule["tags"].get("confidence") == "1"
            yield {
                "id": rule["id"],
                "name": rule["name"],
                "class": name,
                "type": rule["tags"]["type"],
                "harm": of_class["harm"],
                "finds": own["finds"],
                "blocks": blocks,
                "why": of_class["safe"] if blocks else own.get("honest", "") + " So it is reported and does not block.",
                "fires": [shown(case["input"]) for case in mine if case["match"]],
                "silent": [shown(case["input"]) for case in mine if not case["match"]],
                "references": references(rule["tags"].get("cwe"), of_class),
                "exclusion": exclusion(rule),
            }


def open_cases(name):
    try:
        with open(os.path.join(ruleset.RULES, "cases", name + ".jsonl"), encoding="utf-8") as file:
            return file.readlines()
    except FileNotFoundError:
        return []


def shown(request):
    return json.dumps(request, ensure_ascii=False)


def references(cwe, of_class):
    found = [(f"CWE-{cwe}", f"https://cwe.mitre.org/data/definitions/{cwe}.html")] if cwe else []
    number = of_class["capec"].removeprefix("CAPEC-")
    found.append((of_class["capec"], f"https://capec.mitre.org/data/definitions/{number}.html"))
    found.append(("OWASP " + of_class["owasp"], f"https://owasp.org/Top10/{OWASP[of_class['owasp']]}/"))
    return found


def exclusion(rule):
    """A configuration that keeps the rule from looking at one field."""
    inputs = [one for condition in rule["conditions"] for one in condition["parameters"].get("inputs", [])]
    address = inputs[0]["address"] if inputs else "server.request.body"
    one = {"id": "not-here", "rules_target": [{"rule_id": rule["id"]}], "inputs": [{"address": address, "key_path": ["field"]}]}
    return json.dumps({"exclusions": [one]}, ensure_ascii=False)


def level(entry):
    return "blocks" if entry["blocks"] else "informs"


def markdown(rules):
    yield "# The built-in rules\n"
    yield f"{len(rules)} rules, {sum(rule['blocks'] for rule in rules)} of which block in the mode `block`; the others inform.\n"
    for rule in rules:
        yield f"## {rule['id']}: {rule['name']}\n"
        yield f"`{rule['class']}` · `{rule['type']}` · **{level(rule)}**\n"
        yield f"{rule['finds']} {rule['harm']}.\n"
        for title, requests in (("Fires on", rule["fires"]), ("Silent on", rule["silent"])):
            if requests:
                yield f"{title}:\n\n```json\n" + "\n".join(requests) + "\n```\n"
        yield f"Why it {level(rule)}: {rule['why']}\n"
        yield "Read more: " + ", ".join(f"[{name}]({url})" for name, url in rule["references"]) + ".\n"
        yield f"Leave out one field:\n\n```json\n{rule['exclusion']}\n```\n"


STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --block: #b3261e; --inform: #1a73a8; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; }
header { position: sticky; top: 0; background: Canvas; padding: .5rem 0; border-bottom: 1px solid var(--line); }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem; }
input, select { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: .4rem; min-width: 0; }
input { flex: 1 1 16rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; }
summary { cursor: pointer; padding: .5rem .8rem; display: flex; flex-wrap: wrap; gap: .2rem .8rem; align-items: baseline; }
summary code { min-width: 8.5rem; }
summary b { flex: 1 1 14rem; font-weight: 500; }
.level { border-radius: 1rem; padding: 0 .6rem; color: #fff; font-size: .8rem; background: var(--inform); }
.blocks { background: var(--block); }
section { padding: 0 .8rem .8rem; }
h2 { font-size: .9rem; margin: .8rem 0 .2rem; }
p { margin: .2rem 0; }
pre { background: var(--soft); border-radius: .4rem; margin: 0; padding: .5rem .7rem; white-space: pre-wrap; overflow-wrap: anywhere; }
"""

SCRIPT = """
const rules = [...document.querySelectorAll("details")], count = document.querySelector("output");
const words = document.querySelector("input"), [kind, level] = document.querySelectorAll("select");
const show = () => {
  const wanted = words.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const rule of rules) {
    const text = rule.textContent.toLowerCase();
    rule.hidden = !wanted.every(word => text.includes(word)) || kind.value && rule.dataset.kind !== kind.value
      || level.value && rule.dataset.level !== level.value;
    shown += !rule.hidden;
  }
  count.textContent = `${shown} of ${rules.length}`;
};
document.querySelector("form").addEventListener("input", show);
document.querySelector("form").addEventListener("submit", event => event.preventDefault());
const open = () => { const rule = document.getElementById(location.hash.slice(1)); if (rule) { rule.open = true; rule.scrollIntoView(); } };
addEventListener("hashchange", open);
show(); open();
"""


def page(rules):
    kinds = sorted({rule["class"] for rule in rules})
    options = "".join(f"<option>{html.escape(kind)}</option>" for kind in kinds)
    yield '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>The built-in rules</title>'
    yield f"<style>{STYLE}</style>\n<header><h1>The built-in rules</h1><form role=search>"
    yield '<input type="search" placeholder="Search: id, name, payload, CWE" aria-label="Search">'
    yield f'<select aria-label="Class"><option value="">all classes</option>{options}</select>'
    yield '<select aria-label="Level"><option value="">blocks and informs</option><option>blocks</option><option>informs</option></select>'
    yield "<output></output></form></header>\n<main>"
    for rule in rules:
        yield f'<details id="{rule["id"]}" data-kind="{rule["class"]}" data-level="{level(rule)}"><summary><code>{rule["id"]}</code>'
        yield f'<b>{html.escape(rule["name"])}</b><span class="level {level(rule)}">{level(rule)}</span></summary><section>'
        yield f"<p>{code(rule['finds'])} {html.escape(rule['harm'])}. Type <code>{rule['type']}</code>.</p>"
        for title, requests in (("Fires on", rule["fires"]), ("Silent on", rule["silent"])):
            if requests:
                yield f"<h2>{title}</h2><pre>" + html.escape("\n".join(requests)) + "</pre>"
        yield f"<h2>Why it {level(rule)}</h2><p>{html.escape(rule['why'])}</p>"
        links = ", ".join(f'<a href="{url}">{name}</a>' for name, url in rule["references"])
        yield f"<h2>Read more</h2><p>{links}</p><h2>Leave out one field</h2><pre>{html.escape(rule['exclusion'])}</pre></section></details>"
    yield f"</main>\n<script>{SCRIPT}</script>\n</html>"


def code(text):
    """Text with `code` in backticks as HTML."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def main():
    folder = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
    os.makedirs(folder, exist_ok=True)
    rules = list(entries())
    for name, lines in (("rules.md", markdown(rules)), ("rules.html", page(rules))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
