"""Takes the loader of glibc off the libraries that a shared object needs, in place: loader.py LIBRARY

The linker names it for the one function by which thread-local variables are found. musl has that function, and no file
of that name; with glibc, the loader is there in any case.
"""

import pathlib
import sys

import elf


def main() -> None:
    path = pathlib.Path(sys.argv[1])
    data = bytearray(path.read_bytes())
    strings = elf.strings(data)
    listed = list(elf.entries(data))
    kept = [
        entry
        for entry in listed
        if not (entry[1] == elf.NEEDED and elf.text(data, strings + entry[2]).startswith("ld-linux"))
    ]
    kept += [(0, elf.NULL, 0)] * (len(listed) - len(kept))
    for (offset, *_), (_, tag, value) in zip(listed, kept, strict=True):
        elf.ENTRY.pack_into(data, offset, tag, value)
    path.write_bytes(data)


main()
