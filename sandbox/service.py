"""The offers service itself, without HTTP: three calls and what steers them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple

from sandbox.dialect import CurrentDialect, Dialect, RetiredDialect
from sandbox.faults import FaultBox, Faults
from sandbox.journal import LOGGED, Entry, Journal
from sandbox.market import Market
from sandbox.offer import Offer
from sandbox.options import Options
from sandbox.registry import Registry
from sandbox.reply import Reply, compact_json
from sandbox.tick_clock import TickClock
from sandbox.tokens import PermanentTokens, SingleTokens, Tokens


class Script(NamedTuple):
    """A body that is answered instead of a product's offers."""

    body: bytes
    #: The body again if it is a JSON list.
    offers: bytes | None


class OffersService:
    """The state of one sandbox. Safe for concurrent use.

    ``authenticate``, ``register`` and ``offers`` raise :class:`~sandbox.refusal.Refusal`.
    """

    def __init__(self, options: Options, now: Callable[[], float]) -> None:
        self._options = options
        self._now = now
        self._lock = Lock()
        self._clock = TickClock(options.tick_s, now)
        self._market = Market(options.seed, options.generation)
        self._registry = Registry()
        self._journal = Journal()
        self._scripts: dict[str, Script] = {}
        faults = Faults(latency_ms=options.latency_ms, error_rate=options.error_rate)
        self._fault_box = FaultBox(faults, options.seed)
        self._tokens: Tokens = PermanentTokens()
        self.dialect: Dialect = RetiredDialect()
        if options.generation == 2:
            self._tokens = SingleTokens(options.token_ttl_s, options.refresh_token)
            self.dialect = CurrentDialect()

    def authenticate(self, header: str | None) -> Reply:
        """Give out an access token."""
        credential = None
        if self._options.generation == 2:
            credential = self.dialect.require_header(header)
        with self._lock:
            token = self._tokens.issue(credential, self._now())
        return Reply(status=201, body=compact_json({"access_token": token}))

    def register(self, header: str | None, body: bytes) -> Reply:
        """Register a product for the caller's account."""
        token = self.dialect.require_header(header)
        registration = self.dialect.registration(body)
        with self._lock:
            account = self._tokens.account_of(token, self._now())
            self._registry.add(account, registration, self._clock.tick)
        return Reply(status=201, body=compact_json({"id": registration.id}))

    def offers(self, header: str | None, product_id: str) -> Reply:
        """Return the current offers for a product of the caller's account."""
        token = self.dialect.require_header(header)
        key = self.dialect.product_key(product_id)
        with self._lock:
            account = self._tokens.account_of(token, self._now())
            since = self._registry.require(account, key)
            tick = self._clock.tick
            script = self._scripts.get(key)
            if script is None:
                body = self._market.body(key, tick, since)
                script = Script(body, body)
        return Reply(status=200, body=script.body, offers=script.offers, tick=tick)

    def draw_faults(self, call: str, product_id: str | None) -> Faults:
        """Return what happens to one call."""
        with self._lock:
            return self._fault_box.draw(call, product_id)

    def record(
        self, call: str, product_id: str | None, reply: Reply | None, request_id: str | None
    ) -> None:
        """Count a call; one that was about a product and was answered is also remembered.

        :param reply: What was answered; None if the connection was dropped.
        :param request_id: What the caller named its request.
        """
        with self._lock:
            self._journal.count(call, reply.status if reply else None)
            if reply and call in LOGGED and product_id is not None:
                tick = self._clock.tick if reply.tick is None else reply.tick
                self._journal.add(call, self._now(), product_id, tick, reply, request_id)

    @contextmanager
    def steering(self) -> Iterator["Steering"]:
        """Hold everything still and hand out what steers it."""
        with self._lock:
            yield Steering(
                self._clock, self._registry, self._tokens, self._fault_box, self._scripts
            )

    def list_served(self, n: int, call: str) -> list[Entry]:
        """Return the remembered calls of a kind numbered above ``n``, oldest first."""
        with self._lock:
            return self._journal.list_since(n, call)

    def find_truth(self, key: str, tick: int) -> tuple[int, tuple[Offer, ...]] | None:
        """Return what the market has at a tick, past or future, whatever was answered.

        :returns: The tick the product came to the market, and its offers; None if the product
            was never registered.
        """
        with self._lock:
            since = self._registry.since(key)
        return None if since is None else (since, self._market.offers(key, tick, since))

    def to_json(self) -> dict[str, object]:
        """Return the state, without secrets."""
        with self._lock:
            return {
                "generation": self._options.generation,
                "seed": self._options.seed,
                "tick": self._clock.tick,
                "registered": self._registry.to_json(),
                "tokens_issued": self._tokens.n_issued,
                "requests": self._journal.to_json(),
                "faults": self._fault_box.to_json(),
                "scripted": sorted(self._scripts),
            }


class Steering(NamedTuple):
    """The parts of a service that the control interface changes."""

    clock: TickClock
    registry: Registry
    tokens: Tokens
    fault_box: FaultBox
    scripts: dict[str, Script]
