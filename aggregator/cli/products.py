"""``flask products``: registering, polling and listing by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from multiprocessing.pool import ThreadPool
from uuid import UUID

import click
from flask.cli import AppGroup
from rich.table import Table
from rich.text import Text

from aggregator import current
from aggregator.cli.connect import patient_offers_service
from aggregator.cli.console import make_console
from aggregator.cli.errors import one_line_errors
from aggregator.cli.listing import Item, harmless, print_items
from aggregator.cli.progress import progress_bar
from aggregator.clock import utc_now
from aggregator.db import db, reading, unit_of_work
from aggregator.errors import ProductNotFound
from aggregator.offers_errors import OffersServiceNotConfigured
from aggregator.schemas.products import ProductSchema
from aggregator.services import claims, exports, products
from aggregator.services.claims import Claim
from aggregator.services.health.check import in_words
from aggregator.services.offers_service import OffersService
from aggregator.services.polls import Outcome, poll_product, register_product

group = AppGroup("products", help="Poll, register, list, import and export.")

_ids = click.argument("product_ids", metavar="[ID]...", type=click.UUID, nargs=-1)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@group.command()
@_ids
@_json
@one_line_errors()
def register(product_ids: Sequence[UUID], as_json: bool) -> None:
    """Register products with the offers service.

    These, or all that are pending.
    """
    with reading() as session:
        chosen = product_ids or products.list_ids(session, unregistered_only=True)
    _attempt_all(register_product, chosen, "registered", as_json)


@group.command()
@_ids
@_json
@one_line_errors()
def sync(product_ids: Sequence[UUID], as_json: bool) -> None:
    """Ask for offers, once and now.

    Those of these products, or of all.
    """
    with reading() as session:
        chosen = product_ids or products.list_ids(session)
    _attempt_all(poll_product, chosen, "polled", as_json)


@group.command("list")
@_json
@one_line_errors()
def list_(as_json: bool) -> None:
    """List all products, oldest first.

    As JSON one object a line.
    """
    schema = ProductSchema(many=True)
    pages = exports.iter_pages(db.engine, stale_before=current.stale_before())
    listed = chain.from_iterable(map(schema.dump, pages))
    print_items(listed, _table, as_json=as_json)


def _table(listed: Iterable[Item]) -> Table:
    """Return a table that leaves out what there is no room for: ids and names go first."""
    room = make_console().width
    columns = {name: cell for name, (least, cell) in _COLUMNS.items() if room >= least}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=name != "Name", overflow="fold")
    for product in listed:
        table.add_row(*(Text(cell(product)) for cell in columns.values()))
    return table


def _best_price(product: Item) -> str:
    price = product["best_price"]
    return "-" if price is None else f"{price:,}"


def _last_poll(product: Item) -> str:
    if product["checked_at"] is None:
        return "never"
    age = in_words(utc_now() - datetime.fromisoformat(product["checked_at"]))
    return f"{age}, stale" if product["stale"] else f"{age} ago"


#: Heading, the least room in which it is shown, and what stands below.
_COLUMNS: Mapping[str, tuple[int, Callable[[Item], str]]] = {
    "ID": (0, lambda product: str(product["id"])),
    "Name": (0, lambda product: harmless(product["name"])),
    "Best price": (0, _best_price),
    "Offers": (100, lambda product: str(product["offers_count"])),
    "Registered": (120, lambda product: "yes" if product["registered_at"] else "no"),
    "Last poll": (0, _last_poll),
}


def _attempt_all(
    attempt: Callable[[OffersService, Claim], Outcome],
    product_ids: Sequence[UUID],
    done: str,
    as_json: bool,
) -> None:
    """Claim products, attempt them side by side, record what came of it, and report.

    :raises OffersServiceNotConfigured: There is nobody to ask.
    """
    if current.settings().offers_base_url is None:
        raise OffersServiceNotConfigured
    n_threads = current.settings().poll_concurrency
    offers_service = patient_offers_service(n_threads)
    failed: dict[UUID, str] = {}
    with ThreadPool(n_threads) as pool, progress_bar() as progress:
        task = progress.add_task(done.capitalize(), total=len(product_ids))
        for chosen in _batches(product_ids, n_threads):
            arriving = pool.imap_unordered(partial(attempt, offers_service), _claim(chosen))
            batch = []
            for outcome in arriving:
                batch.append(outcome)
                progress.advance(task)
            failed |= {o.claim.product_id: str(o.error) for o in batch if o.error}
            stored = current.recorder().record(batch)
            failed |= dict.fromkeys(stored.lost, "a poller took it over, or it was deleted")
    _report(len(set(product_ids)), failed, done, as_json)


def _batches(product_ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    """Yield so many products at a time that all attempts end well within their leases."""
    unique = list(dict.fromkeys(product_ids))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def _claim(product_ids: Sequence[UUID]) -> list[Claim]:
    claimed = []
    for product_id in product_ids:
        with unit_of_work() as session:
            claim = claims.claim_product(session, product_id, now=utc_now())
        if claim is None:
            raise ProductNotFound(product_id)
        claimed.append(claim)
    return claimed


def _report(n_asked: int, failed: Mapping[UUID, str], done: str, as_json: bool) -> None:
    n_done = n_asked - len(failed)
    if as_json:
        told = {str(product_id): reason for product_id, reason in failed.items()}
        click.echo(json.dumps({done: n_done, "failed": told}))
    else:
        click.echo(f"{n_done} of {n_asked} products {done}.")
    for product_id, reason in failed.items():
        click.echo(f"{product_id}: {reason}", err=True)
    if failed:
        raise click.exceptions.Exit(1)
