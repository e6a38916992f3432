"""Programs: configurations and evaluations that two engines run side by side, comparing every result.

A program is a list of steps:

    ("add", path, document)     add or update a configuration
    ("remove", path)            remove one
    ("paths", filter)           list the paths; filter None lists all
    ("build", style, runs)      build an instance, ask for its addresses and actions, and evaluate in one new context

A style is a set of words: "allocator" (results come from an allocator that checks every size and alignment it is handed back), "handle first" and
"context first" (the order of destruction). Runs are dictionaries: "scope" ("context" or the name of a subcontext, which is made from the context
when its name first occurs), and, if the scope is not only to be made, either "end" (a subcontext is destroyed) or "input" (a map) or "batches" (a list
of maps), "timeout" (microseconds), "owned" (the engine takes the memory over and frees it through an allocator), "again" (the same memory as that of
the run with this number).

Both engines read the same memory: the identity of values, which decides what counts as new, is therefore the same for both.
"""
import ctypes as C
import re
import struct

from engine import ARRAY, BOOL, CODES, FLOAT, LARGE, LITERAL, MAP, SIGNED, SMALL, STRING, U32, UNSIGNED, VP, Arena, Pairs

FOREVER = 60_000_000
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAN = struct.pack("<d", float("nan"))
libc = C.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = VP, [C.c_size_t]
libc.free.restype, libc.free.argtypes = None, [VP]
ALLOCATE = C.CFUNCTYPE(VP, VP, C.c_size_t, C.c_size_t)
RELEASE = C.CFUNCTYPE(None, VP, VP, C.c_size_t, C.c_size_t)


class Allocator:
    """A user allocator that knows the size and alignment of every block and notes each wrong or missing release."""

    def __init__(self, engine):
        self.engine, self.live, self.faults, self.own = engine, {}, [], set()
        self.callbacks = ALLOCATE(self.allocate), RELEASE(self.release)
        self.handle = engine.user_allocator(C.cast(self.callbacks[0], VP), C.cast(self.callbacks[1], VP), None, None)

    def allocate(self, _, size, alignment):
        address = libc.malloc(max(size, 1))
        self.live[address] = size, alignment
        self.own.add(address)
        return address

    def release(self, _, address, size, alignment):
        if self.live.pop(address, None) != (size, alignment):
            self.faults.append(f"a wrong release of {size} bytes, alignment {alignment}")
        if address in self.own:
            self.own.discard(address)
            libc.free(address)

    def close(self):
        """The faults in its lifetime."""
        self.engine.allocator_destroy(self.handle)
        for address in self.own:
            libc.free(address)
        return self.faults + [f"{size} bytes never released" for size, _ in self.live.values()]


def exact(address):
    """The value of an object with all its types: integers as ("s" | "u", n), floats by their bits, maps as ("map", pairs)."""
    raw = C.string_at(address, 16)
    tag = raw[0]
    if tag == SMALL:
        return raw[2 : 2 + raw[1]]
    if tag in (STRING, LITERAL):
        size, data = struct.unpack_from("<4xIQ", raw)
        text = C.string_at(data, size) if size else b""
        return UUID.sub(b"<uuid>", text) if size == 36 else text
    if tag & 0x7F in (ARRAY, MAP):
        word, data = struct.unpack_from("<QQ", raw)
        size = word >> 8 & 0xFFFFFFF if tag & LARGE else word >> 16 & 0xFFFF
        if tag & 0x7F == ARRAY:
            return [exact(data + 16 * i) for i in range(size)]
        return "map", [(exact(data + 32 * i), exact(data + 32 * i + 16)) for i in range(size)]
    if tag == BOOL:
        return bool(raw[1])
    if tag == SIGNED:
        return "s", struct.unpack_from("<8xq", raw)[0]
    if tag == UNSIGNED:
        return "u", struct.unpack_from("<8xQ", raw)[0]
    if tag == FLOAT:
        bits = raw[8:]
        return "f", NAN if bits[6] & 0xF0 == 0xF0 and bits[7] & 0x7F == 0x7F and (bits[:6] != bytes(6) or bits[6] & 0x0F) else bits
    return None if tag == 1 else ("tag", tag)


def is_map(value):
    return isinstance(value, tuple) and value[0] == "map"


