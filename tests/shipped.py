"""Checks the shipped files: tests/shipped.py FILE..., each a shared object, a wheel or a tarball of npm.

Shared objects are stripped, nothing holds a path of the machine it was built on, and packages hold the licences.
"""

import os
import pathlib
import re
import sys
import tarfile
import zipfile

TOP = pathlib.Path(__file__).resolve().parent.parent
LICENCES = ["LICENSE", "LICENSE-3rdparty"]

# The rules name folders such as /root and /tmp. Nothing else begins with the folder of the repository or of a user, nor
# goes through that of cargo.
CARGO = pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo")
PATHS = [re.escape(f"{folder}/").encode() for folder in (TOP, CARGO)]
PATHS += [rb"/\.cargo/", rb"/index\.crates\.io-", rb"/\.rustup/"]
SYMBOLS = [b"\0.symtab\0", b"\0.debug_info\0", b"\0.debug_line\0"]


def members(path: pathlib.Path) -> dict[str, bytes]:
    """The files in a package, by name."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist()}
    with tarfile.open(path) as tarball:
        files = [(member.name, tarball.extractfile(member)) for member in tarball.getmembers()]
        return {name: file.read() for name, file in files if file}


def faults(path: pathlib.Path) -> list[str]:
    """What is wrong with a file."""
    if path.suffix not in (".whl", ".tgz"):
        return faults_of_object(path.read_bytes())
    found = []
    files = members(path)
    for licence in LICENCES:
        text = (TOP / licence).read_bytes()
        if not any(pathlib.PurePath(name).name == licence and files[name] == text for name in files):
            found.append(f"{licence} is missing")
    natives = [name for name in files if name.endswith((".so", ".node", ".dylib", ".pyd"))]
    if not natives:
        found.append("there is no shared object in it")
    for name, data in files.items():
        check = faults_of_object if name in natives else paths
        found += [f"{name}: {fault}" for fault in check(data)]
    return found


def faults_of_object(data: bytes) -> list[str]:
    """What is wrong with a shared object."""
    return [f"not stripped: has {name[1:-1].decode()}" for name in SYMBOLS if name in data] + paths(data)


def paths(data: bytes) -> list[str]:
    """The paths of this machine in a file."""
    found = []
    for pattern in PATHS:
        place = re.search(pattern, data)
        if place:
            text = data[max(0, place.start() - 40) : place.end() + 60]
            found.append(f"holds a path of this machine: {text!r}")
    return found


wrong = [f"{path}: {fault}" for path in map(pathlib.Path, sys.argv[1:]) for fault in faults(path)]
print("\n".join(wrong) if wrong else f"{len(sys.argv) - 1} checked")
sys.exit(bool(wrong) or len(sys.argv) == 1)
