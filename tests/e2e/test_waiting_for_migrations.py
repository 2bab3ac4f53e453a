"""A poller that starts before the database is migrated for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask_migrate import downgrade, upgrade

from aggregator import create_app
from aggregator.db import db, reading
from aggregator.services.pollers import list_pollers
from aggregator.settings import Settings
from tests.conftest import NOWHERE
from tests.databases import migrated
from tests.e2e.conftest import Start
from tests.e2e.processes import POLLER, environ
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

WAITING = re.compile(r"revision \d+, where \d+ is needed\): run flask --app wsgi db upgrade")


def test_a_poller_waits_for_the_migration_and_goes_on_by_itself(
    start: Start, tmp_path: Path
) -> None:
    settings = environ(migrated(f"sqlite:///{tmp_path}/aggregator.db"), NOWHERE)
    app = create_app(Settings(database_url=settings["DATABASE_URL"], log_level="warning"))
    with app.app_context():
        engine = db.engine
        downgrade()
    poller, once = start(*POLLER, **settings), start(*POLLER, "--once", **settings)
    assert once.wait() == 1
    assert WAITING.search(once.said().splitlines()[-1])
    wait_until(lambda: WAITING.search(poller.said()))
    with app.app_context():
        upgrade()

    def is_seen() -> bool:
        with reading(engine) as session:
            return bool(list_pollers(session))

    wait_until(is_seen)
    assert poller.stop() == 0
    assert "Traceback" not in poller.said()
    engine.dispose()
