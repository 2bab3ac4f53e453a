"""How gunicorn serves the application; its own command line and variables go before."""

import sys

from gunicorn.http.message import Request
from gunicorn.workers.base import Worker

from aggregator import log
from aggregator.errors import SettingsError
from aggregator.settings import Settings

try:
    _settings = Settings.from_env()
except SettingsError as error:
    sys.exit(f"aggregator: {error}")

bind = f"0.0.0.0:{_settings.port}"
workers = _settings.web_concurrency
worker_class = "gthread"
threads = 8
# As long as gunicorn allows: a list may be asked for by a hundred ids and a long search.
limit_request_line = 8190
# It would listen on a socket in the user's home directory.
control_socket_disable = True
logconfig_dict = log.logging_config(_settings.log_level, _settings.log_format)
# Gunicorn keeps its own lines to itself unless its logger is named.
logconfig_dict["loggers"]["gunicorn.error"] = {"propagate": True}
# One line a request comes from the application, with the request's id.
accesslog = None

#: So much of a body that the application left unread gunicorn reads, to keep the connection.
_READ_FOR_US = 64 * 1024


def pre_request(_worker: Worker, req: Request) -> None:
    """Say that the connection ends behind a long body.

    Gunicorn would end it unsaid where the body was refused, and the client's next request
    would fail.
    """
    lengths = [value for name, value in req.headers if name == "CONTENT-LENGTH"]
    if any(name == "TRANSFER-ENCODING" for name, _ in req.headers) or (
        lengths and int(lengths[0]) > _READ_FOR_US
    ):
        req.force_close()
