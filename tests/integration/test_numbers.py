"""Numbers come back from both databases as they went in, and their sums are exact."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction

import msgspec
import pytest
from sqlalchemy import Column, Engine, Float, Integer, MetaData, Table, func, insert, select

from aggregator.numbers import BigNumber, Number
from aggregator.sql_functions import exact_sum, json_rows

LARGEST = 2**63 - 1
#: What an hour of the largest price comes to.
HOURLY = LARGEST * 3_600_000
WHOLE = [0, 1, -1, 2**31, 2**53 + 1, LARGEST, -LARGEST]
FLOATS = [
    0.5,
    -0.5,
    0.1,
    1 / 3,
    1e-7,
    5e-324,
    1.5e-300,
    123456789.123456,
    1e15 + 0.5,
    2.0**63,
    1e300,
]


@pytest.fixture
def table(engine: Engine) -> Iterator[Table]:
    """Return an empty table with a column of each type."""
    table = Table(
        "numbers_tried",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("number", Number),
        Column("big", BigNumber),
        Column("double", Float),
    )
    table.create(engine)
    yield table
    table.drop(engine)


def store(engine: Engine, table: Table, column: str, numbers: Sequence[int | float | None]) -> None:
    with engine.begin() as connection:
        rows = [{"id": i, column: number} for i, number in enumerate(numbers)]
        connection.execute(insert(table), rows)


def read(engine: Engine, table: Table, column: str) -> list[int | float | None]:
    with engine.connect() as connection:
        return list(connection.scalars(select(table.c[column]).order_by(table.c.id)))


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        pytest.param("number", WHOLE, id="number"),
        pytest.param("big", [*WHOLE, HOURLY, 10**30, 2**200, -(3**150)], id="big"),
    ],
)
def test_whole_number_comes_back_as_it_is(
    engine: Engine, table: Table, column: str, numbers: list[int]
) -> None:
    store(engine, table, column, numbers)
    found = read(engine, table, column)
    assert found == numbers
    assert {type(number) for number in found} == {int}


@pytest.mark.parametrize("column", ["number", "big"])
def test_double_comes_back_as_the_same_double(engine: Engine, table: Table, column: str) -> None:
    store(engine, table, column, FLOATS)
    found = read(engine, table, column)
    assert [float(number) for number in found if number is not None] == FLOATS


def test_double_too_long_for_an_integer_stays_one(engine: Engine, table: Table) -> None:
    store(engine, table, "number", [2.0**63, -1e300])
    found = read(engine, table, "number")
    assert found == [2.0**63, -1e300]
    assert {type(number) for number in found} == {float}


@pytest.mark.parametrize("column", ["number", "big"])
def test_whole_double_comes_back_as_whole(engine: Engine, table: Table, column: str) -> None:
    store(engine, table, column, [100.0, 0.0, 2.0**53])
    found = read(engine, table, column)
    assert found == [100, 0, 2**53]
    assert {type(number) for number in found} == {int}


@pytest.mark.parametrize("column", ["number", "big"])
def test_nothing_comes_back_as_nothing(engine: Engine, table: Table, column: str) -> None:
    store(engine, table, column, [None, 1, None])
    assert read(engine, table, column) == [None, 1, None]


def test_numbers_sort_and_compare_by_value(engine: Engine, table: Table) -> None:
    numbers = [10, 9.5, 100, 9, 2**62, 9.25, 0, 2**53 + 1, 2**53]
    store(engine, table, "number", numbers)
    number = table.c.number
    with engine.connect() as connection:
        assert list(connection.scalars(select(number).order_by(number))) == sorted(numbers)
        extremes = connection.execute(select(func.min(number), func.max(number))).one()
        below = connection.scalars(select(number).where(number < 9.5).order_by(number))
        assert (tuple(extremes), list(below)) == ((0, 2**62), [0, 9, 9.25])


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param([HOURLY] * 10_000, id="far-beyond-64-bits"),
        pytest.param([HOURLY - i for i in range(10_000)], id="to-the-last-digit"),
        pytest.param([2**63] * 2, id="just-beyond-64-bits"),
        pytest.param([0], id="zero"),
        pytest.param([7, None, 5, None], id="gaps"),
    ],
)
def test_sum_of_whole_numbers_is_exact(
    engine: Engine, table: Table, numbers: list[int | None]
) -> None:
    store(engine, table, "big", numbers)
    with engine.connect() as connection:
        found = connection.scalar(select(exact_sum(table.c.big)))
    assert found == sum(number for number in numbers if number is not None)
    assert isinstance(found, int)


def test_sum_of_doubles_is_as_exact_as_doubles_are(engine: Engine, table: Table) -> None:
    chance = random.Random(1)
    numbers = [chance.uniform(0, 1e15) for _ in range(1000)] + [1e-9, HOURLY, 7]
    store(engine, table, "big", numbers)
    with engine.connect() as connection:
        found = connection.scalar(select(exact_sum(table.c.big)))
    assert float(found) == pytest.approx(float(sum(map(Fraction, numbers))), rel=1e-12)


def test_each_group_has_a_sum_of_its_own(engine: Engine, table: Table) -> None:
    store(engine, table, "big", [HOURLY, 1, HOURLY, 2, HOURLY])
    odd = (table.c.id % 2).label("odd")
    query = select(odd, exact_sum(table.c.big)).group_by(odd).order_by(odd)
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [(0, 3 * HOURLY), (1, 3)]


def test_rows_come_as_json_with_the_same_numbers(engine: Engine, table: Table) -> None:
    small = [0.5, 1 / 3, 123456789.123456, 1e15 + 0.5, 2.0**63, 1e300, 0, LARGEST, None]
    big = [HOURLY, 1e15 + 0.5, 2.5, 1 / 3, 0, 1, -1, 10**24, None]
    double = [0.5, 0.1, 1 / 3, 123456789.123456, 1e15 + 0.5, -1e-9, 5e-324, 1e300, None]
    rows = [list(row) for row in zip(range(9), small, big, double, strict=True)]
    query = select(json_rows(table.c.id, table.c.number, table.c.big, table.c.double))
    with engine.begin() as connection:
        assert msgspec.json.decode(connection.scalars(query).one()) == []
        connection.execute(insert(table).values(rows))
        told = msgspec.json.decode(connection.scalars(query).one())
    assert sorted(told) == rows
    assert [type(value) for row in sorted(told) for value in row] == [
        type(value) for row in rows for value in row
    ]
