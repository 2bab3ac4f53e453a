"""The pages: what people open in a browser."""

from __future__ import annotations

from flask import Flask

from aggregator.web import docs, pages, problems


def init_app(app: Flask) -> None:
    """Register the pages, their style and their scripts."""
    app.register_blueprint(pages.bp)
    app.register_blueprint(docs.bp)
    app.register_blueprint(problems.bp)
