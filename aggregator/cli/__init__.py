"""The flask commands, one group a noun: data on standard output, errors on standard error."""

from __future__ import annotations

from flask import Flask

from aggregator.cli import offers_service, products, trend


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(offers_service.group)
    app.cli.add_command(products.group)
    app.cli.add_command(trend.command)
