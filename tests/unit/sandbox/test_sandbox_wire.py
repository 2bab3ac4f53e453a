"""Both generations answer as the real service does."""

import json
import uuid

import jwt
import pytest

from tests.unit.sandbox.caller import BASE, PRODUCT, REFRESH, Caller, MakeCaller

OTHER_REFRESH = "16fd2706-8baf-433b-82eb-8c7fada847da"
ABSENT = object()


def test_auth_answers_one_key(either: Caller) -> None:
    response = either.auth()
    assert response.status_code == 201
    assert response.content_type == "application/json"
    assert list(response.get_json()) == ["access_token"]


def test_current_token_is_a_jwt_of_the_refresh_token(current: Caller) -> None:
    payload = jwt.decode(current.token(), options={"verify_signature": False})
    assert payload == {"token": REFRESH, "expires": int(current.clock.now) + 300}


def test_retired_token_is_a_new_uuid_each_time(retired: Caller) -> None:
    assert uuid.UUID(retired.token()) != uuid.UUID(retired.token())


def test_current_auth_is_refused_while_a_token_lives(current: Caller) -> None:
    token = current.ready()
    response = current.auth()
    assert response.status_code == 400
    assert response.get_json() == {
        "detail": "Cannot generate access token because another is valid"
    }
    assert current.offers(token).status_code == 200
    current.clock.now += 300
    assert current.offers(token).get_json() == {"detail": "Access token expired"}
    assert current.offers(current.token()).status_code == 200


def test_current_auth_without_header_is_422(current: Caller) -> None:
    response = current.auth(refresh=None)
    assert response.status_code == 422
    problem = {"loc": ["header", "Bearer"], "msg": "field required", "type": "value_error.missing"}
    assert response.get_json() == {"detail": [problem]}


def test_wrong_refresh_token_is_401(make_caller: MakeCaller) -> None:
    caller = make_caller(refresh_token=OTHER_REFRESH)
    assert caller.auth().status_code == 401
    assert caller.auth(OTHER_REFRESH).status_code == 201


def test_authorization_header_is_not_read(current: Caller) -> None:
    token = current.ready()
    headers = {"Authorization": f"Bearer {token}"}
    response = current.http.get(f"{BASE}/products/{PRODUCT}/offers", headers=headers)
    assert response.status_code == 422


@pytest.mark.parametrize(
    "path", ["/auth/", "/AUTH", "/products/register/", f"/products/{PRODUCT}/offers/"]
)
def test_trailing_slash_is_accepted(current: Caller, path: str) -> None:
    method = "GET" if "offers" in path else "POST"
    status = current.http.open(BASE + path, method=method).status_code
    assert (status == 404) is (path == "/AUTH")


def test_register_repeats_the_id(either: Caller) -> None:
    response = either.register(either.token())
    assert response.status_code == 201
    assert response.get_json() == {"id": PRODUCT}


def test_second_registration_is_409(either: Caller) -> None:
    response = either.register(either.ready())
    assert response.status_code == 409


def test_current_spellings_of_an_id_are_one_product(current: Caller) -> None:
    token = current.ready()
    assert current.register(token, id=PRODUCT.upper()).status_code == 409
    assert current.offers(token, PRODUCT.upper()).status_code == 200


@pytest.mark.parametrize("product_id", ["42", "a/b", "a//b", "Käse", PRODUCT])
def test_retired_id_may_be_anything(retired: Caller, product_id: str) -> None:
    token = retired.token()
    assert retired.register(token, id=product_id).get_json() == {"id": product_id}
    assert retired.offers(token, product_id).status_code == 200


def test_retired_number_id_is_repeated_as_a_number(retired: Caller) -> None:
    token = retired.token()
    assert retired.register(token, id=42).get_json() == {"id": 42}
    assert retired.offers(token, 42).status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("id", ABSENT, "value_error.missing"),
        ("name", ABSENT, "value_error.missing"),
        ("description", ABSENT, "value_error.missing"),
        ("id", "kettle", "type_error.uuid"),
        ("id", 7, "type_error.uuid"),
        pytest.param("id", 10**31, "type_error.uuid", id="digits-that-spell-a-uuid"),
        ("name", 7, "type_error.str"),
        ("description", None, "type_error.str"),
    ],
)
def test_current_bad_field_is_422_and_named(
    current: Caller, name: str, value: object, kind: str
) -> None:
    fields: dict[str, object] = {"id": PRODUCT, "name": "a", "description": "b", name: value}
    sent = {key: field for key, field in fields.items() if field is not ABSENT}
    response = current.http.post(
        f"{BASE}/products/register", headers={"Bearer": current.token()}, json=sent
    )
    assert response.status_code == 422
    [problem] = response.get_json()["detail"]
    assert problem["loc"] == ["body", name]
    assert problem["type"] == kind
    assert problem["msg"]


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "", "name": "a", "description": "b"},
        {"id": True, "name": "a", "description": "b"},
        {"id": None, "name": "a", "description": "b"},
        {"name": "a", "description": "b"},
        {"id": "1", "description": "b"},
        {"id": "1", "name": "a", "description": 7},
    ],
)
def test_retired_bad_field_is_400(retired: Caller, fields: dict[str, object]) -> None:
    response = retired.http.post(
        f"{BASE}/products/register", headers={"Bearer": retired.token()}, json=fields
    )
    assert response.status_code == 400
    assert response.get_json()["code"] == "BAD_REQUEST"
    assert response.get_json()["msg"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"1", b"[" * 100_000])
