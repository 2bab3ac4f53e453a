"""The three calls of the offers service over HTTP, for both generations."""

from collections.abc import Callable

from flask import Blueprint, Response, request

from sandbox import mischief
from sandbox.faults import Faults
from sandbox.refusal import Refusal
from sandbox.reply import Reply
from sandbox.service import OffersService

#: The header that carries both kinds of token; ``Authorization`` is not read.
HEADER = "Bearer"
BASE_PATH = "/api/v1"


def create_wire(service: OffersService) -> Blueprint:
    """Return the routes under ``/api/v1``."""
    bp = Blueprint("wire", __name__, url_prefix=BASE_PATH)

    @bp.post("/auth")
    def auth() -> Response:
        return _exchange(service, "auth", None, service.authenticate)

    @bp.post("/products/register")
    def register() -> Response:
        body = request.get_data()
        return _exchange(
            service, "register", _find_id(service, body), lambda h: service.register(h, body)
        )

    # A path, because ids of generation 1 may contain a slash; after a path, werkzeug does not
    # accept a trailing slash of its own accord.
    @bp.get("/products/<path:product_id>/offers")
    @bp.get("/products/<path:product_id>/offers/")
    def offers(product_id: str) -> Response:
        return _exchange(service, "offers", product_id, lambda h: service.offers(h, product_id))

    return bp


def _exchange(
    service: OffersService,
    call: str,
    product_id: str | None,
    answer: Callable[[str | None], Reply],
) -> Response:
    request_id = request.headers.get("X-Request-ID")
    faults = service.draw_faults(call, product_id)
    mischief.delay(faults)
    if faults.drop:
        service.record(call, product_id, None, request_id)
        mischief.hang_up(request.environ)
        # Nobody reads this, except where the server keeps its socket to itself.
        return Response(status=502)
    reply = mischief.find_substitute(faults, service.dialect)
    if reply is None:
        reply = mischief.spoil(faults, _answer(service, answer))
    service.record(call, product_id, reply, request_id)
    return _respond(faults, reply)


def _answer(service: OffersService, answer: Callable[[str | None], Reply]) -> Reply:
    try:
        return answer(request.headers.get(HEADER))
    except Refusal as refusal:
        return Reply(status=refusal.status, body=service.dialect.error(refusal))


def _respond(faults: Faults, reply: Reply) -> Response:
    pieces = mischief.stream(faults, reply.body)
    response = Response(
        reply.body if pieces is None else pieces,
        status=reply.status,
        headers=dict(reply.headers),
        content_type=reply.content_type,
    )
    if pieces is not None and not faults.endless:
        response.content_length = len(reply.body)
    return response


def _find_id(service: OffersService, body: bytes) -> str | None:
    try:
        return service.dialect.registration(body).key
    except Refusal:
        return None
