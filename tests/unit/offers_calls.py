"""The calls of a client of the offers service, and what they are made with."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from aggregator.offers_bulk import BulkFetch, Question
from aggregator.offers_client import OffersClient
from aggregator.offers_errors import OffersServiceError
from aggregator.offers_wire import Snapshot

HOST = "offers.test"
BASE_URL = f"https://{HOST}/api/v1"
REFRESH = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
TOKEN = "9c858901-8a57-4791-81fe-4c455b099bc9"
PRODUCT = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
AUTH_URL = f"{BASE_URL}/auth"
REGISTER_URL = f"{BASE_URL}/products/register"
OFFERS_URL = f"{BASE_URL}/products/{PRODUCT}/offers"

Call = Callable[[OffersClient], object]
Fetch = Callable[[OffersClient, str, UUID], Snapshot]

CALLS: dict[str, Call] = {
    "sign-up": lambda client: client.sign_up(),
    "register": lambda client: client.register(TOKEN, PRODUCT, "Kettle", "1.7 l"),
    "fetch": lambda client: client.fetch_offers(TOKEN, PRODUCT),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


def fetch_in_bulk(client: OffersClient, token: str, product_id: UUID) -> Snapshot:
    """Fetch offers as the poller does."""
    bulk = BulkFetch[None](client, 2)
    bulk.begin(Question(None, product_id, "an-id", token))
    [(_, answer)] = bulk.answered(60)
    assert bulk.n_under_way == 0
    if isinstance(answer, OffersServiceError):
        raise answer
    return answer


FETCHES: dict[str, Fetch] = {"requests": OffersClient.fetch_offers, "libcurl": fetch_in_bulk}
both_ways = pytest.mark.parametrize("fetch", FETCHES.values(), ids=FETCHES.keys())
#: All calls over real connections: requests-mock knows nothing of libcurl.
REAL_CALLS = CALLS | {"bulk": lambda client: fetch_in_bulk(client, TOKEN, PRODUCT)}
every_real_call = pytest.mark.parametrize("call", REAL_CALLS.values(), ids=REAL_CALLS.keys())


def make_client(
    base_url: str | None = BASE_URL,
    *,
    refresh_token: str | None = REFRESH,
    timeout_s: float = 3.5,
) -> OffersClient:
    """Return a client, by default of a host that only requests-mock answers for."""
    return OffersClient(base_url, refresh_token=refresh_token, timeout_s=timeout_s)
