"""Labelled requests: read, split into a part to develop rules with and a part to test them with, and completed with honest text of this machine.

A corpus is a file of JSON lines, gzip or plain, with the keys `id`, `label` (attack, benign, edge), `class`, `source`, `input` (a map of addresses),
and for attacks `vector`, for benign lines `tier` (real, typical, hard).
"""
import gzip
import hashlib
import json
import os
import re
import urllib.parse

# Masked in this order, so that two requests that differ only in literals have the same shape.
LITERALS = [
    (re.compile(r"\\?'[^'\n]{0,200}'|\"[^\"\n]{0,200}\""), "s"),
    (re.compile(r"\b(?:[\w-]+\.)+(?:com|org|net|io|example|test|local|[a-z]{2})\b"), "h"),
    (re.compile(r"\b0x[0-9a-f]+\b|\d+(?:\.\d+)*"), "0"),
    (re.compile(r"\b(?=\w*[a-z])(?=\w*0)\w{6,}\b"), "w"),
    (re.compile(r"\s+"), " "),
]
PLACES = {
    "header": ["server.request.headers.no_cookies"],
    "cookie": ["server.request.cookies"],
    "path": ["server.request.uri.raw", "server.request.path_params"],
}
VALUES = ["server.request.query", "server.request.body", "server.request.body.filenames", "server.request.body.files_content", "grpc.server.request.message"]


def read(path):
    """The lines of a corpus."""
    with (gzip.open if str(path).endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def strings(value):
    """All strings inside a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def payload(row):
    """The string of a request that says most about it: the one with most punctuation, where its payload is said to be."""
    given = row["input"]
    for addresses in (PLACES.get(row.get("vector"), VALUES), ["server.request.uri.raw"]):
        found = [text for address in addresses if address in given for text in strings(given[address])]
        if found:
            return max(found, key=lambda text: sum(not (c.isalnum() or c.isspace()) for c in text[:4000]))
    return ""


def shape(row):
    """The payload with its literals masked."""
    text = urllib.parse.unquote(payload(row)[:4000], errors="replace").lower()
    for literal, mask in LITERALS:
        text = literal.sub(mask, text)
    return text.strip()[:400]


def part(row):
    """`develop` or `test`. Lines of one source, class and shape are on the same side: a rule cannot be fitted to one and shine on its twin."""
    key = "\0".join([row["source"], row["class"], shape(row)])
    return "test" if hashlib.sha256(key.encode()).digest()[0] & 1 else "develop"


TEXTS = (".md", ".rst", ".txt", ".py", ".js", ".ts", ".html", ".css", ".json", ".yaml", ".yml", ".po", ".sh", ".sql", ".pl", ".rb", ".php", ".toml", ".cfg")
NAMES = ("README", "CHANGELOG", "changelog", "copyright", "NEWS", "LICENSE", "METADATA")


def installed(roots, limit):
    """Honest requests made of text that packages installed: each file is pasted into a form, and a paragraph of it is searched for."""
    paths = []
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders.sort()
            paths += [os.path.join(folder, name) for name in names if name.endswith(TEXTS) or name.startswith(NAMES)]
    paths.sort(key=lambda path: hashlib.sha256(path.encode()).digest())
    rows, seen = [], {}
    for path in paths:
        kind = os.path.splitext(path)[1].lstrip(".") or "plain"
        if len(rows) >= 2 * limit:
            break
        # No kind of file outnumbers the others: installed packages are mostly program code.
        if seen.get(kind, 0) >= limit // 8:
            continue
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read(6000)
        except (OSError, UnicodeDecodeError):
            continue
        if len(text) < 80:
            continue
        seen[kind] = seen.get(kind, 0) + 1
        paragraphs = [one.strip() for one in text.split("\n\n") if 20 <= len(one) <= 600] or [text[:200]]
        paragraph = max(paragraphs[:20], key=len)
        for address, value in (("server.request.body", {"title": os.path.basename(path), "text": text}), ("server.request.query", {"q": [paragraph]})):
            rows.append({"id": path, "label": "benign", "class": kind, "source": "installed", "tier": "hard", "input": {address: value}})
    return rows
