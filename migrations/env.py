"""How Alembic runs the migrations, from ``flask db`` only."""

import click
from alembic import context
from flask import current_app

from aggregator.cli.errors import one_line_errors
from aggregator.db import db
from aggregator.services.schema import SchemaState, read_schema

_configure_args = current_app.extensions["migrate"].configure_args


def is_compared(_item, name, kind, _reflected, _other) -> bool:
    """Tell whether ``flask db check`` compares a table, column or index with the models."""
    if kind == "table":
        # What SQLite's full-text search consists of, models do not know.
        return not name.startswith("product_search")
    if kind == "index":
        # Nor PostgreSQL's index of words. Of SQLite, Alembic reads no index's directions.
        return name != "ix_products_words" and not (
            name.endswith("_descending") and db.engine.name == "sqlite"
        )
    return True


def run_offline() -> None:
    """Print the SQL instead of running it."""
    context.configure(
        url=db.engine.url, target_metadata=db.metadata, literal_binds=True, **_configure_args
    )
    with context.begin_transaction():
        context.run_migrations()


def is_done_already(connection) -> bool:
    """Tell whether an upgrade finds a database that a newer release has upgraded.

    This release works with it as it is, and a rollback must not fail for it.
    """
    command = click.get_current_context(silent=True)
    if command is None or command.info_name != "upgrade":
        return False
    with connection.begin():
        schema = read_schema(connection)
    if schema.state is not SchemaState.AHEAD:
        return False
    click.echo(
        f"Nothing to do: a newer release has brought the database to {schema.found}, "
        f"beyond {schema.wanted} of this one. It is left as it is.",
        err=True,
    )
    return True


def writes() -> bool:
    """Tell whether the command is one that changes tables."""
    command = click.get_current_context(silent=True)
    return command is None or command.info_name in ("upgrade", "downgrade")


def run_online() -> None:
    """Run the migrations, all in one transaction."""
    with one_line_errors():
        connection = db.engine.connect()
    if writes():
        # While others write, SQLite lets nobody go from reading to writing.
        connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with connection:
        if is_done_already(connection):
            return
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            include_object=is_compared,
            # Alembic takes it that SQLite has none, but with a BEGIN of our own it has.
            transactional_ddl=True,
            **_configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
