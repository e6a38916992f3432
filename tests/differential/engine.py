"""Loads a shared object with the libddwaf 2.x ABI and calls it, fast enough for millions of calls.

Values are laid out by this file itself in one reused block of memory (an Arena) instead of through the library's own setters, so that a question
costs one foreign call and not one per node. Strings may be str (UTF-8) or bytes; strings come back as bytes.
"""
import ctypes as C
import struct

NULL, BOOL, SIGNED, UNSIGNED, FLOAT, LITERAL, SMALL, ARRAY, MAP = 0x01, 0x02, 0x04, 0x06, 0x08, 0x12, 0x14, 0x20, 0x40
INVALID, STRING, LARGE = 0x00, 0x10, 0x80
VP, U32, U64 = C.c_void_p, C.c_uint32, C.c_uint64
CODES = {-3: "err_internal", -2: "err_invalid_object", -1: "err_invalid_argument", 0: "ok", 1: "match"}


class Unsigned(int):
    """An integer of type UNSIGNED; plain integers are SIGNED if they fit."""


class Heap(bytes):
    """A string of type STRING, whatever its length."""


class Pairs(list):
    """A map as a list of pairs: keys may repeat."""


class Many:
    """An array of `count` times one scalar and then another value: LARGE from 65,536 elements on."""

    def __init__(self, count, element, last):
        self.count, self.element, self.last = count, element, last

    def __repr__(self):
        return f"Many({self.count}, {self.element!r}, {self.last!r})"


class Invalid:
    """The invalid object."""

    def __repr__(self):
        return "INVALID_OBJECT"


INVALID_OBJECT = Invalid()


class Arena:
    """Memory in which values are laid out. They are valid until the next clear.

    With `ledger` a dictionary, strings are STRING and not LITERAL, and every block that belongs to a value is written down
    there as address -> (size, alignment): what an allocator will be asked to free.
    """

    def __init__(self, size=1 << 23):
        self.block = C.create_string_buffer(size)
        self.base = C.addressof(self.block)
        self.used = 0
        self.ledger = None

    def clear(self):
        self.used = 0
        self.ledger = None

    def own(self, size, alignment):
        at = self.take(max(size, 1))
        if self.ledger is not None:
            self.ledger[self.base + at] = size, alignment
        return at

    def take(self, size):
        at = (self.used + 7) & ~7
        if at + size > len(self.block):
            raise MemoryError("a value too large for the arena")
        self.used = at + size
        return at

    def put(self, value):
        """The address of an object that holds the value."""
        at = self.take(16)
        self.fill(at, value)
        return self.base + at

    def fill(self, at, value):
        pack = struct.pack_into
        if isinstance(value, str):
            value = value.encode()
        if isinstance(value, bytes):
            if len(value) <= 14 and not isinstance(value, Heap):
                pack("<BB14s", self.block, at, SMALL, len(value), value)
            else:
                text = self.own(len(value), 1)
                self.block[text : text + len(value)] = value
                tag = LITERAL if self.ledger is None and not isinstance(value, Heap) else STRING
                pack("<B3xIQ", self.block, at, tag, len(value), self.base + text)
        elif isinstance(value, (dict, Pairs)):
            entries = self.container(at, MAP, len(value))
            for index, (key, inner) in enumerate(value.items() if isinstance(value, dict) else value):
                self.fill(entries + 32 * index, key)
                self.fill(entries + 32 * index + 16, inner)
        elif isinstance(value, (list, tuple)):
            entries = self.container(at, ARRAY, len(value))
            for index, inner in enumerate(value):
                self.fill(entries + 16 * index, inner)
        elif isinstance(value, Many):
            entries = self.container(at, ARRAY, value.count + 1)
            self.fill(entries, value.element)
            self.block[entries : entries + 16 * value.count] = self.block[entries : entries + 16] * value.count
            self.fill(entries + 16 * value.count, value.last)
        elif value is None:
            pack("<B15x", self.block, at, NULL)
        elif value is INVALID_OBJECT:
            pack("<B15x", self.block, at, INVALID)
        elif isinstance(value, bool):
            pack("<BB14x", self.block, at, BOOL, value)
        elif isinstance(value, Unsigned) or isinstance(value, int) and value >= 1 << 63:
            pack("<B7xQ", self.block, at, UNSIGNED, value)
        elif isinstance(value, int):
            pack("<B7xq", self.block, at, SIGNED, value)
        else:
            pack("<B7xd", self.block, at, FLOAT, value)

    def container(self, at, tag, size):
        """Lays out the header of a container; returns the address of its entries."""
        entries = self.own((32 if tag == MAP else 16) * size, 8) if size else None
        pointer = 0 if entries is None else self.base + entries
        if size > 0xFFFF:
            struct.pack_into("<QQ", self.block, at, tag | LARGE | size << 8 | size << 36, pointer)
        else:
            struct.pack_into("<BxHHxxQ", self.block, at, tag, size, size, pointer)
        return entries


