"""Where and when something was measured, and what."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from benchmarks.web.size import Size

_ROOT = Path(__file__).parents[2]


def find_circumstances(engine: Engine, size: Size, started: datetime) -> dict[str, Any]:
    """Return what somebody who reads the figures wants to know beside them."""
    with engine.connect() as connection:
        postgresql = connection.scalar(text("SHOW server_version"))
    return {
        "date": started.isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "python": platform.python_version(),
        "postgresql": postgresql,
        "processors": os.cpu_count(),
        "processor": _processor(),
        "load_average": os.getloadavg()[0],
        "size": {name: getattr(size, name) for name in size.__dataclass_fields__},
    }


def _git(*words: str) -> str | None:
    """Return what git says; None where there is no repository."""
    try:
        return subprocess.check_output(
            ["git", *words], cwd=_ROOT, stderr=subprocess.DEVNULL, text=True
        ).strip()
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()
