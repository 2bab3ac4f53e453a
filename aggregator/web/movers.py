"""``/movers``: what fell and what rose most."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request
from marshmallow import RAISE, ValidationError

from aggregator import current
from aggregator.clock import from_ms
from aggregator.db import reading
from aggregator.http.replica import reads_replica
from aggregator.schemas.base import Choice, find_faults
from aggregator.schemas.periods import PeriodQuery
from aggregator.services.movers import list_movers
from aggregator.web.choices import PERIODS, USUAL_PERIOD
from aggregator.web.pages import page

bp = Blueprint("movers_page", __name__, url_prefix="/movers")

_USUAL = {"period": USUAL_PERIOD, "by": "percent"}
#: Products in each of the two lists.
_MOST = 10


class _Schema(PeriodQuery):
    """What the page takes. Its period lasts until now."""

    class Meta:
        unknown = RAISE
        exclude = ("start", "end", "tz")

    by = Choice("percent", "absolute")


@bp.get("")
@reads_replica
def show_movers() -> Response:
    """Show the biggest falls and rises of a period, side by side."""
    chosen = _USUAL | request.args.to_dict()
    try:
        query = _Schema().load(chosen)
    except ValidationError as error:
        faults = list(find_faults(error.messages, "parameter"))
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return page("movers.html", status=status, chosen=_USUAL, periods=PERIODS, faults=faults)
    with reading() as session:
        falls, rises = (
            list_movers(
                session, query["period"], sort=sort, limit=_MOST, known_for=current.stale_after()
            )
            for sort in (query["by"], f"-{query['by']}")
        )
    return page(
        "movers.html",
        chosen=chosen,
        periods=PERIODS,
        since=falls.period.start,
        now=from_ms(rises.period.end),
        lists={
            "falls": [mover for mover in falls.movers if mover.change.direction == "down"],
            "rises": [mover for mover in rises.movers if mover.change.direction == "up"],
        },
    )
