"""Access tokens follow the rules of their generation."""

import jwt
import pytest

from sandbox.refusal import Refusal
from sandbox.tokens import PermanentTokens, SingleTokens

ACCOUNT = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
OTHER = "16fd2706-8baf-433b-82eb-8c7fada847da"
NOW = 1_700_000_000.5


@pytest.fixture
def tokens() -> SingleTokens:
    """Return tokens of generation 2 that live 300 s."""
    return SingleTokens(300)


def test_payload_is_token_and_expires_alone(tokens: SingleTokens) -> None:
    token = tokens.issue(ACCOUNT, NOW)
    payload = jwt.decode(token, options={"verify_signature": False})
    assert payload == {"token": ACCOUNT, "expires": 1_700_000_300}
    assert jwt.get_unverified_header(token)["alg"] == "HS256"


def test_second_token_is_refused_while_the_first_lives(tokens: SingleTokens) -> None:
    token = tokens.issue(ACCOUNT, NOW)
    with pytest.raises(Refusal, match="another is valid") as caught:
        tokens.issue(ACCOUNT, NOW + 299)
    assert caught.value.status == 400
    assert tokens.account_of(token, NOW + 299) == ACCOUNT
    assert tokens.n_issued == 1


def test_accounts_do_not_disturb_each_other(tokens: SingleTokens) -> None:
    first, second = tokens.issue(ACCOUNT, NOW), tokens.issue(OTHER, NOW)
    assert (tokens.account_of(first, NOW), tokens.account_of(second, NOW)) == (ACCOUNT, OTHER)


@pytest.mark.parametrize("renewed", [False, True])
def test_old_token_is_expired(tokens: SingleTokens, renewed: bool) -> None:
    old = tokens.issue(ACCOUNT, NOW)
    for _ in range(renewed):
        assert tokens.issue(ACCOUNT, NOW + 300) != old
    with pytest.raises(Refusal, match="Access token expired"):
        tokens.account_of(old, NOW + 300)


@pytest.mark.parametrize("token", ["", "nonsense", "ÿ", "a.b.c", jwt.encode({}, "k" * 32)])
def test_strange_token_is_invalid(tokens: SingleTokens, token: str) -> None:
    with pytest.raises(Refusal, match="Access token invalid") as caught:
        tokens.account_of(token, NOW)
    assert caught.value.status == 401


def test_revoked_token_is_invalid_and_another_comes_within_the_second(
    tokens: SingleTokens,
) -> None:
    old = tokens.issue(ACCOUNT, NOW)
    tokens.revoke()
    new = tokens.issue(ACCOUNT, NOW)
    assert tokens.account_of(new, NOW) == ACCOUNT
    with pytest.raises(Refusal, match="Access token invalid"):
        tokens.account_of(old, NOW)


@pytest.mark.parametrize("credential", [None, "", "no uuid", f"{ACCOUNT}0"])
def test_malformed_refresh_token_is_wrong(tokens: SingleTokens, credential: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        tokens.issue(credential, NOW)
    assert caught.value.status == 401


def test_fixed_refresh_token_is_the_only_right_one() -> None:
    tokens = SingleTokens(300, "secret")
    assert tokens.issue("secret", NOW)
    with pytest.raises(Refusal):
        tokens.issue(ACCOUNT, NOW)


def test_permanent_tokens_are_new_each_time_and_stay() -> None:
    tokens = PermanentTokens()
    first, second = tokens.issue(None, NOW), tokens.issue(None, NOW)
    assert first != second
    assert tokens.account_of(first, NOW + 1e9) == first
    assert tokens.n_issued == 2
    tokens.revoke()
    with pytest.raises(Refusal, match="invalid"):
        tokens.account_of(first, NOW)
