"""What browsers and caches are told about every answer, so that nobody can abuse it."""

from __future__ import annotations

from flask import Flask, Response, request

_A_YEAR_S = 365 * 24 * 3600
_HEADERS = {
    # In what is shown by itself nothing runs and nothing is loaded. Pages say what they need.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Keeps pages of other origins from loading answers as if they were pictures or scripts.
    # Calls that CORS allows are not asked for it.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def init_app(app: Flask, *, private: bool) -> None:
    """Add the headers to every answer, also to errors; what an answer says itself stays.

    :param private: whether there are answers only for those whom the product knows.
    """
    headers = _HEADERS | {
        # Else caches guess how long an answer holds; so they ask, and its tag tells.
        "Cache-Control": "private, no-cache" if private else "no-cache"
    }

    def add(response: Response) -> Response:
        said = {name.lower() for name, _ in response.headers}
        for name, value in headers.items():
            if name.lower() not in said:
                response.headers.add(name, value)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={_A_YEAR_S}"
        return response

    app.after_request(add)
