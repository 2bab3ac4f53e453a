"""The application factory."""

import time
from collections.abc import Callable

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from sandbox.control import create_control
from sandbox.dialect import Dialect
from sandbox.options import Options
from sandbox.refusal import Refusal
from sandbox.service import OffersService
from sandbox.wire import create_wire


def create_sandbox(
    options: Options | None = None, *, now: Callable[[], float] = time.time
) -> Flask:
    """Return a new sandbox with a state of its own.

    ``app.extensions["sandbox"]`` is its :class:`~sandbox.service.OffersService`.

    :param options: What to stand in for; the defaults if None.
    :param now: The clock, Unix seconds; it moves the market and ends tokens.
    """
    service = OffersService(options or Options(), now)
    app = Flask(__name__, static_folder=None)
    app.extensions["sandbox"] = service
    app.url_map.strict_slashes = False
    # A client that doubles a slash must fail here as it does upstream, not be redirected.
    app.url_map.merge_slashes = False
    app.register_blueprint(create_wire(service))
    app.register_blueprint(create_control(service))
    app.register_error_handler(HTTPException, _http_error_of(service.dialect))
    return app


def _http_error_of(dialect: Dialect) -> Callable[[HTTPException], Response]:
    def answer(error: HTTPException) -> Response:
        status = error.code or 500
        body = dialect.error(Refusal(status, error.name))
        return Response(body, status=status, content_type="application/json")

    return answer
