"""The only client of a sandbox in this process, and the clock that sandbox goes by."""

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BASE = "/api/v1"
PRODUCT = "0f8fad5b-d9cb-469f-a165-70867728950e"
REFRESH = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Caller:
    """Calls one sandbox as its only client."""

    def __init__(self, http: FlaskClient, generation: int, clock: Clock) -> None:
        self.http = http
        self.generation = generation
        self.clock = clock

    def auth(self, refresh: str | None = REFRESH) -> TestResponse:
        headers = {"Bearer": refresh} if refresh is not None and self.generation == 2 else {}
        return self.http.post(f"{BASE}/auth", headers=headers)

    def token(self, refresh: str = REFRESH) -> str:
        response = self.auth(refresh)
        assert response.status_code == 201, response.text
        return str(response.get_json()["access_token"])

    def register(self, token: str, **changes: object) -> TestResponse:
        fields: dict[str, object] = {"id": PRODUCT, "name": "Kettle", "description": "1.7 l"}
        return self.http.post(
            f"{BASE}/products/register", headers={"Bearer": token}, json=fields | changes
        )

    def offers(self, token: str, product_id: object = PRODUCT) -> TestResponse:
        path = f"{BASE}/products/{product_id}/offers"
        return self.http.get(path, headers={"Bearer": token})

    def ready(self) -> str:
        """Register the product; return the token for it."""
        token = self.token()
        assert self.register(token).status_code == 201
        return token

    def tick(self, n: int = 1) -> None:
        assert self.http.post("/_sandbox/tick", json={"n": n}).status_code == 200

    def put_faults(self, **faults: object) -> TestResponse:
        return self.http.put("/_sandbox/faults", json=faults)

    def state(self) -> Any:
        return self.http.get("/_sandbox/state").get_json()

    def log(self, since: int = 0) -> Any:
        return self.http.get(f"/_sandbox/log?since={since}").get_json()


MakeCaller = Callable[..., Caller]
