"""Counts what the crate makes public: tests/face.py target/doc/bartizan/all.html, as `cargo doc -p bartizan` wrote it.

Every public item is a promise, so their number has a limit. Raising it is a decision to be made with the item at hand.
"""

import collections
import pathlib
import re
import sys

LIMIT = 250


def main() -> None:
    page = pathlib.Path(sys.argv[1]).read_text()
    items = re.findall(r'<li><a href="([^"]+)">', page)
    rooms = collections.Counter(item.split("/")[0] if "/" in item else "root" for item in items)
    listed = ", ".join(f"{room} {count}" for room, count in rooms.most_common())
    print(f"{len(items)} public items: {listed}")
    if not 0 < len(items) < LIMIT:
        sys.exit(f"the public face has {len(items)} items, and there should be fewer than {LIMIT}")


if __name__ == "__main__":
    main()
