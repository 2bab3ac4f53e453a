"""The entry point of gunicorn and of the flask command."""

import sys

from click import get_current_context

from aggregator import create_app, log
from aggregator.errors import SettingsError

try:
    app = create_app(process="command" if get_current_context(silent=True) else "web")
except SettingsError as error:
    sys.exit(f"aggregator: {error}")
log.log_crashes()
