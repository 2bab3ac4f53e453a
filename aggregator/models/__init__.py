"""The tables, one noun a module. Imported here once, so that every model is known."""

from aggregator.models.access import OffersServiceToken
from aggregator.models.history import PollGap, PricePoint
from aggregator.models.offer import Offer
from aggregator.models.product import Product, ProductSync

__all__ = ["Offer", "OffersServiceToken", "PollGap", "PricePoint", "Product", "ProductSync"]
