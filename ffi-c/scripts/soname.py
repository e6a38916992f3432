"""Copies a shared object under another SONAME: soname.py LIBRARY SONAME OUTPUT

The name is replaced where it stands, in the table of strings of the dynamic section, so the new one must not be longer.
A second link would take minutes and give the same code.
"""

import pathlib
import sys

import elf


def main() -> None:
    library, name, output = sys.argv[1:]
    data = bytearray(pathlib.Path(library).read_bytes())
    names = [value for _, tag, value in elf.entries(data) if tag == elf.SONAME]
    if not names:
        raise SystemExit("it has no SONAME")
    place = elf.strings(data) + names[0]
    old = elf.text(data, place)
    if len(name) > len(old):
        raise SystemExit(f"{name} is longer than {old}")
    data[place : place + len(old)] = name.encode().ljust(len(old), b"\0")
    pathlib.Path(output).write_bytes(data)
    pathlib.Path(output).chmod(0o755)


main()
