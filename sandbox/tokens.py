"""Who may call: access tokens of both generations."""

import secrets
import uuid
from abc import ABC, abstractmethod

import jwt

from sandbox.refusal import Refusal

ALGORITHM = "HS256"


class Tokens(ABC):
    """The access tokens given out."""

    def __init__(self) -> None:
        #: How many access tokens were given out since the start.
        self.n_issued = 0

    @abstractmethod
    def issue(self, credential: str | None, now: float) -> str:
        """Return a new access token.

        :raises Refusal: This credential gets no token, or none yet.
        """

    @abstractmethod
    def account_of(self, token: str, now: float) -> str:
        """Return the account that an access token stands for.

        :raises Refusal: The token is not valid, or not any more.
        """

    @abstractmethod
    def revoke(self) -> None:
        """Make all access tokens invalid."""


class SingleTokens(Tokens):
    """Generation 2: a JWT that lives for minutes, one at a time for each refresh token.

    Its payload is ``token`` and ``expires``, as upstream's: no ``exp``.
    """

    def __init__(self, ttl_s: int, refresh_token: str | None = None) -> None:
        super().__init__()
        self._ttl_s = ttl_s
        self._refresh_token = refresh_token
        self._key = secrets.token_hex(32)
        self._live: dict[str, tuple[str, int]] = {}
        self._token_of: dict[str, str] = {}

    def issue(self, credential: str | None, now: float) -> str:
        """Return a new access token for a refresh token, unless the last one lives."""
        if credential is None or not self._accepts(credential):
            raise Refusal(401, "Bad Authentication")
        last = self._token_of.get(credential)
        if last is not None:
            if now < self._live[last][1]:
                raise Refusal(400, "Cannot generate access token because another is valid")
            del self._live[last]
        expires = int(now) + self._ttl_s
        token = jwt.encode({"token": credential, "expires": expires}, self._key, ALGORITHM)
        self._live[token] = credential, expires
        self._token_of[credential] = token
        self.n_issued += 1
        return token

    def account_of(self, token: str, now: float) -> str:
        """Return the refresh token an access token was issued for."""
        if token in self._live:
            account, expires = self._live[token]
            if now < expires:
                return account
        elif not self._is_ours(token):
            raise Refusal(401, "Access token invalid")
        raise Refusal(401, "Access token expired")

    def revoke(self) -> None:
        """Make all access tokens invalid; each refresh token may ask for another at once."""
        # A new key, because two tokens issued within a second are otherwise the same text.
        self._key = secrets.token_hex(32)
        self._live.clear()
        self._token_of.clear()

    def _accepts(self, credential: str) -> bool:
        if self._refresh_token is not None:
            return credential == self._refresh_token
        try:
            uuid.UUID(credential)
        except ValueError:
            return False
        return True

    def _is_ours(self, token: str) -> bool:
        try:
            jwt.decode(token, self._key, [ALGORITHM])
        except jwt.InvalidTokenError:
            return False
        return True


class PermanentTokens(Tokens):
    """Generation 1: a random UUID for everyone who asks; it is the account itself."""

    def __init__(self) -> None:
        super().__init__()
        self._valid: set[str] = set()

    def issue(self, credential: str | None, now: float) -> str:
        """Return a new access token; nothing is needed for it and it never expires."""
        token = str(uuid.uuid4())
        self._valid.add(token)
        self.n_issued += 1
        return token

    def account_of(self, token: str, now: float) -> str:
        """Return the token itself, if it was issued here."""
        if token not in self._valid:
            raise Refusal(401, "Access token invalid")
        return token

    def revoke(self) -> None:
        """Make all access tokens invalid."""
        self._valid.clear()
