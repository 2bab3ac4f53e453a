"""Blueprints whose arguments are read strictly, and whose faults are told all at once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

import flask_smorest
from flask import Request, current_app, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from aggregator.errors import AggregatorError, Fault, InvalidInput
from aggregator.http.problem_types import BY_ERROR
from aggregator.http.replica import reads_replica
from aggregator.http.turns import in_turn
from aggregator.openapi.problems import RAISES
from aggregator.schemas.base import find_faults
from aggregator.views.bodies import refuse_coding

#: As which a body is read. Other kinds of JSON, such as RFC 6902's patches, mean something else.
JSON_TYPES = ("application/merge-patch+json", "application/json")
#: What tells the place of a fault, by where the argument is read from.
_PLACES = {"json": "pointer", "query": "parameter", "headers": "header"}

#: Marks a view that reads the parameters of the URL.
_READS_QUERY = "reads_query"

View = TypeVar("View", bound=Callable[..., Any])


class StrictParser(FlaskParser):
    """Reads arguments; what it cannot read or accept becomes one of our errors."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"query": RAISE, "json": RAISE}

    def parse(self, *args: Any, location: str | None = None, **kwargs: Any) -> Any:
        """Return the arguments of one location, or what is wrong with them."""
        repeated = _find_repeated() if location == "query" else {}
        try:
            loaded = super().parse(*args, location=location, **kwargs)
        except InvalidInput as error:
            others = [fault for fault in error.faults if fault.where not in repeated]
            return InvalidInput([*repeated.values(), *others])
        return InvalidInput(list(repeated.values())) if repeated else loaded

    def load_querystring(self, req: Request, schema: Schema) -> dict[str, str]:
        """Return the parameters; those that are repeated are refused in any case."""
        return req.args.to_dict()

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the body.

        :raises UnsupportedMediaType: It does not claim to be JSON, or is in a coding.
        :raises BadRequest: It claims so wrongly, or is cut.
        """
        refuse_coding(req)
        if req.mimetype not in JSON_TYPES:
            raise UnsupportedMediaType("Send JSON, with the header Content-Type: application/json.")
        body = req.get_data()
        # With a limit, werkzeug takes a body that is cut for one that is complete.
        if req.content_length not in {None, len(body)}:
            raise ClientDisconnected
        if not body:
            raise BadRequest("The body is empty.")
        # Of a body without a length, werkzeug silently leaves out what is over the limit.
        if req.content_length is None and len(body) >= (req.max_content_length or sys.maxsize):
            raise RequestEntityTooLarge
        try:
            return current_app.json.loads(body)
        except ValueError as error:
            raise BadRequest(f"The body is not JSON that can be read: {error}.") from error

    def handle_error(self, error: ValidationError, *args: Any, **kwargs: Any) -> NoReturn:
        """Turn the faults of one location into an error of the domain."""
        faults = [
            fault
            for location, messages in error.messages_dict.items()
            for fault in find_faults(messages, _PLACES[location])
        ]
        raise InvalidInput(faults)


class Blueprint(flask_smorest.Blueprint):
    """A flask-smorest blueprint with our parser."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before_request(_refuse_parameters)

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view that only reads."""
        register = super().get(rule, **options)
        return lambda view: register(in_turn(reads_replica(view)))

    def arguments(self, schema: type[Schema], **kwargs: Any) -> Callable[[View], View]:
        """Read arguments for a view, which is called once those of all locations are good."""
        # Given the class, webargs makes a schema for each request: that takes twice the rest.
        read = super().arguments(schema(), **kwargs)

        def decorate(view: View) -> View:
            is_innermost = "arguments" not in getattr(view, "_apidoc", {})
            decorated: View = read(_refuse_faults(view) if is_innermost else view)
            if kwargs.get("location") == "query":
                vars(decorated)[_READS_QUERY] = True
            return decorated

        return decorate

    @classmethod
    def problems(cls, *errors: type[AggregatorError]) -> Callable[[View], View]:
        """Document errors of the domain that nothing but the view's own code tells of.

        What follows from a path, its parameters or a body is documented without it.
        """
        slugs = [BY_ERROR[error].slug for error in errors]
        mark: Callable[[View], View] = cls.doc(**{RAISES: slugs})
        return mark

    @classmethod
    def reads_file(cls, row: type[Schema], *media_types: str) -> Callable[[View], View]:
        """Document a body that is a file of rows, which the view reads by itself.

        :param media_types: what the file may be.
        """
        array = {"type": "array", "items": row}
        content = {
            media_type: {
                "schema": array if media_type == "application/json" else {"type": "string"}
            }
            for media_type in media_types
        }
        mark: Callable[[View], View] = cls.doc(requestBody={"required": True, "content": content})
        return mark


def _find_repeated() -> dict[str, Fault]:
    """Return a fault for each parameter that is given more than once, by its name."""
    told = "This parameter is given more than once."
    return {
        name: Fault("parameter", name, "repeated", told)
        for name, values in request.args.lists()
        if len(values) > 1
    }


def _refuse_parameters() -> None:
    """Tell that a view takes no parameters: what they ask for would be left undone."""
    if not request.query_string:
        return
    view = current_app.view_functions[str(request.endpoint)]
    if request.args and not vars(view).get(_READS_QUERY):
        told = "There is no such parameter."
        raise InvalidInput([Fault("parameter", name, "unknown", told) for name in request.args])


def _refuse_faults(view: View) -> View:
    """Make a view raise the faults of all its arguments at once."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        faulty = [arg for arg in args if isinstance(arg, InvalidInput)]
        if faulty:
            raise InvalidInput([fault for error in faulty for fault in error.faults])
        return view(*args, **kwargs)

    return cast(View, checked)
