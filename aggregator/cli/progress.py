"""The progress bar of all commands."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress


def progress_bar() -> Progress:
    """Return a progress bar on standard error; where that is no terminal, nothing is shown."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