def read(address):
    """The Python value of an object; maps become lists of pairs, since keys may repeat."""
    raw = C.string_at(address, 16)
    tag = raw[0]
    if tag == SMALL:
        return raw[2 : 2 + raw[1]]
    if tag in (STRING, LITERAL):
        size, data = struct.unpack_from("<4xIQ", raw)
        return C.string_at(data, size) if size else b""
    if tag & 0x7F in (ARRAY, MAP):
        word, data = struct.unpack_from("<QQ", raw)
        size = word >> 8 & 0xFFFFFFF if tag & LARGE else word >> 16 & 0xFFFF
        if tag & 0x7F == ARRAY:
            return [read(data + 16 * i) for i in range(size)]
        return [(read(data + 32 * i), read(data + 32 * i + 16)) for i in range(size)]
    if tag == BOOL:
        return bool(raw[1])
    if tag in (SIGNED, UNSIGNED, FLOAT):
        return struct.unpack_from({SIGNED: "<8xq", UNSIGNED: "<8xQ", FLOAT: "<8xd"}[tag], raw)[0]
    return None


class Engine:
    """One shared object, with the instances used last."""

    def __init__(self, path):
        lib = C.CDLL(path)

        def function(name, result, *arguments):
            it = getattr(lib, name)
            it.restype, it.argtypes = result, arguments
            return it

        self.allocator = function("ddwaf_get_default_allocator", VP)()
        self.builder_init = function("ddwaf_builder_init", VP)
        self.builder_add = function("ddwaf_builder_add_or_update_config", C.c_bool, VP, C.c_char_p, U32, VP, VP)
        self.builder_build = function("ddwaf_builder_build_instance", VP, VP)
        self.builder_remove = function("ddwaf_builder_remove_config", C.c_bool, VP, C.c_char_p, U32)
        self.builder_paths = function("ddwaf_builder_get_config_paths", U32, VP, VP, C.c_char_p, U32)
        self.builder_destroy = function("ddwaf_builder_destroy", None, VP)
        self.known_addresses = function("ddwaf_known_addresses", C.POINTER(C.c_char_p), VP, C.POINTER(U32))
        self.known_actions = function("ddwaf_known_actions", C.POINTER(C.c_char_p), VP, C.POINTER(U32))
        self.destroy = function("ddwaf_destroy", None, VP)
        self.object_destroy = function("ddwaf_object_destroy", None, VP, VP)
        self.context_init = function("ddwaf_context_init", VP, VP, VP)
        self.context_destroy = function("ddwaf_context_destroy", None, VP)
        self.context_eval = function("ddwaf_context_eval", C.c_int, VP, VP, VP, VP, U64)
        self.context_multieval = function("ddwaf_context_multieval", C.c_int, VP, VP, VP, VP, U64)
        self.subcontext_init = function("ddwaf_subcontext_init", VP, VP)
        self.subcontext_destroy = function("ddwaf_subcontext_destroy", None, VP)
        self.subcontext_eval = function("ddwaf_subcontext_eval", C.c_int, VP, VP, VP, VP, U64)
        self.subcontext_multieval = function("ddwaf_subcontext_multieval", C.c_int, VP, VP, VP, VP, U64)
        self.user_allocator = function("ddwaf_user_allocator_init", VP, VP, VP, VP, VP)
        self.allocator_destroy = function("ddwaf_allocator_destroy", None, VP)
        self.arena = Arena()
        self.instances = {}

    def instance(self, key, ruleset):
        """The instance of a ruleset, a function of its key."""
        if key not in self.instances:
            if len(self.instances) >= 256:
                self.destroy(self.instances.pop(next(iter(self.instances))))
            builder = self.builder_init()
            self.arena.clear()
            if not self.builder_add(builder, b"fuzz", 4, self.arena.put(ruleset), None):
                raise ValueError(f"refused: {ruleset}")
            self.instances[key] = self.builder_build(builder)
            self.builder_destroy(builder)
        return self.instances[key]

    def evaluate(self, instance, data):
        """The return code and the result, maps as lists of pairs, of one evaluation in a new context."""
        self.arena.clear()
        data = self.arena.put(data)
        result = self.arena.put(None)
        context = self.context_init(instance, self.allocator)
        code = self.context_eval(context, data, None, result, 60_000_000)
        answer = read(result)
        self.object_destroy(result, self.allocator)
        self.context_destroy(context)
        return code, answer

    def matches(self, instance, data):
        """The return code, and the rule matches of all events of one evaluation in a new context."""
        code, answer = self.evaluate(instance, data)
        return code, [match for event in dict(answer or ()).get(b"events", ()) for match in dict(event)[b"rule_matches"]]
