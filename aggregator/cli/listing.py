"""How lists are printed: as a table for people, or as JSON, one object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import click
from rich.table import Table

from aggregator.cli.console import make_console

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

Item = dict[str, Any]


def harmless(text: str) -> str:
    """Return a text, such as a product's name, without what a terminal would obey."""
    return _CONTROL_CHARACTERS.sub(" ", text)


def print_items(
    items: Iterable[Item], make_table: Callable[[Iterable[Item]], Table], *, as_json: bool
) -> None:
    """Print items, in their order.

    :param make_table: returns the table for people.
    """
    if not as_json:
        make_console().print(make_table(items))
        return
    for item in items:
        click.echo(json.dumps(item, ensure_ascii=False))