def test_malformed_body_is_refused(either: Caller, body: bytes) -> None:
    response = either.http.post(
        f"{BASE}/products/register", headers={"Bearer": either.token()}, data=body
    )
    assert response.status_code == {1: 400, 2: 422}[either.generation]
    assert set(response.get_json()) == {1: {"code", "msg"}, 2: {"detail"}}[either.generation]


def test_offers_are_a_bare_list_of_three_keys(either: Caller) -> None:
    response = either.offers(either.ready())
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert isinstance(response.get_json(), list)
    assert all(list(offer) == ["id", "price", "items_in_stock"] for offer in response.get_json())
    assert len(response.get_json()) >= 3


def test_offers_change_with_the_ticks_of_time(make_caller: MakeCaller) -> None:
    caller = make_caller(tick_s=0.01, generation=1)
    token = caller.ready()
    first = caller.offers(token).get_json()
    assert caller.offers(token).get_json() == first
    caller.clock.now += 0.011
    assert caller.offers(token).get_json() != first
    caller.clock.now -= 1
    assert caller.state()["tick"] == 1, "a clock set back does not bring ticks back"


def test_unknown_product_is_404(either: Caller) -> None:
    response = either.offers(either.token())
    assert response.status_code == 404
    assert (
        response.get_json()
        == {
            1: {"code": "NOT FOUND", "msg": "Product does not exist"},
            2: {"detail": "Product does not exist"},
        }[either.generation]
    )


def test_product_belongs_to_the_account_that_registered_it(either: Caller) -> None:
    mine = either.ready()
    theirs = either.token(OTHER_REFRESH)
    assert either.offers(theirs).status_code == 404
    assert either.register(theirs).status_code == 201
    assert either.offers(theirs).get_json() == either.offers(mine).get_json()


def test_current_product_outlives_the_access_token(current: Caller) -> None:
    current.ready()
    current.clock.now += 300
    assert current.offers(current.token()).status_code == 200


def test_current_malformed_product_id_is_422_before_the_token_matters(current: Caller) -> None:
    response = current.offers("nonsense", "kettle")
    assert response.status_code == 422
    assert response.get_json()["detail"][0]["loc"] == ["path", "product_id"]


def test_strange_access_token_is_401(either: Caller) -> None:
    for response in (either.offers("nonsense"), either.register("nonsense")):
        assert response.status_code == 401
        assert (
            response.get_json()
            == {
                1: {"code": "UNAUTHORIZED", "msg": "Access token invalid"},
                2: {"detail": "Access token invalid"},
            }[either.generation]
        )


def test_missing_header_is_refused(either: Caller) -> None:
    response = either.http.get(f"{BASE}/products/{PRODUCT}/offers")
    assert response.status_code == {1: 401, 2: 422}[either.generation]
    text = str(response.get_json())
    assert {1: "Access token is missing", 2: "field required"}[either.generation] in text


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "text"),
    [
        ("GET", "/nowhere", 404, "NOT FOUND", "Not Found"),
        ("POST", "/api/v1//auth", 404, "NOT FOUND", "Not Found"),
        ("GET", "/api/v1/products//offers", 404, "NOT FOUND", "Not Found"),
        ("GET", "/api/v1/auth", 405, "METHOD_NOT_ALLOWED", "Method Not Allowed"),
    ],
)
def test_unknown_route_has_the_shape_of_the_generation(
    either: Caller, method: str, path: str, status: int, code: str, text: str
) -> None:
    response = either.http.open(path, method=method)
    assert response.status_code == status
    expected = {1: {"code": code, "msg": text}, 2: {"detail": text}}[either.generation]
    assert json.loads(response.data) == expected
