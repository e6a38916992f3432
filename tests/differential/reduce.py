"""Reduces a program while a property of it holds."""
import time

from engine import Many, Pairs


def smaller(value):
    """Variants of a value with one part less, the largest reduction first."""
    if isinstance(value, Pairs):
        for at in range(len(value)):
            yield Pairs(value[:at] + value[at + 1 :])
        for at, (key, inner) in enumerate(value):
            for variant in smaller(inner):
                yield Pairs([*value[:at], (key, variant), *value[at + 1 :]])
    elif isinstance(value, (list, tuple)):
        make = type(value)
        size = len(value)
        step = size // 2 or 1
        while step >= 1:
            for at in range(0, size, step):
                yield make([*value[:at], *value[at + step :]])
            step //= 2
        for at in range(size):
            for inner in smaller(value[at]):
                yield make([*value[:at], inner, *value[at + 1 :]])
    elif isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
        for key in (key for key in value if key != "scope"):
            for inner in smaller(value[key]):
                yield {**value, key: inner}
    elif isinstance(value, Many):
        yield Many(value.count // 2, value.element, value.last)
        yield value.last
    elif isinstance(value, (bytes, str)) and len(value) > 4:
        yield value[: len(value) // 2]
        yield value[len(value) // 2 :]


def reduce(program, holds, seconds=20):
    """A program of which `holds` is still true and from which nothing can be removed, as far as time permits."""
    progress, end = True, time.monotonic() + seconds
    while progress:
        progress = False
        for candidate in smaller_programs(program):
            if time.monotonic() > end:
                break
            if holds(candidate):
                program, progress = candidate, True
                break
    return program


def smaller_programs(program):
    """As `smaller`, but steps and their members are not changed."""
    size = len(program)
    step = size // 2 or 1
    while step >= 1:
        for at in range(0, size, step):
            yield program[:at] + program[at + step :]
        step //= 2
    for at, parts in enumerate(program):
        if parts[0] == "add":
            variants = (("add", parts[1], inner) for inner in smaller(parts[2]))
        elif parts[0] == "build":
            variants = [("build", [], parts[2])] if parts[1] else []
            variants = [*variants, *(("build", parts[1], runs) for runs in smaller(parts[2]) if all("scope" in run for run in runs))]
        else:
            continue
        for variant in variants:
            yield program[:at] + [variant] + program[at + 1 :]
