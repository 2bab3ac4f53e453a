"""Where commands print what is for people."""

from __future__ import annotations

import os
import sys

from rich.console import Console

#: Characters: wider than any line, for a pipe has no width to fit into.
UNLIMITED = 400


def make_console(*, piped_width: int = UNLIMITED) -> Console:
    """Return a console on standard output, which takes no text for markup.

    With ``NO_COLOR`` it gives a terminal no escapes at all: Rich alone would leave bold and dim.

    :param piped_width: characters, where the output is no terminal.
    """
    return Console(
        width=None if sys.stdout.isatty() else piped_width,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        markup=False,
        emoji=False,
        highlight=False,
    )
