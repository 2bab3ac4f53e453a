"""The offers of many products at once: libcurl asks a dozen times as fast as requests."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar
from uuid import UUID

import certifi
import pycurl
import structlog

from aggregator.clock import utc_now
from aggregator.offers_client import OffersClient
from aggregator.offers_errors import (
    AttemptCrashed,
    OffersServiceError,
    OffersServiceUnavailable,
    OffersServiceUnreachable,
)
from aggregator.offers_http import (
    BROKEN_OFF,
    CONNECTING_TIMED_OUT,
    LATE,
    MAX_BODY_BYTES,
    TOO_BIG,
    UNREACHABLE,
    UNTRUSTED,
    USER_AGENT,
    proxy_for,
    raise_if_passing,
    retry_after_s,
)
from aggregator.offers_wire import Snapshot

log = structlog.get_logger(__name__)

T = TypeVar("T")

_NOT_REACHED = {
    pycurl.E_COULDNT_RESOLVE_HOST: UNREACHABLE,
    pycurl.E_COULDNT_RESOLVE_PROXY: UNREACHABLE,
    pycurl.E_COULDNT_CONNECT: UNREACHABLE,
    pycurl.E_PEER_FAILED_VERIFICATION: UNTRUSTED,
    pycurl.E_SSL_CONNECT_ERROR: UNTRUSTED,
}
#: libcurl has moments without anything to wait for, such as while a name is looked up.
_NOTHING_TO_WAIT_FOR_S = 0.005


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is asked about one product, for whatever purpose."""

    purpose: T
    product_id: UUID
    request_id: str
    """Sent along as ``X-Request-ID``."""
    token: str = ""
    """What it is asked with."""
    n_refused: int = 0
    """How often it was refused before, for its token."""


@dataclass(slots=True)
class _Transfer(Generic[T]):
    question: Question[T]
    body: bytearray = field(default_factory=bytearray)
    retry_after: str | None = None

    def hear(self, header: bytes) -> None:
        """Take a line of the head."""
        name, _, value = header.partition(b":")
        if name.lower() == b"retry-after":
            self.retry_after = value.decode("latin-1")

    def receive(self, data: bytes) -> int | None:
        """Take a piece of the body; break off where it gets too long."""
        if len(self.body) + len(data) > MAX_BODY_BYTES:
            return -1
        self.body += data
        return None


Answer = Snapshot | OffersServiceError


class BulkFetch(Generic[T]):
    """Asks one offers service for many products' offers at once. Belongs to one thread.

    As with :class:`OffersClient`, whose time-out bounds each whole exchange: redirects are not
    followed, no cookies are kept, and the environment's proxies are used.

    :param size: how many questions may be under way, each on a connection of its own.
    """

    def __init__(self, client: OffersClient, size: int) -> None:
        self._client = client
        self._under_way: dict[pycurl.Curl, _Transfer[T]] = {}
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, size)
        self._idle = [_make_handle(client) for _ in range(size)]

    @property
    def n_under_way(self) -> int:
        """How many questions have no answer yet."""
        return len(self._under_way)

    @property
    def is_full(self) -> bool:
        """Whether no question may be begun now."""
        return not self._idle

    def begin(self, question: Question[T]) -> None:
        """Ask."""
        curl, transfer = self._idle.pop(), _Transfer(question)
        curl.setopt(pycurl.URL, f"{self._client.base_url}/products/{question.product_id}/offers")
        curl.setopt(
            pycurl.HTTPHEADER,
            [
                f"Bearer: {question.token}",
                f"X-Request-ID: {question.request_id}",
                "Accept: application/json",
            ],
        )
        curl.setopt(pycurl.HEADERFUNCTION, transfer.hear)
        curl.setopt(pycurl.WRITEFUNCTION, transfer.receive)
        self._under_way[curl] = transfer
        self._multi.add_handle(curl)

    def answered(self, wait_s: float) -> list[tuple[Question[T], Answer]]:
        """Return the answers that are there, or wait until there is one, but not for ever."""
        give_up_at = time.monotonic() + wait_s
        while True:
            self._multi.perform()
            _, complete, failed = self._multi.info_read()
            if complete or failed:
                return [
                    *(self._end(curl, None) for curl in complete),
                    *(self._end(curl, number) for curl, number, _ in failed),
                ]
            left_s = give_up_at - time.monotonic()
            if not self._under_way or left_s <= 0:
                return []
            self._wait(left_s)

    def break_off(self) -> list[T]:
        """Await no answer any more; return what was asked for."""
        for curl in self._under_way:
            self._multi.remove_handle(curl)
        broken_off = [transfer.question.purpose for transfer in self._under_way.values()]
        self._idle += self._under_way
        self._under_way.clear()
        return broken_off

    def _wait(self, seconds: float) -> None:
        """Wait until the network or one of libcurl's own time-outs wants attention."""
        due_ms = self._multi.timeout()
        if self._multi.select(seconds if due_ms < 0 else min(seconds, due_ms / 1000)) < 0:
            time.sleep(_NOTHING_TO_WAIT_FOR_S)

    def _end(self, curl: pycurl.Curl, failure: int | None) -> tuple[Question[T], Answer]:
        """Take an exchange that has ended; ``failure`` is libcurl's number."""
        observed_at = utc_now()
        transfer = self._under_way.pop(curl)
        question = transfer.question
        self._multi.remove_handle(curl)
        self._idle.append(curl)
        self._client.on_call("fetch_offers", curl.getinfo(pycurl.TOTAL_TIME))
        if failure is not None:
            return question, _unavailable(curl, failure)
        status = curl.getinfo(pycurl.RESPONSE_CODE)
        try:
            raise_if_passing(status, retry_after_s(transfer.retry_after))
            answer: Answer = self._client.read_offers(
                question.token, question.product_id, status, bytes(transfer.body), observed_at
            )
        except OffersServiceError as error:
            answer = error
        except Exception:
            # Let through, it would take the answers beside it along.
            log.exception("attempt_crashed", product_id=question.product_id)
            answer = AttemptCrashed()
        return question, answer


def _make_handle(client: OffersClient) -> pycurl.Curl:
    curl, timeout_ms = pycurl.Curl(), int(client.timeout_s * 1000)
    # Signals belong to the main thread.
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.TIMEOUT_MS, timeout_ms)
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, timeout_ms)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.ACCEPT_ENCODING, "gzip, deflate")
    curl.setopt(pycurl.USERAGENT, USER_AGENT)
    # Without a proxy, libcurl would look into the environment by rules of its own.
    curl.setopt(pycurl.PROXY, proxy_for(client.base_url or "") or "")
    trusted = os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()
    curl.setopt(pycurl.CAPATH if Path(trusted).is_dir() else pycurl.CAINFO, trusted)
    return curl


def _unavailable(curl: pycurl.Curl, failure: int) -> OffersServiceUnavailable:
    """Say what happened without the address, which libcurl's message holds."""
    if failure in _NOT_REACHED:
        return OffersServiceUnreachable(_NOT_REACHED[failure])
    if failure == pycurl.E_OPERATION_TIMEDOUT:
        if curl.getinfo(pycurl.PRETRANSFER_TIME) == 0:
            return OffersServiceUnreachable(CONNECTING_TIMED_OUT)
        return OffersServiceUnavailable(LATE)
    if failure == pycurl.E_WRITE_ERROR:
        return OffersServiceUnavailable(TOO_BIG)
    return OffersServiceUnavailable(BROKEN_OFF)
