"""``flask trend``: what prices did over a period, in words, as a sparkline and as a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError
from rich.table import Table

from aggregator import current
from aggregator.cli.console import UNLIMITED, make_console
from aggregator.cli.errors import one_line_errors
from aggregator.cli.local_time import LocalTime
from aggregator.cli.spans import describe_span
from aggregator.cli.sparkline import draw_sparkline
from aggregator.cli.trend_table import choose_interval, make_table
from aggregator.cli.trend_words import TrendWords
from aggregator.clock import to_ms, utc_now
from aggregator.db import reading
from aggregator.errors import InvalidInput
from aggregator.history.aggregates import AGGREGATES
from aggregator.history.buckets import AUTO, INTERVALS
from aggregator.history.change import NEAREST, STRICT
from aggregator.schemas.base import find_faults
from aggregator.schemas.trend_links import with_links
from aggregator.schemas.trends import TrendQuery, TrendSchema
from aggregator.services import products
from aggregator.services.trends import TrendQuestion, get_trend


@click.command("trend")
@click.argument("product_id", metavar="ID", type=click.UUID)
@click.option("--offer", "offer_id", metavar="ID", type=click.UUID, help="Of one offer alone.")
@click.option("--period", help="A duration such as 24h, 7d, 3mo or P1DT6H. Default: 30d.")
@click.option("--from", metavar="INSTANT", help="Where it begins, such as 2026-03-01T14:00.")
@click.option("--to", metavar="INSTANT", help="Where it ends. Default: now.")
@click.option("--tz", metavar="ZONE", help="Such as Europe/Prague. Default: UTC.")
@click.option("--aggregate", type=click.Choice(AGGREGATES), help="Of all offers. Default: best.")
@click.option(
    "--endpoints",
    type=click.Choice([NEAREST, STRICT]),
    help="Whether an end without a price moves inwards. Default: nearest.",
)
@click.option(
    "--interval", type=click.Choice([AUTO, *INTERVALS]), help="Of the table. Default: auto."
)
@click.option("--json", "as_json", is_flag=True, help="Print what the API answers.")
@with_appcontext
@one_line_errors()
def command(product_id: UUID, offer_id: UUID | None, as_json: bool, **options: str | None) -> None:
    """Tell what a product's prices did."""
    question = _read_question(offer_id, options)
    if as_json:
        _print_json(product_id, question)
    else:
        _print_words(product_id, question, options)


def _read_question(offer_id: UUID | None, options: Mapping[str, str | None]) -> TrendQuestion:
    """Return the question that the options ask.

    :raises InvalidInput: Some cannot be read, or do not go together.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if offer_id and "aggregate" in given:
        raise click.ClickException("An offer has one price: leave out --aggregate.")
    try:
        return TrendQuestion(**TrendQuery().load(given), offer_id=offer_id)
    except ValidationError as error:
        raise InvalidInput(list(find_faults(error.messages, "parameter"))) from error


def _print_json(product_id: UUID, question: TrendQuestion) -> None:
    with reading() as session:
        trend = get_trend(session, product_id, question, known_for=current.stale_after())
    body = with_links(trend, endpoints=question.endpoints, interval=question.interval)
    click.echo(json.dumps(TrendSchema().dump(body)))


def _print_words(
    product_id: UUID, question: TrendQuestion, options: Mapping[str, str | None]
) -> None:
    with reading() as session:
        stale_before, known_for = current.stale_before(), current.stale_after()
        name = products.get_product(session, product_id, stale_before=stale_before).name
        fine = replace(question, interval=AUTO)
        trend = get_trend(session, product_id, fine, known_for=known_for)
        if question.interval == AUTO:
            question = replace(question, interval=choose_interval(trend))
        tabled = get_trend(session, product_id, question, known_for=known_for)

    local = LocalTime(trend.period.tz, to_ms(utc_now()))
    asked = {"start": options["from"], "end": options["to"], "duration": options["period"]}
    words = TrendWords(trend, describe_span(trend.period, local, **asked), local)
    _print_all(words, name, make_table(tabled, local))


def _print_all(words: TrendWords, name: str, table: Table) -> None:
    trend, console = words.trend, make_console()
    console.print(words.title(name), style="bold")
    for sentence in words.sentences():
        console.print(sentence)
    if trend.low and trend.high and trend.whole.priced_ms:
        bars = [bucket.bar for bucket in trend.buckets]
        # Blocks are for the eye, so a pipe gets as many as a terminal usually has room for.
        width = console.width if sys.stdout.isatty() else 80
        line = draw_sparkline(bars, trend.low.value, trend.high.value, width=width)
        console.print(f"\n{line}\n", style="cyan")
        # Rather a row that the terminal wraps than a price cut short.
        console.width = UNLIMITED
        console.print(table)
