"""The entry point of gunicorn and of the flask command."""

import sys

from aggregator import create_app
from aggregator.errors import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"aggregator: {error}")
