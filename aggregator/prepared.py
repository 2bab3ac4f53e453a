"""Queries that are compiled once, and sent past SQLAlchemy as long as all is well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, Select
from sqlalchemy.orm import Session

from aggregator.db import reading

Rows = Sequence[tuple[Any, ...]]


class Prepared:
    """A query that is asked often, each time with other parameters.

    :param query: all its parameters are named. Nothing in its rows needs to be converted: they
        hold text, whole numbers and null.
    """

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self.query = query
        self._statements: dict[str, Statement] = {}

    def rows(self, session: Session, **parameters: Any) -> Rows:
        """Return what it finds, as part of a transaction."""
        return session.execute(self.query, parameters).all()

    def fetch(self, engine: Engine, **parameters: Any) -> Rows:
        """Return what it finds: a single statement sees one instant of the database by itself.

        What SQLAlchemy does around a statement takes three times as long as the statement, and
        a transaction is two round trips more. Where anything goes wrong it is asked once more,
        in the usual way: that replaces lost connections, and knows what each error means.
        """
        statement = self._statements.get(engine.name)
        if statement is None:
            statement = self._statements[engine.name] = Statement(self.query, engine.dialect)
        with engine.connect() as connection:
            try:
                return statement.send(connection, parameters)
            except engine.dialect.loaded_dbapi.Error as error:
                connection.invalidate(error)
        with reading(engine) as session:
            return self.rows(session, **parameters)


class Statement:
    """A query in the words of one kind of database."""

    def __init__(self, query: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect)
        self.sql = str(compiled)
        self._names: Sequence[str] | None = compiled.positiontup
        self._defaults = compiled.params
        self._binders: dict[str, Callable[[Any], Any]] = {}
        for name, parameter in compiled.binds.items():
            if binder := parameter.type.dialect_impl(dialect).bind_processor(dialect):
                self._binders[name] = binder

    def send(self, connection: Connection, parameters: dict[str, Any]) -> Rows:
        """Return what the database answers; the connection is in no transaction."""
        driver: Any = connection.connection.dbapi_connection
        is_postgresql = connection.dialect.name == "postgresql"
        if is_postgresql:
            driver.autocommit = True
        try:
            cursor = driver.cursor()
            cursor.execute(self.sql, self.bind(parameters))
            rows: Rows = cursor.fetchall()
            cursor.close()
        finally:
            if is_postgresql:
                driver.autocommit = False
        return rows

    def bind(self, parameters: dict[str, Any]) -> Any:
        """Return parameters as the driver takes them: by name, or in order."""
        values = self._defaults | parameters
        for name, binder in self._binders.items():
            values[name] = binder(values[name])
        return values if self._names is None else tuple(values[name] for name in self._names)
