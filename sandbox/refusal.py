"""Why a call is not answered as asked."""

from collections.abc import Mapping, Sequence


class Refusal(Exception):
    """The service declines a call.

    The detail is a text, or generation 2's list of what is wrong with each input.
    """

    def __init__(self, status: int, detail: str | Sequence[Mapping[str, object]]) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
