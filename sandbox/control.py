"""The sandbox's own interface under ``/_sandbox/``: look, steer, break."""

import json
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.faults import FaultError
from sandbox.journal import LOGGED
from sandbox.refusal import Refusal
from sandbox.service import OffersService, Script

#: Ticks that can be skipped or looked ahead at once: more would block reads for seconds.
MOST_TICKS = 100_000


class ControlError(Exception):
    """A control call that makes no sense; the message says why."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


def create_control(service: OffersService) -> Blueprint:
    """Return the routes under ``/_sandbox``."""
    bp = Blueprint("control", __name__, url_prefix="/_sandbox")
    bp.register_error_handler(ControlError, _control_error)
    bp.register_error_handler(FaultError, lambda error: (jsonify(error=str(error)), 422))
    _add_state(bp, service)
    _add_faults(bp, service)
    _add_offers(bp, service)
    return bp


def _add_state(bp: Blueprint, service: OffersService) -> None:
    @bp.get("/state")
    def get_state() -> Response:
        return jsonify(service.to_json())

    @bp.post("/tick")
    def advance() -> Response:
        n_ticks = _whole_number(_read_object().get("n", 1), "n")
        with service.steering() as steering:
            steering.clock.advance(n_ticks)
            return jsonify(tick=steering.clock.tick)

    @bp.post("/forget")
    def forget() -> Response:
        tokens_too = _read_object().get("tokens", False)
        if not isinstance(tokens_too, bool):
            raise ControlError("tokens must be true or false")
        with service.steering() as steering:
            steering.registry.forget()
            if tokens_too:
                steering.tokens.revoke()
        return Response(status=204)

    @bp.post("/revoke")
    def revoke() -> Response:
        with service.steering() as steering:
            steering.tokens.revoke()
        return Response(status=204)

    @bp.get("/log")
    def get_log() -> Response:
        since = _whole_number(request.args.get("since", 0), "since", most=None)
        call = request.args.get("call", "offers")
        if call not in LOGGED:
            raise ControlError(f"call must be one of {', '.join(LOGGED)}")
        entries = service.list_served(since, call)
        body = b"[" + b",".join(entry.to_json() for entry in entries) + b"]"
        return Response(body, content_type="application/json")


def _add_faults(bp: Blueprint, service: OffersService) -> None:
    @bp.get("/faults")
    def get_faults() -> Response:
        with service.steering() as steering:
            return jsonify(steering.fault_box.to_json())

    @bp.put("/faults")
    def replace_faults() -> Response:
        data = _read_json()
        with service.steering() as steering:
            steering.fault_box.replace(data)
            return jsonify(steering.fault_box.to_json())

    @bp.delete("/faults")
    def clear_faults() -> Response:
        with service.steering() as steering:
            steering.fault_box.clear()
        return Response(status=204)


def _add_offers(bp: Blueprint, service: OffersService) -> None:
    @bp.get("/offers/<path:product_id>")
    def get_truth(product_id: str) -> Response:
        with service.steering() as steering:
            now = steering.clock.tick
        tick = _whole_number(request.args.get("tick", now), "tick", most=now + MOST_TICKS)
        truth = service.find_truth(_product_key(service, product_id), tick)
        if truth is None:
            raise ControlError("this product was never registered", 404)
        since, offers = truth
        listed = [offer._asdict() for offer in offers]
        return jsonify(product_id=product_id, tick=tick, since=since, offers=listed)

    @bp.put("/offers/<path:product_id>")
    def script(product_id: str) -> Response:
        key, body = _product_key(service, product_id), request.get_data()
        with service.steering() as steering:
            steering.scripts[key] = Script(body, body if _is_list(body) else None)
        return Response(status=204)

    @bp.delete("/offers/<path:product_id>")
    def unscript(product_id: str) -> Response:
        key = _product_key(service, product_id)
        with service.steering() as steering:
            steering.scripts.pop(key, None)
        return Response(status=204)


def _control_error(error: ControlError) -> tuple[Response, int]:
    return jsonify(error=str(error)), error.status


def _read_json() -> Any:
    try:
        return json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the body is not JSON: {error}") from None


def _read_object() -> dict[str, Any]:
    data = _read_json()
    if not isinstance(data, dict):
        raise ControlError("the body must be a JSON object")
    return data


def _whole_number(value: object, name: str, most: int | None = MOST_TICKS) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= (most or value):
        return value
    limit = "" if most is None else f" of at most {most}"
    raise ControlError(f"{name} must be a whole number{limit}")


def _product_key(service: OffersService, product_id: str) -> str:
    try:
        return service.dialect.product_key(product_id)
    except Refusal:
        raise ControlError("the product id is no UUID") from None


def _is_list(body: bytes) -> bool:
    try:
        # Decoded here, because json.loads() guesses UTF-16 as well and the log is UTF-8.
        return isinstance(json.loads(body.decode()), list)
    except (ValueError, RecursionError):
        return False
