"""``/api/v1/movers``: the products whose best price fell or rose most."""

from __future__ import annotations

from typing import Any

from aggregator import current
from aggregator.db import reading
from aggregator.schemas.movers import MoversQuery, MoversSchema
from aggregator.services import movers
from aggregator.services.paging import Page
from aggregator.views.blueprint import Blueprint
from aggregator.views.pagination import page_response

bp = Blueprint(
    "movers",
    __name__,
    url_prefix="/api/v1/movers",
    description="The products whose best price fell or rose most.",
)


@bp.get("")
@bp.arguments(MoversQuery, location="query")
@bp.response(200, MoversSchema)
def list_movers(query: dict[str, Any]) -> Any:
    """List products by the change of their best price until now, the biggest fall first.

    The period begins at a full hour of UTC. ``sort`` is ``percent`` unless it is given.
    """
    with reading() as session:
        found = movers.list_movers(
            session,
            query["period"],
            sort=query["sort"],
            limit=query["limit"],
            known_for=current.stale_after(),
        )
    return page_response(Page(found.movers, None, None), period=found.period)
