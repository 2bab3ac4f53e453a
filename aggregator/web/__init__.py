"""The pages: what people open in a browser."""

from __future__ import annotations

from flask import Flask

from aggregator.web import (
    catalogue,
    docs,
    import_form,
    movers,
    pages,
    problems,
    product,
    product_forms,
    shown,
    status,
)


def init_app(app: Flask) -> None:
    """Register the pages, their style and their scripts."""
    for module in (
        pages,
        shown,
        catalogue,
        product,
        product_forms,
        import_form,
        movers,
        status,
        docs,
        problems,
    ):
        app.register_blueprint(module.bp)
