"""How gunicorn serves the application; its own command line and variables go before."""

import sys

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
# It would listen on a socket in the user's home directory.
control_socket_disable = True
logconfig_dict = log.logging_config(_settings.log_level, _settings.log_format)
# Gunicorn keeps its own lines to itself unless its logger is named.
logconfig_dict["loggers"]["gunicorn.error"] = {"propagate": True}
# One line a request comes from the application, with the request's id.
accesslog = None
