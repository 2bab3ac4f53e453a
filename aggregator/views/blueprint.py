"""Blueprints whose arguments are read strictly, and whose faults are told all at once."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import flask_smorest
from flask import Request, current_app
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from aggregator.errors import Fault, InvalidInput
from aggregator.schemas.base import find_faults


class StrictParser(FlaskParser):
    """Reads arguments; what it cannot read or accept becomes one of our errors."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"query": RAISE, "json": RAISE}

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the body.

        :raises UnsupportedMediaType: It does not claim to be JSON.
        :raises BadRequest: It claims so wrongly.
        """
        if not req.is_json:
            raise UnsupportedMediaType("Send JSON, with the header Content-Type: application/json.")
        body = req.get_data()
        if not body:
            raise BadRequest("The body is empty.")
        # Of a body without a length, werkzeug silently leaves out what is over the limit.
        if req.content_length is None and len(body) >= (req.max_content_length or sys.maxsize):
            raise RequestEntityTooLarge
        try:
            return current_app.json.loads(body)
        except ValueError as error:
            raise BadRequest(f"The body is not JSON that can be read: {error}.") from error

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """Return the parameters.

        :raises InvalidInput: One is given more than once.
        """
        repeated = [name for name, values in req.args.lists() if len(values) > 1]
        if repeated:
            told = "This parameter is given more than once."
            raise InvalidInput([Fault("parameter", name, "repeated", told) for name in repeated])
        return super().load_querystring(req, schema)

    def handle_error(self, error: ValidationError, *args: Any, **kwargs: Any) -> NoReturn:
        """Turn the faults of one location into an error of the domain."""
        faults = [
            Fault("pointer", pointer, told["code"], told["detail"])
            if location == "json"
            else Fault("parameter", pointer.removeprefix("/"), told["code"], told["detail"])
            for location, messages in error.messages_dict.items()
            for pointer, told in find_faults(messages)
        ]
        raise InvalidInput(faults)


class Blueprint(flask_smorest.Blueprint):
    """A flask-smorest blueprint with our parser."""

    ARGUMENTS_PARSER = StrictParser()
