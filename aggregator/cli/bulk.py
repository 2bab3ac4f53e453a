"""``flask products import`` and ``export``: the whole catalogue as a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import click
from flask.cli import with_appcontext

from aggregator import current
from aggregator.bulk import CSV, JSON, NDJSON
from aggregator.bulk.rows import FailedRow, ProductRow
from aggregator.bulk.writers import write_rows
from aggregator.cli.errors import one_line_errors
from aggregator.cli.listing import harmless
from aggregator.cli.progress import progress_bar
from aggregator.clock import utc_now
from aggregator.db import db, reading, unit_of_work
from aggregator.errors import ImportFailed
from aggregator.schemas.imports import ABORT, COLUMNS, SKIP, ImportReportSchema, read_products
from aggregator.schemas.products import ProductSchema
from aggregator.services import exports, imports

_FORMATS = {".csv": CSV, ".ndjson": NDJSON, ".jsonl": NDJSON, ".json": JSON}


@click.command("import")
@click.argument(
    "path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, allow_dash=True)
)
@click.option(
    "--format",
    "format_",
    type=click.Choice([CSV, NDJSON, JSON]),
    help="By default, FILE's extension.",
)
@click.option(
    "--on-error", type=click.Choice([ABORT, SKIP]), default=ABORT, help="What a bad row does."
)
@click.option("--dry-run", is_flag=True, help="Store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
@one_line_errors()
def import_(path: str, format_: str | None, on_error: str, dry_run: bool, as_json: bool) -> None:
    """Create the products of a file.

    FILE holds up to 10,000; - reads standard input. All or nothing, unless --on-error skip. The
    same file again changes nothing.
    """
    rows = _read(path, format_ or _format_of(path))
    hint = " Nothing was stored: this was a dry run." if dry_run else ""
    try:
        with progress_bar() as progress, unit_of_work() as session:
            progress.add_task("Storing", total=None)
            report: object = imports.import_products(
                session, rows, skip_failed=on_error == SKIP, dry_run=dry_run, now=utc_now()
            )
    except ImportFailed as error:
        report = error.report
        hint = " Nothing was stored; --on-error skip leaves bad rows out."
    _report(cast(dict[str, Any], ImportReportSchema().dump(report)), hint, as_json)


@click.command()
@click.option("--format", "format_", type=click.Choice([NDJSON, CSV]), default=NDJSON)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file."
)
@with_appcontext
@one_line_errors()
def export(format_: str, output: Path | None) -> None:
    """Print all products, to be imported again.

    The oldest first.
    """
    schema, stale_before = ProductSchema(many=True), current.stale_before()
    with reading() as session:
        n_products = exports.count_products(session, stale_before=stale_before)
    pages = map(schema.dump, exports.iter_pages(db.engine, stale_before=stale_before))
    with _written(output) as file, progress_bar() as progress:
        # On a terminal that shows the products, a bar would stand in their middle.
        task = progress.add_task("Exporting", total=n_products, visible=output is not None)

        def counted() -> Iterator[list[dict[str, Any]]]:
            for page in pages:
                yield page
                progress.advance(task, len(page))

        for piece in write_rows(format_, COLUMNS, counted()):
            file.write(piece)


def _format_of(path: str) -> str:
    format_ = _FORMATS.get(Path(path).suffix.lower())
    if format_ is None:
        known = ", ".join(_FORMATS)
        raise click.UsageError(f"Say --format: {path} ends with none of {known}.")
    return format_


def _read(path: str, format_: str) -> list[ProductRow | FailedRow]:
    with click.open_file(path, "rb") as opened, progress_bar() as progress:
        file = cast(BinaryIO, opened)
        if path != "-":
            size = Path(path).stat().st_size
            file = progress.wrap_file(file, size, description="Reading")
        return list(read_products(file, format_))


def _report(report: dict[str, Any], hint: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        click.echo(
            f"{report['created']} created, {report['existing']} existing, "
            f"{report['failed']} failed.{hint}"
        )
    for row in report["rows"]:
        for fault in row["errors"]:
            place = f" {fault['pointer']}" if fault["pointer"] else ""
            click.echo(harmless(f"row {row['row']}{place}: {fault['detail']}"), err=True)
    if report["failed"]:
        raise click.exceptions.Exit(1)


@contextmanager
def _written(path: Path | None) -> Iterator[IO[bytes]]:
    """Give a file to write; it gets its name when it is complete. None is standard output."""
    if path is None:
        yield sys.stdout.buffer
        return
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
