"""The tour, in the order in which it runs: each step may use what those before it kept."""

from __future__ import annotations

from tools.postman.steps import Folder, Step

_BODY = "pm.response.json()"
_ETAG = {"etag": "pm.response.headers.get('ETag')"}
_NOBODY = "00000000-0000-0000-0000-000000000000"
_DAY = {"period": "24h"}


def _fault(code: str) -> dict[str, str]:
    return {f"The fault is '{code}'": f"pm.expect({_BODY}.errors[0].code).to.equal('{code}')"}


PRODUCTS = Folder(
    "Products",
    "Create a product, find it, change it.",
    [
        Step(
            "create_product",
            status=201,
            headers={"Idempotency-Key": "{{$guid}}"},
            keep={
                "product_id": f"{_BODY}.id",
                "idempotency_key": "pm.request.headers.get('Idempotency-Key')",
            },
        ),
        Step(
            "create_product",
            name="Send it again: the answer is the same, and nothing is created twice",
            status=201,
            headers={"Idempotency-Key": "{{idempotency_key}}"},
            expect={
                "It is the same product": f"pm.expect({_BODY}.id).to.equal("
                "pm.variables.get('product_id'))",
                "It is said to be a repetition": "pm.response.to.have.header("
                "'Idempotency-Replayed', 'true')",
            },
        ),
        Step("get_product", keep=_ETAG),
        Step(
            "get_product",
            name="Ask whether it has changed",
            headers={"If-None-Match": "{{etag}}"},
            status=304,
        ),
        Step("list_products"),
        Step(
            "list_products",
            name="Search, cheapest first",
            query={"q": "benz", "sort": "best_price"},
        ),
        Step("replace_product", headers={"If-Match": "{{etag}}"}, keep=_ETAG),
        Step("patch_product", headers={"If-Match": "{{etag}}"}, keep=_ETAG),
    ],
)
OFFERS = Folder(
    "Offers",
    "What the market offers. The poller asks for a new product's offers within seconds.",
    [
        Step(
            "list_offers",
            until=f"{_BODY}.items.length > 0",
            keep={"offer_id": f"{_BODY}.items[0].id"},
        ),
        Step("list_offers", name="List what can be bought", query={"in_stock": "true"}),
        Step("get_offer"),
    ],
)
HISTORY = Folder(
    "History and trend",
    "What prices did, over any period.",
    [
        Step("list_changes", query=_DAY),
        Step("list_changes", name="Get all changes as CSV", query=_DAY | {"format": "csv"}),
        Step("get_product_trend", query=_DAY),
        Step("get_offer_trend", query=_DAY),
        Step("list_movers", query=_DAY | {"limit": "10"}),
    ],
)
FILES = Folder(
    "Import and export",
    "The whole catalogue as a file.",
    [
        Step("import_products", name="Try an import", query={"dry_run": "true"}),
        Step("import_products", name="Import JSON"),
        Step(
            "import_products",
            name="Import CSV",
            headers={"Content-Type": "text/csv"},
        ),
        Step("export_products", name="Export NDJSON"),
        Step("export_products", name="Export CSV", query={"format": "csv"}),
    ],
)
ERRORS = Folder(
    "Errors",
    "Every error is a problem document (RFC 9457), which names all faults at once.",
    [
        Step(
            "get_product",
            name="Ask for a product that is not there",
            path={"product_id": _NOBODY},
            status=404,
        ),
        Step(
            "create_product",
            name="Leave out the name",
            body={"description": "46 cm, 2.6 kW"},
            status=422,
            expect=_fault("required"),
        ),
        Step(
            "list_products",
            name="Ask for too many at once",
            query={"limit": "1000000000"},
            status=422,
            expect=_fault("range"),
        ),
        Step(
            "patch_product",
            name="Change what somebody has changed meanwhile",
            headers={"If-Match": '"1"'},
            status=412,
        ),
    ],
)
CLEANING_UP = Folder(
    "Cleaning up",
    "Delete what the tour created.",
    [
        Step("delete_product", headers={"If-Match": "{{etag}}"}, status=204),
        Step("get_product", name="See that it is gone", status=404),
    ],
)

TOUR = [PRODUCTS, OFFERS, HISTORY, FILES, ERRORS, CLEANING_UP]
