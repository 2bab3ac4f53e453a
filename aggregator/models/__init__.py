"""The tables, one noun a module. Imported here once, so that every model is known."""

from aggregator.models.access import OffersServiceToken
from aggregator.models.api_token import ApiToken
from aggregator.models.history import Poll, PollGap, PricePoint
from aggregator.models.idempotency_key import IdempotencyKey
from aggregator.models.movers import FirstPrice, LastPrice, PriceStart
from aggregator.models.offer import Offer
from aggregator.models.pace import OffersServicePace
from aggregator.models.poller import Poller
from aggregator.models.poller_figure import PollerFigure
from aggregator.models.product import Product, ProductSync
from aggregator.models.sealed import OfferFigures, PriceDetail, PriceHour, PriceSeal
from aggregator.models.secret_key import SecretKey

__all__ = [
    "ApiToken",
    "FirstPrice",
    "IdempotencyKey",
    "LastPrice",
    "Offer",
    "OfferFigures",
    "OffersServicePace",
    "OffersServiceToken",
    "Poll",
    "PollGap",
    "Poller",
    "PollerFigure",
    "PriceDetail",
    "PriceHour",
    "PricePoint",
    "PriceSeal",
    "PriceStart",
    "Product",
    "ProductSync",
    "SecretKey",
]
