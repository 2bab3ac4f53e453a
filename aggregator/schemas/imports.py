"""Imports: what may be asked for, what a row may hold, and what is reported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from marshmallow import Schema, ValidationError, fields, pre_load

from aggregator.bulk import CSV, NDJSON
from aggregator.bulk.identity import DerivedIds
from aggregator.bulk.reader import read_rows
from aggregator.bulk.rows import FailedRow, FileRow, ProductRow
from aggregator.schemas.base import Choice, Flag, QuerySchema, find_faults
from aggregator.schemas.products import NewProductSchema, ProductSchema

ABORT, SKIP = "abort", "skip"
#: The columns of an export, which are those that an import knows.
COLUMNS = tuple(ProductSchema().fields)
#: Told of one row. Nobody corrects more at once, and a hostile one could have thousands.
_MAX_FAULTS = 50


class ImportQuery(QuerySchema):
    """The parameters of an import."""

    on_error = Choice(ABORT, SKIP, load_default=ABORT)
    dry_run = Flag(load_default=False)


class ExportQuery(QuerySchema):
    """The parameters of an export."""

    format = Choice(NDJSON, CSV, load_default=None)


class ImportRowSchema(NewProductSchema):
    """A row of an import: a new product, or one as an export has it."""

    @pre_load
    def _leave_out_read_only(self, row: Any, **_: Any) -> Any:
        if not isinstance(row, dict):
            return row
        read_only = ProductSchema._declared_fields.keys() - {"id", "name", "description"}
        return {name: value for name, value in row.items() if name not in read_only}


class RowFaultSchema(Schema):
    """One thing that is wrong with a row."""

    pointer = fields.String(attribute="where")
    code = fields.String()
    detail = fields.String()


class FailedRowSchema(Schema):
    """A row that was not imported, with all that is wrong with it, up to 50 faults."""

    row = fields.Integer(attribute="number")
    status = fields.Constant("failed")
    id = fields.UUID(allow_none=True)
    errors = fields.List(fields.Nested(RowFaultSchema), attribute="faults")


class ImportReportSchema(Schema):
    """What an import did, or would do."""

    created = fields.Integer()
    existing = fields.Integer()
    failed = fields.Integer()
    dry_run = fields.Boolean()
    rows = fields.List(fields.Nested(FailedRowSchema))


def read_products(file: IO[bytes], format_: str) -> Iterator[ProductRow | FailedRow]:
    """Yield the rows of a file in ``json``, ``ndjson`` or ``csv``, each good or failed.

    :raises UnreadableFile: The file is not what it claims to be.
    :raises InvalidInput: It holds something else than rows of products, or too many of them.
    """
    return check_rows(read_rows(file, format_, required=["name"], known=COLUMNS))


def check_rows(rows: Iterable[FileRow]) -> Iterator[ProductRow | FailedRow]:
    """Yield the rows of one file as products, or with all that is wrong with them."""
    schema, ids = ImportRowSchema(), DerivedIds()
    for row in rows:
        if row.fault:
            yield FailedRow(row.number, None, [row.fault])
            continue
        try:
            product = schema.load(row.content)
        except ValidationError as error:
            yield _failed(row.number, error)
            continue
        given = product["product_id"]
        name, description = product["name"], product["description"]
        product_id = given or ids.derive(name, description)
        yield ProductRow(row.number, product_id, name, description, has_derived_id=given is None)


def _failed(number: int, error: ValidationError) -> FailedRow:
    valid: Any = error.valid_data
    given = valid.get("product_id") if isinstance(valid, dict) else None
    return FailedRow(number, given, list(islice(find_faults(error.messages), _MAX_FAULTS)))
