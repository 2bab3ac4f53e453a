"""What the doctor says of settings: doubts, and never a secret."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.services.health.configuration import check_settings, show_settings
from aggregator.settings import Settings

SECRET = "hunter2"
URL = "https://offers.example.org/api/v1"


@pytest.mark.parametrize(
    ("settings", "environ", "told"),
    [
        ({"offers_base_url": "https://offers.example.org"}, {}, "does not end with /api/v1"),
        (
            {"offers_base_url": "http://offers.example.org/api/v1", "offers_refresh_token": "a"},
            {},
            "without encryption",
        ),
        ({"stale_after_s": 50.0}, {}, "STALE_AFTER_S (50) is below twice POLL_INTERVAL_S (60)"),
        ({"rate_limit": "1/second"}, {}, "2 web processes counts for itself"),
        ({"rate_limit_storage": "redis://localhost"}, {}, "RATE_LIMIT_STORAGE does nothing"),
        ({"cors_origins": ("*",)}, {}, "any web page"),
        ({}, {"DYNO": "web.1"}, "this SQLite database"),
        (
            {"database_url": "postgresql+psycopg2://h/d", "rate_limit": "1/second"}
            | {"web_concurrency": 1},
            {"DYNO": "web.1"},
            "router's address",
        ),
        ({}, {"OFFER_BASE_URL": URL}, "OFFER_BASE_URL is no setting"),
        ({}, {"POLL_INTERVAL": "5"}, "POLL_INTERVAL is no setting"),
        ({}, {"DATABASE_URI": "x"}, "DATABASE_URI is no setting"),
        ({}, {"offers_base_url": URL}, "offers_base_url is no setting"),
    ],
)
def test_a_doubt_is_a_warning_with_a_remedy(
    settings: dict[str, Any], environ: dict[str, str], told: str
) -> None:
    [check] = check_settings(Settings(**settings), environ)
    assert told in check.detail
    assert check.verdict == "warning"
    assert check.remedy


def test_doubts_are_told_all_at_once() -> None:
    settings = Settings(cors_origins=("*",), offers_base_url="https://offers.example.org")
    assert len(check_settings(settings, {"POLL_INTERVAL": "5"})) == 3


@pytest.mark.parametrize(
    ("settings", "environ"),
    [
        ({}, {}),
        ({"offers_base_url": URL, "offers_refresh_token": "a"}, {"OFFERS_BASE_URL": URL}),
        ({"offers_base_url": "http://sandbox:8081/api/v1", "offers_refresh_token": "a"}, {}),
        ({"offers_base_url": "http://127.0.0.1:1/api/v1", "offers_refresh_token": "a"}, {}),
        ({}, {"DATABASE_URL": "sqlite:///a", "DATABASE_URL_2": "b"}),
        ({}, {"PATH": "/bin", "PGPORT": "1", "LANG": "C", "HOME": "/", "http_proxy": ""}),
        ({"cors_origins": ("*",), "api_auth": "write"}, {}),
    ],
)
def test_what_goes_together_is_in_order(settings: dict[str, Any], environ: dict[str, str]) -> None:
    [check] = check_settings(Settings(**settings), environ)
    assert (check.verdict, check.remedy) == ("ok", None)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"redis://:{SECRET}@host:6379/0", "redis://***@host:6379/0"),
        (f"redis://u:{SECRET}@{SECRET}@host/0", "redis://***@host/0"),
        (f"redis://u:a/{SECRET}@host/0", "redis://***@host/0"),
        (f"redis://u:a?{SECRET}@host/0", "redis://***"),
        (f"redis://host/0?password={SECRET}", "redis://host/0?***"),
        (f"redis://host/0?password=a@{SECRET}", "redis://***"),
        ("memory://", "memory://"),
        (SECRET, "***"),
    ],
)
def test_secrets_are_not_shown(url: str, shown: str) -> None:
    settings = Settings(rate_limit_storage=url, offers_refresh_token=SECRET)
    told = show_settings(settings)
    assert told["RATE_LIMIT_STORAGE"] == shown
    assert SECRET not in str(told)


def test_settings_are_shown_as_they_are_written() -> None:
    settings = Settings(cors_origins=("https://a", "https://b"), poll_interval_s=30.0)
    told = show_settings(settings)
    assert told["CORS_ORIGINS"] == "https://a,https://b"
    assert told["POLL_INTERVAL_S"] == "30"
    assert told["OFFERS_BASE_URL"] is None
    assert show_settings(Settings())["CORS_ORIGINS"] is None
