"""Which faults can be asked for, and what each of them accepts."""

from collections.abc import Callable

CALLS = ("auth", "register", "offers")
GARBAGE = ("html", "object", "truncated", "truncated-gzip", "empty")
LONGEST_S = 3600


def _number(low: float, high: float, kind: type = float) -> tuple[Callable[[object], bool], str]:
    types = (int,) if kind is int else (int, float)

    def accepts(value: object) -> bool:
        return isinstance(value, types) and not isinstance(value, bool) and low <= value <= high

    noun = "an integer" if kind is int else "a number"
    return accepts, f"{noun} from {low} to {high}"


def _is_address(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.startswith(("http://", "https://", "/"))
        and value.isascii()
        and value.isprintable()
    )


def _is_calls(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(call in CALLS for call in value)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


_FLAG: tuple[Callable[[object], bool], str] = (
    lambda value: isinstance(value, bool),
    "true or false",
)
#: For each fault what it accepts, and that in words.
RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "latency_ms": _number(0, LONGEST_S * 1000),
    "error_rate": _number(0, 1),
    "status": _number(400, 599, int),
    "retry_after": _number(0, 10**9, int),
    "garbage": (lambda value: value in GARBAGE, f"one of {', '.join(GARBAGE)}"),
    "endless": _FLAG,
    "drip": _number(0, LONGEST_S),
    "drop": _FLAG,
    "redirect": (_is_address, "an address that begins with http://, https:// or /"),
    "paths": (_is_calls, f"a list of {', '.join(CALLS)}"),
    "product_ids": (_is_texts, "a list of product ids"),
    "first": _number(0, 10**9, int),
}
