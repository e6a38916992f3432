"""Runs the programs of the README as they are written: tests/quickstarts.py

After tests/run has built the C library, the Python package (in .venv) and the Node package. The program in Rust is a
test of the documentation, and the command of the part on PHP a step of tests/run.
"""

import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
README = (TOP / "README.md").read_text()


def blocks(title: str) -> dict[str, str]:
    """The code below a title, by language."""
    (part,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^```(\w+)\n(.*?)^```", part, re.MULTILINE | re.DOTALL))


def run(name: str, command: list[str], folder: pathlib.Path, expected: str) -> None:
    """Runs a program, which must print something."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | {"CI": "true"})
    if done.returncode != 0 or expected not in done.stdout:
        sys.exit(f"{name}: {expected!r} is not in what was printed:\n{done.stdout}{done.stderr}")
    print(f"{name}: as written")


def main() -> None:
    """Runs all."""
    c = blocks("C, and tracers built on libddwaf")
    program = TOP / "app.c"
    program.write_text(c["c"])
    try:
        run("C", ["bash", "-ec", c["sh"]], TOP, "attack\n")
    finally:
        program.unlink()
        (TOP / "app").unlink(missing_ok=True)
    run("Python", [str(TOP / ".venv/bin/python"), "-c", blocks("Python")["python"]], TOP, "['")
    run("Node", ["node", "-e", blocks("Node.js")["js"]], TOP / "bindings-node", "[ '")
    if "tests/php/test" not in blocks("PHP")["sh"] or "rust" not in blocks("Rust"):
        sys.exit("the README has no quick start for PHP or Rust")
    print("Rust, PHP: tests of the documentation, and tests/php/test, which tests/run runs")


main()
