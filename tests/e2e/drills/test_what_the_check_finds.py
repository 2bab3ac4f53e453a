"""The check of the drills itself: whatever is lost, invented or torn, it finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from aggregator.clock import to_ms, utc_now
from aggregator.models import Product
from aggregator.services.changes import ChangesQuestion, list_changes
from aggregator.services.paging import PageRequest
from tests.databases import migrated
from tests.e2e.answers import Answer, check_polls
from tests.e2e.history_check import check_product
from tests.e2e.stored_history import STALE_AFTER_MS, StoredHistory
from tests.factories import make_product, observe, seal_history

A, B = UUID(int=1), UUID(int=2)
ANSWERS = [Answer(at, {A: (price, 1)}) for at, price in ((10, 5), (20, 6), (30, 6), (40, 7))]
POLLS = [Answer(answer.at + 2, answer.figures) for answer in ANSWERS]


def test_polls_of_all_answers_pass() -> None:
    check_polls(POLLS, ANSWERS)


@pytest.mark.parametrize(
    ("polls", "found"),
    [
        pytest.param([Answer(5, {}), *POLLS], "before any answer", id="before"),
        pytest.param([*POLLS, Answer(45, {A: (8, 1)})], "never answered", id="invented"),
        pytest.param([*POLLS, Answer(45, {A: (7, 1)})], "stored twice", id="twice"),
        pytest.param(POLLS[:1] + POLLS[2:], r"answers at \[20\]", id="lost"),
        pytest.param(POLLS[:-1], r"answers at \[40\]", id="last-lost"),
    ],
)
def test_polls_that_are_not_the_answers_are_found(polls: list[Answer], found: str) -> None:
    with pytest.raises(AssertionError, match=found):
        check_polls(polls, ANSWERS)


@pytest.mark.parametrize(
    "interruptions",
    [
        pytest.param([15], id="before-it"),
        pytest.param([25], id="after-it"),
        pytest.param([5, 5, 25], id="others-too"),
    ],
)
def test_what_was_under_way_at_an_interruption_may_be_lost(interruptions: list[int]) -> None:
    check_polls(POLLS[:1] + POLLS[2:], ANSWERS, interruptions)


@pytest.mark.parametrize(
    "interruptions", [pytest.param([25], id="two-of-one"), pytest.param([5, 45], id="elsewhere")]
)
def test_nothing_else_may_be_lost(interruptions: list[int]) -> None:
    with pytest.raises(AssertionError, match="never stored"):
        check_polls(POLLS[:1] + POLLS[3:], ANSWERS, interruptions)


#: What polls saw of a product, one after another: five hours ago, and again in this hour.
SAW = ({A: (5, 1)}, {A: (5, 1), B: (4, 0)}, {A: (6, 2)})


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Connection, list[Answer]]]:
    """Return a database with a product of which one hour is sealed, and what was answered."""
    engine = create_engine(migrated(f"sqlite:///{tmp_path_factory.mktemp('check')}/x.db"))
    product_id, answers = make_product(engine), []
    hour = utc_now().replace(minute=0, second=0, microsecond=0)
    stale_after = timedelta(milliseconds=STALE_AFTER_MS)
    for at in (hour - timedelta(hours=5), hour):
        for n, offers in enumerate(SAW):
            observed_at = at + timedelta(milliseconds=n)
            observe(engine, product_id, offers, at=observed_at, stale_after=stale_after)
            answers.append(Answer(to_ms(observed_at), offers))
    seal_history(engine)
    with engine.connect() as connection:
        yield connection, answers
    engine.dispose()


def check(past: tuple[Connection, list[Answer]]) -> None:
    """Check what is stored and told, as after a drill."""
    connection, answers = past
    everything = ChangesQuestion(0, to_ms(utc_now()), offer_id=None, newest_first=False)
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        product_id = session.scalars(select(Product.id)).one()
        told = list_changes(session, product_id, everything, PageRequest(limit=100)).page.rows
        check_product(StoredHistory(session, product_id), list(told), answers)


def test_a_past_as_it_was_stored_passes(past: tuple[Connection, list[Answer]]) -> None:
    check(past)
    with past[0].begin():
        tables = ("polls", "price_points", "poll_gaps", "price_detail")
        counts = [past[0].scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]
    assert counts == [3, 4, 1, 1]


@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM polls WHERE observed_at = (SELECT min(observed_at) FROM polls)",
        "INSERT INTO polls SELECT id, '2026-01-01 00:00:00' FROM products",
        "DELETE FROM price_points WHERE price = 6",
        "UPDATE price_points SET price = 3 WHERE price = 4",
        "UPDATE price_points SET items_in_stock = 9 WHERE price = 4",
        "DELETE FROM poll_gaps WHERE started_at = (SELECT min(started_at) FROM poll_gaps)",
        "DELETE FROM offers WHERE ended_at IS NULL",
        "UPDATE offers SET price = price + 1",
        "UPDATE product_sync SET best_price = 1",
        "UPDATE product_sync SET offers_count = 0",
        "UPDATE product_sync SET checked_at = '2026-01-01 00:00:00.000000'",
        "DELETE FROM price_detail",
        "DELETE FROM price_hours WHERE aggregate = 'mean'",
        "UPDATE price_hours SET low = low - 1 WHERE aggregate = 'best'",
        "DELETE FROM offer_hours",
    ],
)
def test_tables_that_contradict_the_answers_or_each_other_are_found(
    past: tuple[Connection, list[Answer]], spoil: str
) -> None:
    with past[0].begin() as transaction:
        assert past[0].execute(text(spoil)).rowcount
        with pytest.raises((AssertionError, NoResultFound, KeyError)):
            check(past)
        transaction.rollback()
