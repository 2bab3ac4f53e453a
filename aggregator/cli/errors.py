"""How commands fail: one line on standard error, exit status 1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.errors import AggregatorError


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what the product raises on purpose, and a database that is away, into one line."""
    try:
        yield
    except AggregatorError as error:
        raise click.ClickException(str(error)) from error
    except DATABASE_UNAVAILABLE as error:
        raise click.ClickException(f"the database is unavailable: {first_line(error)}") from error