def unordered(value):
    """The same with the entries of maps in sorted order.

    Where a database's name was redacted, the reference shows the highlight in clear (detectors.md 1.6); it is left out.
    """
    if is_map(value):
        pairs = value[1]
        name = next((inner for key, inner in pairs if key == b"db_type"), None)
        if is_map(name) and any(key == b"value" and b"<Redacted>" in inner for key, inner in name[1] if isinstance(inner, bytes)):
            pairs = [(key, inner) for key, inner in pairs if key != b"highlight"]
        return "map", sorted(((key, unordered(inner)) for key, inner in pairs), key=repr)
    return [unordered(inner) for inner in value] if isinstance(value, list) else value


def as_schema(value):
    """The same with lists of lists in sorted order: in a schema, the types of an array are a set."""
    if is_map(value):
        return "map", [(key, as_schema(inner)) for key, inner in value[1]]
    if isinstance(value, list):
        items = [as_schema(inner) for inner in value]
        return sorted(items, key=repr) if len(items) > 1 and all(isinstance(item, list) for item in items) else items
    return value


def result_form(value):
    """A result without its duration, the schemas (the attributes that are lists) with their sets in order."""
    if not is_map(value):
        return value
    entries = []
    for key, inner in value[1]:
        if key == b"duration":
            inner = inner[0]
        elif key == b"attributes" and is_map(inner):
            inner = "map", [(name, as_schema(unordered(v)) if isinstance(v, list) else v) for name, v in inner[1]]
        entries.append((key, unordered(inner)))
    return entries


def diagnostics_form(value):
    """Diagnostics with equal keys merged: the reference repeats short texts when there are more than eight (ruleset.md 2.1)."""
    if not is_map(value):
        return value
    merged = {}
    for key, inner in value[1]:
        inner = diagnostics_form(inner)
        if key in merged and isinstance(inner, list):
            merged[key] = merged[key] + inner
        else:
            merged[key] = inner
    return merged


def holds_empty_data(document):
    """An entry of rules_data or exclusion_data with an empty `data` array crashes the reference when an instance is built (ruleset.md 1.7)."""
    for key, section in entries(document):
        if key in ("rules_data", "exclusion_data", b"rules_data", b"exclusion_data") and isinstance(section, list):
            if any(name in ("data", b"data") and isinstance(data, list) and not data for entry in section for name, data in entries(entry)):
                return True
    return False


def entries(value):
    return value.items() if isinstance(value, dict) else value if isinstance(value, Pairs) else ()


SHARED_OWNERSHIP = (b"actions", b"exclusions", b"processors", b"scanners", b"rules_override", b"processor_overrides")


def corrupts(document, accepted, diagnostics):
    """The reference now owns elements that no path owns, or will delete those of other paths (ruleset.md 3.3): nothing it says later counts.

    The obfuscator of a rejected document, too, stays in force, though the chapter does not say so.
    """
    if accepted or not is_map(diagnostics):
        return False
    if any(key in ("obfuscator", b"obfuscator") for key, _ in entries(document)):
        return True
    sections = dict(diagnostics[1])
    if b"error" in sections:
        return sections[b"error"].startswith(b"unsupported")
    if not any(is_map(section) for section in sections.values()):
        return True
    return any(is_map(sections.get(name)) and any(key == b"error" for key, _ in sections[name][1]) for name in SHARED_OWNERSHIP)


