"""Whether the database can be written to, and the room that there is for it to grow."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from aggregator.services.health.brief_reading import sqlite_path
from aggregator.services.health.check import Check, Verdict
from aggregator.services.health.subject import Subject

_MB = 1000**2
#: So much free space is too little, and so much is worth a look.
_TOO_LITTLE = 100 * _MB
_LITTLE = 1000 * _MB

_RIGHTS = text("""
    SELECT pg_is_in_recovery() AS is_replica,
           current_setting('transaction_read_only')::boolean AS only_reads,
           has_table_privilege(to_regclass('products'), 'INSERT') AS may_write,
           pg_database_size(current_database()) AS size
    """)


def examine_writing(subject: Subject, session: Session) -> list[Check]:
    """Judge rights and room; of a server's disk, only the server's host knows."""
    path = sqlite_path(subject.engine)
    if path:
        return [_check_file(path)]
    if subject.engine.dialect.name == "sqlite":
        return []
    return [_check_server(session)]


def _check_server(session: Session) -> Check:
    found = session.execute(_RIGHTS).one()
    if found.is_replica:
        told, remedy = "The server is a replica.", "Let DATABASE_URL name the primary server."
    elif found.only_reads:
        told = "The server only reads: its disk may be full, or the plan's limit exceeded."
        remedy = (
            """psql "$DATABASE_URL" -c 'SHOW default_transaction_read_only'   # and make room"""
        )
    elif found.may_write is False:
        told = "This role may not write: it was never allowed to, or the plan's limit is exceeded."
        remedy = "As the tables' owner: GRANT ALL ON ALL TABLES IN SCHEMA public TO …;"
    else:
        size = _in_words(found.size)
        told = f"The database takes {size}; its server's disk cannot be seen from here."
        return Check("writing", Verdict.OK, told)
    return Check("writing", Verdict.FAILURE, told, remedy)


def _check_file(path: Path) -> Check:
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        told = "This user may not write to the database's file, or not beside it."
        return Check("writing", Verdict.FAILURE, told, f"sudo chown -R $(id -un) {path.parent}")
    free, size = shutil.disk_usage(path.parent).free, path.stat().st_size
    told = f"The database takes {_in_words(size)}; {_in_words(free)} are free."
    if free >= max(_LITTLE, size):
        return Check("writing", Verdict.OK, told)
    verdict = Verdict.FAILURE if free < _TOO_LITTLE else Verdict.WARNING
    return Check("writing", verdict, told, f"df -h {path.parent}   # and make room")


def _in_words(n_bytes: int) -> str:
    if n_bytes >= 1000 * _MB:
        return f"{n_bytes / (1000 * _MB):,.1f} GB"
    return f"{n_bytes / _MB:,.1f} MB"
