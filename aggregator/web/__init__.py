"""The pages: what people open in a browser."""

from __future__ import annotations

from flask import Flask

from aggregator.web import (
    access,
    catalogue,
    csrf,
    docs,
    errors,
    import_form,
    movers,
    pages,
    problems,
    product,
    product_forms,
    shown,
    sign_in,
    status,
)

#: What `API_AUTH` asks for a token, those that show and those that change something.
_SHOWING = (catalogue, product, movers, status)
_WRITING = (product_forms, import_form)
_OPEN = (pages, shown, csrf, access, sign_in, docs, problems)


def init_app(app: Flask) -> None:
    """Register the pages, their style and their scripts."""
    for module in (*_OPEN, *_SHOWING, *_WRITING):
        app.register_blueprint(module.bp)
    writing = {module.bp.name for module in _WRITING}
    showing = {module.bp.name for module in _SHOWING}
    access.init_app(app, guarded=showing | writing, writing=writing)
    errors.init_app(app)