class Player:
    """One engine running a program."""

    def __init__(self, engine):
        self.engine = engine
        self.builder = engine.builder_init()
        self.slot = Arena(64)

    def close(self):
        self.engine.builder_destroy(self.builder)

    def take(self, allocator=None):
        value = exact(self.slot.base)
        self.engine.object_destroy(self.slot.base, allocator or self.engine.allocator)
        return value

    def fresh_slot(self):
        self.slot.clear()
        return self.slot.put(None)

    def add(self, path, document):
        accepted = self.engine.builder_add(self.builder, path, len(path), document, self.fresh_slot())
        return accepted, self.take()

    def remove(self, path):
        return self.engine.builder_remove(self.builder, path, len(path))

    def paths(self, pattern):
        count = self.engine.builder_paths(self.builder, self.fresh_slot(), pattern, len(pattern or b""))
        return count, sorted(self.take())

    def names(self, function):
        count = U32()
        strings = function(self.handle, C.byref(count))
        return [strings[i] for i in range(count.value)]

    def build(self, style):
        self.handle = self.engine.builder_build(self.builder)
        if not self.handle:
            return False, (), ()
        engine = self.engine
        answer = True, self.names(engine.known_addresses), self.names(engine.known_actions)
        self.style = style
        self.allocator = Allocator(engine) if "allocator" in style else None
        self.input_allocators = []
        self.scopes = {"context": engine.context_init(self.handle, self.allocator.handle if self.allocator else engine.allocator)}
        if "handle first" in style:
            engine.destroy(self.handle)
        return answer

    def run(self, run, memory, ledger):
        engine, scope = self.engine, run["scope"]
        if "end" in run:
            if scope in self.scopes and scope != "context":
                engine.subcontext_destroy(self.scopes.pop(scope))
            return None
        if scope not in self.scopes:
            self.scopes[scope] = engine.subcontext_init(self.scopes["context"])
        if memory is None:
            return None
        kind, multi = ("context" if scope == "context" else "subcontext"), ("multieval" if "batches" in run else "eval")
        allocator = None
        if ledger is not None:
            allocator = Allocator(engine)
            allocator.live.update(ledger)
            self.input_allocators.append(allocator)
        function = getattr(engine, f"{kind}_{multi}")
        code = function(self.scopes[scope], memory, allocator and allocator.handle, self.fresh_slot(), run.get("timeout", FOREVER))
        return CODES.get(code, code), self.take(self.allocator and self.allocator.handle)

    def finish(self):
        """Destroys contexts and instance; the faults of all allocators."""
        engine = self.engine
        context = self.scopes.pop("context")
        if "context first" in self.style:
            engine.context_destroy(context)
        for subcontext in self.scopes.values():
            engine.subcontext_destroy(subcontext)
        if "context first" not in self.style:
            engine.context_destroy(context)
        if "handle first" not in self.style:
            engine.destroy(self.handle)
        return [fault for allocator in self.input_allocators + ([self.allocator] if self.allocator else []) for fault in allocator.close()]


class Duel:
    """The two engines, and their history."""

    def __init__(self, reference, engine):
        self.engines = reference, engine
        self.arena = Arena(1 << 25)
        self.evaluations = self.matches = self.instances = 0

    def play(self, program, record=None):
        """Runs the program; returns the first difference as (what, expected, got), or None.

        `record` is called with each step or run and the reference's answer to it.
        """
        self.arena.clear()
        players = [Player(engine) for engine in self.engines]
        try:
            for step in program:
                difference = self.step(step, players, record or (lambda *_: None))
                if difference:
                    return difference if difference != "stop" else None
        finally:
            for player in players:
                player.close()

    def step(self, step, players, record):
        kind = step[0]
        if kind == "build":
            return self.build(step, players, record)
        if kind == "add":
            if holds_empty_data(step[2]):
                return "stop"
            document = self.arena.put(step[2])
            answers = [player.add(step[1], document) for player in players]
            record(step, answers[0])
            forms = [(accepted, diagnostics_form(value)) for accepted, value in answers]
            if forms[0] != forms[1]:
                return "add", *forms
            return "stop" if corrupts(step[2], *answers[0]) else None
        answers = [getattr(player, kind)(step[1]) for player in players]
        record(step, answers[0])
        return (kind, *answers) if answers[0] != answers[1] else None

    def build(self, step, players, record):
        answers = [player.build(step[1]) for player in players]
        record(step, answers[0])
        built = [bool(player.handle) for player in players]
        difference = ("build", *answers) if answers[0] != answers[1] else None
        if all(built) and not difference:
            self.instances += 1
            difference = self.runs(step[2], players, record)
        faults = [player.finish() if player.handle else [] for player in players]
        return difference or (("allocator", *faults) if faults[1] or faults[0] else None)

    def runs(self, runs, players, record):
        memories = []
        for run in runs:
            self.arena.ledger = None
            if "again" in run and "end" not in run and run["again"] < len(memories) and ("batches" in run) == memories[run["again"]][1]:
                memory = memories[run["again"]][0]
            elif ("input" in run or "batches" in run) and "end" not in run:
                self.arena.ledger = {} if run.get("owned") else None
                memory = self.arena.put(run["input"] if "input" in run else run["batches"])
            else:
                memory = None
            memories.append((None if run.get("owned") else memory, "batches" in run))
            ledger, self.arena.ledger = self.arena.ledger, None
            answers = [player.run(run, memory, ledger) for player in players]
            record(run, answers[0])
            if memory is None:
                continue
            self.evaluations += 1
            self.matches += answers[0][0] == "match"
            if answers[0] != answers[1]:
                forms = [(code, result_form(value)) for code, value in answers]
                if forms[0] != forms[1]:
                    return "run", *forms
        return None
