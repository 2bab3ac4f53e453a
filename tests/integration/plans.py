"""Which statements are sent, and how the database would run them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Engine, event, text

from aggregator import prepared


@contextmanager
def recorded(engine: Engine, *words: str) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements with these words that are sent meanwhile, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def record(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if all(word in statement for word in words):
            sent.append((statement, parameters))

    def send(statement: Any, connection: Connection, parameters: dict[str, Any]) -> Any:
        record(None, None, statement.sql, statement.bind(parameters))
        return at_once(statement, connection, parameters)

    at_once = prepared.Statement.send
    event.listen(engine, "before_cursor_execute", record)
    with patch.object(prepared.Statement, "send", send):
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", record)


def explain(engine: Engine, statement: str, parameters: Any, *disabled: str) -> str:
    """Return how the database would run a statement."""
    verb = "EXPLAIN" if engine.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.begin() as connection:
        for name in disabled if engine.name == "postgresql" else ():
            connection.execute(text(f"SET LOCAL enable_{name} = off"))
        rows = connection.exec_driver_sql(f"{verb} {statement}", parameters).all()
    return "\n".join(str(row[-1]) for row in rows)
