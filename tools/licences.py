"""``make licences``: docs/licences.md, out of the lock and of what the packages say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"

#: How packages without a licence expression (PEP 639) name their licences.
_EXPRESSIONS = {
    "Apache-2.0": "Apache-2.0",
    "BSD-3-Clause": "BSD-3-Clause",
    "LGPL with exceptions": "LGPL-3.0-or-later",
    "MIT": "MIT",
    "MPL-2.0": "MPL-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
}
#: What is installed on other platforms only, and cannot be asked here.
_ELSEWHERE = {
    "async-timeout": "Apache-2.0",
    "brotlicffi": "MIT",
    "cffi": "MIT-0",
    "colorama": "BSD-3-Clause",
    "pycparser": "BSD-3-Clause",
    "tzlocal": "MIT",
}
_ABOVE = """\
# Licences

What the product runs with, and under which terms. `make licences` writes this page out of
`requirements.txt` and of what the packages say of themselves; a test compares, and refuses
licences that nobody has thought about. What only tests and checks need is not part of the product.
"""
_BELOW = """\
All but two are permissive: they ask that their notices stay where they are, in each package's own
folder.

- **psycopg2-binary** is LGPL, with an exception for linking. It is installed unchanged, as a
  package of its own that anybody can replace by another version, and imported when the program
  runs. That use the LGPL leaves free: it asks nothing of the code around it. Whoever passes on an
  image or a folder with it passes on its licence, which lies beside it, and those of the libraries
  inside (libpq, OpenSSL, Kerberos and others).
- **pycurl** may be taken under the MIT licence or the LGPL: here it is the MIT licence. Its package
  holds libcurl and what that needs (OpenSSL, Kerberos, libidn2 under the LGPL, and others),
  unchanged and as files of their own, to which the same applies as to psycopg2's.
- **certifi** is a list of certificate authorities under the MPL, which binds changes to that very
  list. There are none.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(make_page(), encoding="utf-8")


def make_page() -> str:
    """Return the page as it should be.

    :raises LookupError: A package does not say its licence, or in words not known here.
    """
    packages = [
        (name, ", ".join(versions), licence_of(name)) for name, versions in find_locked().items()
    ]
    parts = [_ABOVE, _table(packages), "Files of others that we serve:\n", _table(find_vendored())]
    return "\n".join([*parts, _BELOW])


def find_locked() -> dict[str, list[str]]:
    """Return the versions of each package of the lock; some differ by platform."""
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE):
        found.setdefault(name, []).append(version)
    return found


def find_vendored() -> list[tuple[str, ...]]:
    """Return name, version and licence of what lies in ``static/vendor``."""
    folder = ROOT / "aggregator" / "web" / "static" / "vendor"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \| ([^|]+) \|", listed, re.MULTILINE)
    return [tuple(row) for row in rows]


def licence_of(name: str) -> str:
    """Return a package's licence as an SPDX expression.

    :raises LookupError: It does not say, or in words not known here.
    """
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    said = metadata(name)
    if expression := said.get_all("License-Expression"):
        return str(expression[0])
    for words in (*(said.get_all("License") or ()), *(said.get_all("Classifier") or ())):
        if words in _EXPRESSIONS:
            return _EXPRESSIONS[words]
    raise LookupError(f"what is the licence of {name}?")


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| package | version | licence |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


if __name__ == "__main__":
    main()
