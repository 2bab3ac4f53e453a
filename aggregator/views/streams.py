"""Rows as a file, written while they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from flask import Response, after_this_request, request

from aggregator.bulk import MEDIA_TYPES
from aggregator.bulk.writers import write_rows


def accepted_format(*formats: str) -> str:
    """Return which of some formats the client likes best; the first where it does not say."""
    after_this_request(_vary_by_accept)
    by_media_type = {MEDIA_TYPES[format_]: format_ for format_ in formats}
    best = request.accept_mimetypes.best_match(by_media_type, default=MEDIA_TYPES[formats[0]])
    return by_media_type[best]


def _vary_by_accept(response: Response) -> Response:
    """Keep caches from giving one client the form that another asked for."""
    response.vary.add("Accept")
    return response


def stream_file(
    format_: str,
    columns: Sequence[str],
    pages: Iterator[Iterable[Mapping[str, Any]]],
    *,
    name: str,
) -> Response:
    """Return rows as a file; what can go wrong at once goes wrong before the first byte.

    :param format_: ``csv`` or ``ndjson``.
    :param columns: what each row has, in its order.
    :param pages: rows, some at a time; at least one page.
    :param name: the file's, without its extension.
    """
    first = next(pages)
    return Response(
        write_rows(format_, columns, chain([first], pages)),
        content_type=f"{MEDIA_TYPES[format_]}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.{format_}"'},
    )
