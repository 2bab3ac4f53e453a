"""Files of many rows: how these are read from them and written to them.

Pure: files in, rows out, and the other way round. No SQL, no Flask, no marshmallow.
"""

from __future__ import annotations

JSON, CSV, NDJSON = "json", "csv", "ndjson"
MEDIA_TYPES = {JSON: "application/json", CSV: "text/csv", NDJSON: "application/x-ndjson"}

#: The most bytes that an import may have.
MAX_BYTES = 64 * 1024 * 1024
#: The most rows that an import may have.
MAX_ROWS = 10_000
