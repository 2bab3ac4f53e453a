"""The poller's attempts: a thread of its own asks about many products at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from multiprocessing.pool import ThreadPool
from queue import Empty, SimpleQueue
from threading import Condition, Thread

import structlog
from structlog.contextvars import bound_contextvars

from aggregator.offers_bulk import Answer
from aggregator.offers_errors import AttemptCrashed
from aggregator.services.fetching import AuthorizedFetch
from aggregator.services.offers_service import OffersService
from aggregator.services.polls import Outcome, read_answer, register_product
from poller.batch import Attempt

log = structlog.get_logger(__name__)

#: How long the thread looks at nothing but the network.
_LOOK_S = 0.02


class Fetcher:
    """Registers products that are not registered, and asks for their offers.

    Registrations are few, and take a thread each; questions for offers share one thread.

    :param size: how many products are attempted at once.
    :param may_begin: asked before each attempt; one that may not begin is deferred.
    """

    def __init__(
        self, offers_service: OffersService, size: int, may_begin: Callable[[], bool]
    ) -> None:
        self._offers_service = offers_service
        self._size = size
        self._may_begin = may_begin
        self._fetching: AuthorizedFetch[Attempt] = offers_service.authorized_fetch(size)
        self._todo: deque[Attempt] = deque()
        self._n_registering = 0
        self._changed = Condition()
        self._arrived: SimpleQueue[tuple[Attempt, Outcome]] = SimpleQueue()
        self._closed = False
        # Daemons: an answer that never ends cannot keep the process alive.
        self._registrars = ThreadPool(size)
        self._thread = Thread(target=self._work, name="fetcher", daemon=True)
        self._thread.start()

    @property
    def n_waiting(self) -> int:
        """How many attempts have not begun."""
        return len(self._todo)

    def begin(self, attempts: Iterable[Attempt]) -> None:
        """Attempt products, in this order, as soon as there is room."""
        with self._changed:
            self._todo.extend(attempts)
            self._changed.notify()

    def arrived(self, wait_s: float) -> list[tuple[Attempt, Outcome]]:
        """Return the outcomes that are there, or wait until there is one, but not for ever."""
        outcomes = []
        try:
            outcomes.append(self._arrived.get(timeout=wait_s))
            while True:
                outcomes.append(self._arrived.get_nowait())
        except Empty:
            return outcomes

    def close(self) -> None:
        """Let the threads go, and what they have under way."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._registrars.terminate()

    def _work(self) -> None:
        while not self._closed:
            try:
                self._begin_some()
                self._take_answers()
            except Exception:
                # Its products back off like any others that fail: let through, it would end
                # the thread, and all polling with it.
                log.exception("fetch_crashed")
                broken_off = self._fetching.break_off()
                self._fetching = self._offers_service.authorized_fetch(self._size)
                for attempt in broken_off:
                    self._finish(attempt, AttemptCrashed())

    def _begin_some(self) -> None:
        while attempt := self._next():
            if attempt.is_too_late or not self._may_begin():
                self._arrived.put((attempt, attempt.put_off()))
            elif attempt.claim.registration and not attempt.registered_at:
                self._begin_registration(attempt)
            else:
                self._fetching.begin(attempt, attempt.claim.product_id, attempt.batch.request_id)

    def _next(self) -> Attempt | None:
        """Return an attempt whose time has come, where there is room for it."""
        with self._changed:
            n_under_way = self._fetching.n_under_way + self._n_registering
            if not self._todo or n_under_way >= self._size:
                return None
            first = self._todo[0]
            is_time = first.begin_at <= time.monotonic() or first.is_too_late
            return self._todo.popleft() if is_time else None

    def _take_answers(self) -> None:
        if self._fetching.n_under_way == 0:
            self._await_work()
        for attempt, answer in self._fetching.answered(_LOOK_S):
            self._finish(attempt, answer)

    def _await_work(self) -> None:
        """Wait until there is something to begin, but not for ever."""
        with self._changed:
            is_full = self._n_registering >= self._size
            if is_full or not self._todo or self._todo[0].begin_at > time.monotonic():
                self._changed.wait(_LOOK_S if self._todo else None)

    def _finish(self, attempt: Attempt, answer: Answer) -> None:
        with bound_contextvars(request_id=attempt.batch.request_id):
            outcome = read_answer(attempt.claim, attempt.registered_at, answer)
        self._arrived.put((attempt, outcome))

    def _begin_registration(self, attempt: Attempt) -> None:
        with self._changed:
            self._n_registering += 1
        self._registrars.apply_async(self._register, (attempt,))

    def _register(self, attempt: Attempt) -> None:
        with bound_contextvars(request_id=attempt.batch.request_id):
            outcome = register_product(self._offers_service, attempt.claim)
        with self._changed:
            self._n_registering -= 1
            if outcome.error is None:
                attempt.registered_at = outcome.registered_at
                self._todo.appendleft(attempt)
            else:
                self._arrived.put((attempt, outcome))
            self._changed.notify()
