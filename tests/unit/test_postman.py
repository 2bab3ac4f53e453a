"""The Postman collection is what the OpenAPI document makes of the tour, and leaves nothing out."""

from __future__ import annotations

import pytest

from tools.postman.collection import walk
from tools.postman.files import FOLDER, generate, load_document
from tools.postman.tour import TOUR


@pytest.mark.parametrize(
    "name", ["product-aggregator.postman_collection.json", "local.postman_environment.json"]
)
def test_checked_in_file_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == generate()[name], "run: make postman"


def test_tour_leaves_no_operation_out() -> None:
    documented = {operation["operationId"] for _, _, operation in walk(load_document())}
    assert {step.operation for folder in TOUR for step in folder.steps} == documented
