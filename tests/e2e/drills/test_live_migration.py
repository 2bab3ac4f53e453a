"""The next release's migration runs while this one's web server and pollers work.

It does what a release may: new columns with a default, a new table, a new index, and it holds the
locks for a while. Whoever must wait too long gets 503 with ``Retry-After``. No answer is lost.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from aggregator.clock import to_ms, utc_now
from aggregator.db import MIGRATIONS
from aggregator.services.schema import SchemaState, read_schema
from tests.e2e.answers import list_answers
from tests.e2e.conftest import Start, Web
from tests.e2e.drills.clients import Clients
from tests.e2e.drills.size import by_size, quick_on
from tests.e2e.drills.state import find_crashes, wait_for_polls
from tests.e2e.history_check import check_history
from tests.e2e.processes import POLLER
from tests.e2e.reader import Reader
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

UPGRADES = by_size(1, 3)
#: How long the migration holds its locks.
HOLDS_S = by_size(1, 5)
N_PRODUCTS = 40
#: What every poll and most requests work on.
TABLES = ("products", "product_sync", "offers", "polls", "price_points")
MIGRATION = f"""
import time
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{{head}}", None, None

def upgrade():
    op.create_table("of_the_next", sa.Column("id", sa.Integer(), primary_key=True))
    for table in {TABLES}:
        op.add_column(table, sa.Column("next", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_of_the_next", "polls", ["observed_at"])
    time.sleep({HOLDS_S})

def downgrade():
    op.drop_index("ix_of_the_next")
    for table in {TABLES}:
        op.drop_column(table, "next")
    op.drop_table("of_the_next")
"""


@pytest.fixture
def next_release(engine: Engine, tmp_path: Path) -> str:
    """Return a folder with the migrations of this release and the next."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    with engine.connect() as connection:
        head = read_schema(connection).wanted
    (folder / "versions" / "9999_next.py").write_text(MIGRATION.format(head=head))
    return str(folder)


@quick_on("postgresql")
def test_a_migration_of_the_next_release_costs_nothing_but_time(
    start: Start,
    settings: dict[str, str],
    upstream: SandboxControl,
    web: Web,
    engine: Engine,
    next_release: str,
) -> None:
    reader = Reader(web, engine, [UUID(web.create(f"Product {i}")) for i in range(N_PRODUCTS)])
    clients = Clients(web, reader)
    pollers = [start(*POLLER, **settings) for _ in range(2)]

    def migrate(command: str) -> None:
        # It may be the one of two in a circle that the database sends back.
        flask = [sys.executable, "-m", "flask", "--app", "wsgi", "db"]
        wait_until(
            lambda: start(*flask, command, "-d", next_release, **settings).wait() == 0,
            timeout_s=60,
        )

    with clients.at_work():
        for number in range(UPGRADES):
            if number:
                migrate("downgrade")
            wait_for_polls(engine)
            upstream.tick()
            migrate("upgrade")
            upgraded_at = to_ms(utc_now())
            upstream.tick()
            wait_for_polls(engine, upgraded_at, timeout_s=20)
    wait_for_polls(engine)
    assert [poller.stop() for poller in pollers] == [0, 0]

    with engine.connect() as connection:
        assert read_schema(connection).state is SchemaState.AHEAD
    clients.check()
    assert find_crashes(*pollers, web.process) == []
    check_history(reader, engine, list_answers(upstream.log()))
