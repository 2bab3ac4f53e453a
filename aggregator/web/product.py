"""``/products/<id>``: what one product costs, and what that price did."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, request

from aggregator.clock import utc_now
from aggregator.errors import InvalidInput
from aggregator.history.aggregates import AGGREGATES
from aggregator.web import product_words
from aggregator.web.choices import PERIODS, usual_period
from aggregator.web.pages import page
from aggregator.web.product_facts import find_age, read_facts
from aggregator.web.product_query import read_query
from aggregator.web.still_chart import draw_chart

bp = Blueprint("product_page", __name__, url_prefix="/products")


@bp.get("/<uuid:product_id>")
def show_product(product_id: UUID) -> Response:
    """Show a product: its price and its change in words, the chart, the offers, the history.

    A parameter that cannot be read is told of, and the rest of the page is shown all the same.
    """
    usual = usual_period(find_age(product_id))
    asked = read_query(request.args, usual)
    try:
        facts = read_facts(product_id, asked)
    except InvalidInput as refused:
        asked = read_query(request.args, usual, [*asked.faults, *refused.faults])
        facts = read_facts(product_id, asked)
    span = asked.span(facts.trend.period)
    return page(
        "product.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if asked.faults else HTTPStatus.OK,
        asked=asked,
        facts=facts,
        span=span,
        still=draw_chart(facts.trend),
        words=product_words,
        periods=PERIODS,
        aggregates=AGGREGATES,
        now=utc_now(),
    )
