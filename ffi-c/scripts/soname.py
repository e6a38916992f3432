"""Copies a shared object under another SONAME: soname.py LIBRARY SONAME OUTPUT

The name is replaced where it stands, in the table of strings of the dynamic section, so the new one must not be longer. A
second link would take minutes and give the same code.
"""

import pathlib
import struct
import sys

NULL, STRTAB, SONAME = 0, 5, 14
LOAD, DYNAMIC = 1, 2


def place_of_name(data: bytes) -> int:
    """The offset of the SONAME in a little-endian 64-bit ELF file."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise SystemExit("not a little-endian 64-bit ELF file")
    start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    headers = [struct.unpack_from("<IIQQQQ", data, start + nth * size) for nth in range(count)]
    dynamic = next(header for header in headers if header[0] == DYNAMIC)
    entries = {}
    for offset in range(dynamic[2], dynamic[2] + dynamic[5], 16):
        tag, value = struct.unpack_from("<QQ", data, offset)
        if tag == NULL:
            break
        entries[tag] = value
    if SONAME not in entries:
        raise SystemExit("it has no SONAME")
    for kind, _, offset, address, _, length in headers:
        if kind == LOAD and address <= entries[STRTAB] < address + length:
            return offset + entries[STRTAB] - address + entries[SONAME]
    raise SystemExit("its table of strings is not loaded")


def main() -> None:
    library, name, output = sys.argv[1:]
    data = bytearray(pathlib.Path(library).read_bytes())
    place = place_of_name(data)
    room = data.index(0, place) - place
    new = name.encode()
    if len(new) > room:
        raise SystemExit(f"{name} is longer than {data[place : place + room].decode()}")
    data[place : place + room] = new.ljust(room, b"\0")
    pathlib.Path(output).write_bytes(data)
    pathlib.Path(output).chmod(0o755)


main()
