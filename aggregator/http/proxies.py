"""Proxies in front: who really calls."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix


def init_app(app: Flask, n_trusted: int) -> None:
    """Believe what so many proxies in front tell of the client, and nothing beyond.

    The host is not among it: not every proxy overwrites what a client says in
    ``X-Forwarded-Host``.
    """
    if n_trusted:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n_trusted, x_proto=n_trusted)  # type: ignore[method-assign]
