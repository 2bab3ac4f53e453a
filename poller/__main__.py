"""``python -m poller``: settings, then the poller, then the loop."""

from __future__ import annotations

import argparse
import sys
from functools import partial

import structlog

from aggregator import create_app
from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.db import db
from aggregator.errors import DatabaseNotMigrated, SettingsError
from aggregator.log import log_crashes
from aggregator.offers_errors import OffersServiceNotConfigured
from aggregator.services.schema import require_schema
from aggregator.settings import Settings
from poller.loop import Loop
from poller.metrics import PortUnavailable, serve
from poller.poller import Poller

log = structlog.get_logger(__name__)

#: What says itself why the poller cannot start.
_REFUSALS = (SettingsError, OffersServiceNotConfigured, DatabaseNotMigrated, PortUnavailable)


def main(argv: list[str] | None = None) -> int:
    """Run the poller; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m poller", description=__doc__)
    parser.add_argument("--once", action="store_true", help="poll all that is due, then exit")
    once = parser.parse_args(argv).once
    try:
        return run(Settings.from_env(), once=once)
    except _REFUSALS as error:
        return _fail(str(error))
    except DATABASE_UNAVAILABLE as error:
        return _fail(f"the database is unavailable: {first_line(error)}")


def run(settings: Settings, *, once: bool) -> int:
    """Poll until a signal comes, or ``once`` until nothing is due; return the exit status.

    :raises OffersServiceNotConfigured: There is nothing to poll.
    :raises PortUnavailable: The figures cannot be told where they should.
    :raises DatabaseNotMigrated: ``once`` waits for nobody.
    """
    if settings.offers_base_url is None:
        raise OffersServiceNotConfigured
    with create_app(settings, "poller").app_context():
        engine = db.engine
    log_crashes()
    loop = Loop()
    loop.stop_on_signals()
    poller = Poller(settings, engine, loop.stop)
    if settings.metrics_port is not None and not once:
        serve(poller.metrics, settings.metrics_port)
    log.info("poller_started", base_url=settings.offers_base_url, once=once)
    if once:
        require_schema(engine)
        return 0 if poller.run_once() else 1
    loop.begin_with(partial(require_schema, engine))
    poller.join(loop)
    loop.run()
    log.info("poller_stopped")
    return 0


def _fail(reason: str) -> int:
    sys.stderr.write(f"poller: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
