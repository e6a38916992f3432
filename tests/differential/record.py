"""Programs as lines of tests/vectors/engine.jsonl, with the answers of the reference."""
import math
import struct

from engine import Heap, Invalid, Many, Pairs, Unsigned
from program import FOREVER, Duel, is_map


def text(value):
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return {"$b": value.hex()}


def pairs(entries):
    """A JSON object, or its wrapper if keys repeat or are not text."""
    names = [name for name, _ in entries]
    if all(isinstance(name, str) and not name.startswith("$") for name in names) and len(set(names)) == len(names):
        return dict(entries)
    return {"$m": [list(entry) for entry in entries]}


def number(value):
    if math.isfinite(value):
        return value
    return {"$f": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}


def given(value):
    """JSON of a value that is laid out by an arena."""
    if isinstance(value, (dict, Pairs)):
        return pairs([(text(key), given(inner)) for key, inner in (value.items() if isinstance(value, dict) else value)])
    if isinstance(value, (list, tuple)):
        return [given(inner) for inner in value]
    if isinstance(value, Many):
        return {"$many": [value.count, given(value.element), given(value.last)]}
    if isinstance(value, Invalid):
        return {"$invalid": True}
    if isinstance(value, Heap):
        return {"$heap": value.hex()}
    if isinstance(value, (bytes, str)):
        return text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return {"$u": value} if isinstance(value, Unsigned) or value >= 1 << 63 else int(value)
    return number(value)


def answered(value):
    """JSON of a value as `exact` reads it."""
    if is_map(value):
        return pairs([(text(key), answered(inner)) for key, inner in value[1] if key != b"duration"])
    if isinstance(value, list):
        return [answered(inner) for inner in value]
    if isinstance(value, tuple):
        kind, inner = value
        return {"$u": inner} if kind == "u" else inner if kind == "s" else number(struct.unpack("<d", inner)[0]) if kind == "f" else {"$tag": inner}
    return text(value)


def vector(duel, name, program):
    """A line of the table. Only the reference answers."""
    line = {"name": name, "configs": [], "diagnostics": [], "steps": []}

    def record(step, answer):
        if isinstance(step, dict):
            entry = {"scope": step["scope"]}
            if "end" in step:
                entry["end"] = True
            for key in ("input", "batches"):
                if key in step:
                    entry[key] = given(step[key])
            if step.get("timeout", FOREVER) != FOREVER:
                entry["timeout_us"] = step["timeout"]
            if answer:
                entry.update(code=answer[0], result=answered(answer[1]))
            line["steps"].append(entry)
        elif step[0] == "add":
            line["configs"].append(["add", text(step[1]), given(step[2])])
            line["diagnostics"].append([answer[0], answered(answer[1])])
        elif step[0] == "remove":
            line["configs"].append(["remove", text(step[1])])

    Duel(duel.engines[0], duel.engines[0]).play(program, record)
    return line
