"""The flask commands, one group a noun: data on standard output, errors on standard error."""

from __future__ import annotations

from flask import Flask

from aggregator.cli import bulk, db_copy, doctor, offers_service, products, tokens, trend


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(doctor.command)
    app.cli.add_command(db_copy.command)
    app.cli.add_command(offers_service.group)
    products.group.add_command(bulk.import_)
    products.group.add_command(bulk.export)
    app.cli.add_command(products.group)
    app.cli.add_command(tokens.group)
    app.cli.add_command(trend.command)
