"""How each generation reads its input and words its errors."""

import json
import uuid
from http.client import NOT_FOUND, responses
from typing import Any, Protocol

from sandbox.refusal import Refusal
from sandbox.registry import Registration
from sandbox.reply import compact_json

#: The texts a registration needs besides the id.
TEXTS = ("name", "description")


class Dialect(Protocol):
    """One generation's way to say it."""

    def error(self, refusal: Refusal) -> bytes:
        """Return the body of an error."""

    def require_header(self, value: str | None) -> str:
        """Return the header ``Bearer``.

        :raises Refusal: It is missing.
        """

    def product_key(self, text: str) -> str:
        """Return the one spelling of a product id.

        :raises Refusal: It is no product id.
        """

    def registration(self, body: bytes) -> Registration:
        """Read the body of a registration.

        :raises Refusal: It is not what the generation asks for.
        """


class CurrentDialect:
    """Generation 2: FastAPI's."""

    def error(self, refusal: Refusal) -> bytes:
        """Return ``{"detail": …}`` with a text or a list."""
        return compact_json({"detail": refusal.detail})

    def require_header(self, value: str | None) -> str:
        """Return the header, or refuse with 422."""
        if value is None:
            raise Refusal(
                422, [_problem("field required", "value_error.missing", "Bearer", "header")]
            )
        return value

    def product_key(self, text: str) -> str:
        """Return a UUID in its canonical form, or refuse with 422."""
        try:
            return str(uuid.UUID(text))
        except ValueError:
            raise Refusal(422, [_not_a_uuid("product_id", "path")]) from None

    def registration(self, body: bytes) -> Registration:
        """Read an object of three texts, or refuse with 422 naming every wrong field."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            detail = {"loc": ["body"], "msg": str(error), "type": "value_error.jsondecode"}
            raise Refusal(422, [detail]) from None
        if not isinstance(data, dict):
            detail = {
                "loc": ["body"],
                "msg": "value is not a valid dict",
                "type": "type_error.dict",
            }
            raise Refusal(422, [detail])
        problems = _problems_of(data)
        if problems:
            raise Refusal(422, problems)
        key = str(uuid.UUID(data["id"]))
        return Registration(key, key, data["name"], data["description"])


class RetiredDialect:
    """Generation 1: a code and a message."""

    def error(self, refusal: Refusal) -> bytes:
        """Return ``{"code": …, "msg": …}``; the code of 404 has a space."""
        phrase = responses.get(refusal.status, "Error").upper()
        code = phrase if refusal.status == NOT_FOUND else phrase.replace(" ", "_")
        return compact_json({"code": code, "msg": refusal.detail})

    def require_header(self, value: str | None) -> str:
        """Return the header, or refuse with 401."""
        if value is None:
            raise Refusal(401, "Access token is missing")
        return value

    def product_key(self, text: str) -> str:
        """Return the text: any will do."""
        return text

    def registration(self, body: bytes) -> Registration:
        """Read an object with any id and two texts, or refuse with 400."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            raise Refusal(400, "Body is not JSON") from None
        if not isinstance(data, dict):
            raise Refusal(400, "Body is not an object")
        product_id = data.get("id")
        is_flag = isinstance(product_id, bool)
        if is_flag or not isinstance(product_id, str | int) or product_id == "":
            raise Refusal(400, "id is missing or not an id")
        for name in TEXTS:
            if not isinstance(data.get(name), str):
                raise Refusal(400, f"{name} is missing or not a text")
        return Registration(str(product_id), product_id, data["name"], data["description"])


def _problems_of(data: dict[str, Any]) -> list[dict[str, object]]:
    problems: list[dict[str, object]] = []
    for name in ("id", *TEXTS):
        value = data.get(name)
        if name not in data:
            problems.append(_problem("field required", "value_error.missing", name))
        elif name == "id" and not _is_uuid(value):
            problems.append(_not_a_uuid(name))
        elif not isinstance(value, str):
            problems.append(_problem("str type expected", "type_error.str", name))
    return problems


def _is_uuid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return isinstance(value, str)


def _not_a_uuid(name: str, place: str = "body") -> dict[str, object]:
    return _problem("value is not a valid uuid", "type_error.uuid", name, place)


def _problem(message: str, kind: str, name: str, place: str = "body") -> dict[str, object]:
    return {"loc": [place, name], "msg": message, "type": kind}
