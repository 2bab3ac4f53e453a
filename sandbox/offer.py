"""What a shop asks for a product."""

from typing import NamedTuple


class Offer(NamedTuple):
    """One offer as the wire shows it; the fields are the JSON keys, in order."""

    id: str | int
    price: int
    items_in_stock: int
