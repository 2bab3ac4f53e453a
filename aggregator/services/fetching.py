"""Fetching the offers of many products at once, with the one shared access token."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import Generic, TypeVar
from uuid import UUID

from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.offers_bulk import Answer, BulkFetch, Question
from aggregator.offers_client import OffersClient
from aggregator.offers_errors import (
    AccessTokenUnavailable,
    AccessTokenUnreadable,
    OffersServiceUnauthorized,
    OffersServiceUnavailable,
)
from aggregator.services.shared_token import SharedToken

T = TypeVar("T")

#: A product that is refused more often, while tokens serve others, is refused for itself.
_MOST_REFUSALS = 2


class AuthorizedFetch(Generic[T]):
    """Asks for the offers of products, and asks again with a new token where one was refused.

    Belongs to one thread.

    :param size: how many products may be asked about at once.
    """

    def __init__(self, client: OffersClient, shared_token: SharedToken, size: int) -> None:
        self._timeout_s = client.timeout_s
        self._shared_token = shared_token
        self._bulk = BulkFetch[T](client, size)
        self._waiting: deque[Question[T]] = deque()
        self._token: str | None = None
        self._refused: str | None = None
        """The last token that was refused, where none has been accepted since."""
        self._accepted: str | None = None
        """The last token that was accepted, where none has been refused since."""
        self._is_hopeless = False

    @property
    def n_under_way(self) -> int:
        """How many products were begun with and have no answer yet."""
        return len(self._waiting) + self._bulk.n_under_way

    def begin(self, purpose: T, product_id: UUID, request_id: str) -> None:
        """Ask for a product's offers.

        :param purpose: given back with the answer.
        :param request_id: sent along, so that both sides' logs can be put together.
        """
        self._waiting.append(Question(purpose, product_id, request_id))

    def answered(self, wait_s: float) -> list[tuple[T, Answer]]:
        """Return the answers that are there, or wait until there is one, but not for ever."""
        try:
            self._ask()
        except AccessTokenUnavailable as error:
            # The refusal may have been one product's own: the next one will tell.
            self._refused = None
            return self._give_up(error)
        except DATABASE_UNAVAILABLE as error:
            return self._give_up(AccessTokenUnreadable(first_line(error)))
        answers: list[tuple[T, Answer]] = []
        for question, answer in self._bulk.answered(wait_s):
            if isinstance(answer, OffersServiceUnauthorized) and self._may_ask_again(question):
                self._refuse(question.token)
                self._waiting.append(replace(question, n_refused=question.n_refused + 1))
            else:
                if not isinstance(answer, OffersServiceUnavailable | OffersServiceUnauthorized):
                    self._refused, self._accepted = None, question.token
                answers.append((question.purpose, answer))
        return answers

    def break_off(self) -> list[T]:
        """Await no answer any more; return what was asked for."""
        broken_off = [question.purpose for question in self._waiting] + self._bulk.break_off()
        self._waiting.clear()
        return broken_off

    def _ask(self) -> None:
        """Ask about those that wait; renew the token first where that is due.

        :raises AccessTokenUnavailable: There is no token to be had now.
        """
        while self._waiting and not self._bulk.is_full:
            token = self._token
            if token is None or self._shared_token.has_expired(token):
                if self._bulk.n_under_way:
                    # Nobody would take their answers while a token is obtained.
                    return
                token = self._token = self._renewed()
            self._bulk.begin(replace(self._waiting[0], token=token))
            self._waiting.popleft()

    def _renewed(self) -> str:
        if self._is_hopeless:
            self._is_hopeless = False
            raise self._shared_token.postpone("a token just obtained was refused")
        deadline = time.monotonic() + self._timeout_s
        return self._shared_token.get(refused=self._refused, deadline=deadline)

    def _may_ask_again(self, question: Question[T]) -> bool:
        """Tell whether a refusal may have been the token's fault, not the product's own."""
        return question.n_refused < _MOST_REFUSALS or self._shared_token.has_expired(question.token)

    def _refuse(self, token: str) -> None:
        """Note that a token is not good, unless that is known already."""
        if token == self._accepted:
            # It was good a moment ago: this may be one product's own refusal.
            self._accepted = None
            return
        if token != self._token:
            return
        # Two in a row, neither of which had expired: a third would fare no better.
        self._is_hopeless = self._refused is not None and not self._shared_token.has_expired(token)
        self._refused, self._token = token, None

    def _give_up(self, error: Answer) -> list[tuple[T, Answer]]:
        answers = [(question.purpose, error) for question in self._waiting]
        self._waiting.clear()
        return answers
