"""``python -m poller``: settings, then the offers service, then the jobs, then the loop."""

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
from aggregator.services.offers_service import connect_offers_service
from aggregator.services.schema import require_schema
from aggregator.settings import Settings
from poller.heartbeat import Heartbeat
from poller.jobs import PollJob
from poller.key_job import KeyJob
from poller.loop import Loop
from poller.metrics import PollerMetrics, PortUnavailable, serve
from poller.seal_job import SealJob

log = structlog.get_logger(__name__)

#: How often the poller looks for products that are due, at most.
_TICK_S = 1.0
#: How often expired idempotency keys are deleted.
_KEYS_S = 3600.0


def main(argv: list[str] | None = None) -> int:
    """Run the poller; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m poller", description=__doc__)
    parser.add_argument("--once", action="store_true", help="poll all that is due, then exit")
    once = parser.parse_args(argv).once
    try:
        settings = Settings.from_env()
        return run(settings, once=once)
    except (
        SettingsError,
        OffersServiceNotConfigured,
        DatabaseNotMigrated,
        PortUnavailable,
    ) as error:
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
    metrics = PollerMetrics()
    offers_service = connect_offers_service(
        settings,
        engine,
        timeout_s=settings.offers_timeout_s,
        n_threads=settings.poll_concurrency,
        on_call=metrics.called_upstream,
    )
    loop = Loop()
    loop.stop_on_signals()
    heartbeat = Heartbeat(engine, metrics)
    polls = PollJob(settings, engine, offers_service, loop.stop, heartbeat.beat, metrics)
    seals = SealJob(settings, engine, loop.stop, metrics)
    keys = KeyJob(engine, loop.stop)
    if settings.metrics_port is not None and not once:
        serve(metrics, settings.metrics_port)
    log.info("poller_started", base_url=settings.offers_base_url, once=once)
    if once:
        require_schema(engine)
        tally = polls.run()
        seals.run_all()
        keys.run()
        heartbeat.end()
        return 1 if tally.failed else 0
    loop.begin_with(partial(require_schema, engine))
    loop.every(_TICK_S, heartbeat.beat)
    loop.every(min(_TICK_S, settings.poll_interval_s / 10), polls.run)
    loop.every(_TICK_S, seals.run)
    loop.every(_KEYS_S, keys.run)
    loop.at_end(heartbeat.end)
    loop.run()
    log.info("poller_stopped")
    return 0


def _fail(reason: str) -> int:
    sys.stderr.write(f"poller: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
