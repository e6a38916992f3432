"""The dynamic section of a little-endian 64-bit ELF file, as far as the scripts beside this one change it."""

import struct
from collections.abc import Iterator

NULL, NEEDED, STRTAB, SONAME = 0, 1, 5, 14
LOAD, DYNAMIC = 1, 2
ENTRY = struct.Struct("<QQ")


def headers(data: bytes) -> list[tuple[int, ...]]:
    """The program headers."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise SystemExit("not a little-endian 64-bit ELF file")
    start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    return [struct.unpack_from("<IIQQQQ", data, start + nth * size) for nth in range(count)]


def entries(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The entries of the dynamic section up to the last: offset, tag, value."""
    dynamic = next(header for header in headers(data) if header[0] == DYNAMIC)
    for offset in range(dynamic[2], dynamic[2] + dynamic[5], ENTRY.size):
        tag, value = ENTRY.unpack_from(data, offset)
        yield offset, tag, value
        if tag == NULL:
            return


def strings(data: bytes) -> int:
    """The offset of the table of strings."""
    address = next(value for _, tag, value in entries(data) if tag == STRTAB)
    for kind, _, offset, start, _, length in headers(data):
        if kind == LOAD and start <= address < start + length:
            return offset + address - start
    raise SystemExit("its table of strings is not loaded")


def text(data: bytes, place: int) -> str:
    """The string at an offset."""
    return data[place : data.index(0, place)].decode()
