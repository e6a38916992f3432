"""Checks what shared objects need of a system: tests/portable/needs.py FILE..., on Linux with readelf.

The C library alone, in a version from 2.17 (2013, manylinux2014) on: no library of a compiler, and no newer symbol.
"""

import re
import subprocess
import sys

NEWEST = (2, 17)
LIBRARIES = {
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
}


def faults(file: str) -> list[str]:
    """What is wrong with a file."""
    read = subprocess.run(["readelf", "-dVW", file], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", read))
    found = [f"needs {name}" for name in sorted(needed - LIBRARIES)]
    versions = {tuple(map(int, version.split("."))) for version in re.findall(r"Name: GLIBC_([0-9.]+)", read)}
    newer = sorted(version for version in versions if version > NEWEST)
    found += [f"needs a symbol of glibc {'.'.join(map(str, version))}" for version in newer]
    newest = ".".join(map(str, max(versions, default=(0,))))
    print(f"{file}: needs {', '.join(sorted(needed)) or 'nothing'}, up to glibc {newest}")
    return found


wrong = [f"{file}: {fault}" for file in sys.argv[1:] for fault in faults(file)]
print("\n".join(wrong))
sys.exit(bool(wrong) or len(sys.argv) == 1)
