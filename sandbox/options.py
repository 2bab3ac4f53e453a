"""What a sandbox is started with."""

from dataclasses import dataclass
from typing import Literal

Generation = Literal[1, 2]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The settings of one sandbox; the defaults resemble the real service."""

    #: Which generation of the offers service to stand in for.
    generation: Generation = 2
    #: The market's offers follow from this number alone.
    seed: int = 1
    #: Seconds between two moves of the market; 0 means it moves only when told to.
    tick_s: float = 60.0
    #: How long an access token of generation 2 lives, seconds.
    token_ttl_s: int = 300
    #: The only right refresh token of generation 2; None accepts every UUID.
    refresh_token: str | None = None
    #: Delay before every answer until the faults are replaced, milliseconds.
    latency_ms: float = 0.0
    #: Share of calls answered 500 until the faults are replaced, 0 to 1.
    error_rate: float = 0.0
