"""``flask doctor``: what is wrong with the product, and what to do about it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aggregator import current
from aggregator.cli.connect import patient_offers_service
from aggregator.cli.console import make_console
from aggregator.clock import utc_now
from aggregator.db import db
from aggregator.services.health.check import Check, Verdict, count, worst
from aggregator.services.health.configuration import show_settings
from aggregator.services.health.diagnosis import diagnose
from aggregator.services.health.subject import Subject

#: Characters, where the output is no terminal.
_WIDTH = 80
_VERDICT_WIDTH = 9
_MARKS = {Verdict.OK: "✓", Verdict.SKIPPED: "-", Verdict.WARNING: "!", Verdict.FAILURE: "✗"}
_STYLES = {
    Verdict.OK: "green",
    Verdict.SKIPPED: "dim",
    Verdict.WARNING: "yellow",
    Verdict.FAILURE: "bold red",
}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def command(as_json: bool) -> None:
    """Find out what is wrong, and how to mend it.

    Looks at everything that the product needs, and changes nothing. Exit status 0 where nothing
    fails; warnings are no failures.
    """
    subject = Subject(
        settings=current.settings(),
        engine=db.engine,
        offers_service=patient_offers_service(),
        now=utc_now(),
    )
    checks = diagnose(subject, os.environ)
    settings = show_settings(subject.settings)
    if as_json:
        report = {"verdict": worst(checks), "checks": list(map(asdict, checks))}
        click.echo(json.dumps(report | {"settings": settings}, ensure_ascii=False))
    else:
        _print(checks, settings)
    if worst(checks) is Verdict.FAILURE:
        raise click.exceptions.Exit(1)


def _print(checks: Sequence[Check], settings: Mapping[str, str | None]) -> None:
    console = make_console(piped_width=_WIDTH)
    for check in checks:
        _print_check(console, check, name_width=max(len(check.name) for check in checks))
    console.print()
    n = Counter(check.verdict for check in checks)
    failures, warnings = count(n[Verdict.FAILURE], "failure"), count(n[Verdict.WARNING], "warning")
    skipped = f", {n[Verdict.SKIPPED]} skipped" if n[Verdict.SKIPPED] else ""
    told = f"{failures}, {warnings}{skipped}, {n[Verdict.OK]} ok"
    console.print(told, style=_STYLES[worst(checks)])
    console.print()
    given = {name: value for name, value in settings.items() if os.environ.get(name, "").strip()}
    if given:
        console.print("Set in this shell; all else has its default, and other processes their own:")
        console.print(_table_of_settings(given))
    else:
        console.print("This shell sets nothing: all settings have their defaults.")


def _table_of_settings(settings: Mapping[str, str | None]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in settings.items():
        table.add_row(name, Text(value or ""))
    return table


def _print_check(console: Console, check: Check, *, name_width: int) -> None:
    line = Table.grid(padding=(0, 2))
    line.add_column(width=_VERDICT_WIDTH)
    line.add_column(width=name_width)
    line.add_column(overflow="fold")
    verdict = Text(f"{_MARKS[check.verdict]} {check.verdict}", style=_STYLES[check.verdict])
    line.add_row(verdict, check.name, Text(check.detail))
    console.print(line)
    if check.remedy:
        # In one piece, however long: it may be a command to copy.
        remedy = Text(f"{' ' * (_VERDICT_WIDTH + 2)}→ {check.remedy}", style="bold")
        console.print(remedy, soft_wrap=True)
