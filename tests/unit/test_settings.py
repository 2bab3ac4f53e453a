"""What an operator sets is what the processes get, and nonsense is refused as a whole."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from aggregator.errors import SettingsError
from aggregator.settings import Settings

EVERY_VARIABLE: dict[str, tuple[str, object]] = {
    "DATABASE_URL": ("sqlite:////var/lib/a.db", "sqlite:////var/lib/a.db"),
    "DATABASE_POOL_SIZE": ("3", 3),
    "DATABASE_URL_READONLY": ("sqlite:////var/lib/b.db", "sqlite:////var/lib/b.db"),
    "OFFERS_BASE_URL": ("https://example.org/api/v1", "https://example.org/api/v1"),
    "OFFERS_REFRESH_TOKEN": ("6f9619ff-8b86", "6f9619ff-8b86"),
    "OFFERS_TIMEOUT_S": ("7.5", 7.5),
    "REGISTER_TIMEOUT_S": ("1", 1.0),
    "POLL_INTERVAL_S": ("30", 30.0),
    "POLL_CONCURRENCY": ("32", 32),
    "POLL_MAX_PER_S": ("0.5", 0.5),
    "STALE_AFTER_S": ("90", 90.0),
    "HISTORY_DETAIL_DAYS": ("30", 30),
    "API_AUTH": ("write", "write"),
    "RATE_LIMIT": ("10/second;600/minute", "10/second;600/minute"),
    "RATE_LIMIT_STORAGE": ("redis://:secret@h:6379/1", "redis://:secret@h:6379/1"),
    "CORS_ORIGINS": (
        "https://a.example, http://[::1]:3000",
        ("https://a.example", "http://[::1]:3000"),
    ),
    "SECRET_KEY": (f" {'k' * 32}\n", "k" * 32),
    "TRUSTED_PROXIES": ("2", 2),
    "LOG_LEVEL": ("debug", "debug"),
    "LOG_FORMAT": ("text", "text"),
    "PORT": ("8000", 8000),
    "WEB_CONCURRENCY": ("4", 4),
    "WEB_CPU_AFFINITY": ("off", "off"),
    "METRICS_PORT": ("9101", 9101),
}


def test_nothing_set_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert Settings.from_env({}) == Settings()
    assert Settings() == Settings(
        database_url="sqlite:///aggregator.db",
        database_pool_size=5,
        database_url_readonly=None,
        offers_base_url=None,
        offers_refresh_token=None,
        offers_timeout_s=5.0,
        register_timeout_s=2.0,
        poll_interval_s=60.0,
        poll_concurrency=16,
        poll_max_per_s=None,
        stale_after_s=300.0,
        api_auth="off",
        rate_limit=None,
        rate_limit_storage="memory://",
        cors_origins=(),
        secret_key=None,
        trusted_proxies=0,
        log_level="info",
        log_format="json",
        port=5000,
        web_concurrency=2,
        web_cpu_affinity="on",
        metrics_port=None,
    )


def test_log_format_is_text_where_a_person_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert Settings.from_env({}).log_format == "text"
    assert Settings.from_env({"LOG_FORMAT": "json"}).log_format == "json"


@pytest.mark.parametrize("name", EVERY_VARIABLE)
def test_variable_is_read(name: str) -> None:
    given, expected = EVERY_VARIABLE[name]
    value = getattr(Settings.from_env({name: given}), name.lower())
    assert value == expected
    assert type(value) is type(expected)


def test_every_setting_has_a_variable() -> None:
    assert {name.lower() for name in EVERY_VARIABLE} == set(Settings.__dataclass_fields__)


@pytest.mark.parametrize("empty", [pytest.param("", id="empty"), pytest.param(" \t", id="blank")])
@pytest.mark.parametrize("name", EVERY_VARIABLE)
def test_empty_variable_counts_as_not_set(name: str, empty: str) -> None:
    assert Settings.from_env({name: empty}) == Settings.from_env({})


def test_other_variables_do_not_matter() -> None:
    assert Settings.from_env({"PATH": "/bin", "port": "x", "SECRET": "1"}) == Settings.from_env({})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgres://u:p@h:5432/d", "postgresql+psycopg2://u:p@h:5432/d"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+psycopg2://u:p@h/d?sslmode=require"),
        ("postgresql+psycopg2://h/d", "postgresql+psycopg2://h/d"),
        (
            "postgres://u:p%40s%2Fs%25@ec2-1.example.com:5432/d?sslmode=require&a=b%20c",
            "postgresql+psycopg2://u:p%40s%2Fs%25@ec2-1.example.com:5432/d?sslmode=require&a=b%20c",
        ),
        ("sqlite://", "sqlite://"),
        (" sqlite:///a.db ", "sqlite:///a.db"),
    ],
)
def test_database_url_names_its_driver(given: str, expected: str) -> None:
    assert Settings.from_env({"DATABASE_URL": given}).database_url == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://localhost:8081/api/v1/", "http://localhost:8081/api/v1"),
        ("https://example.org//", "https://example.org"),
        (" https://example.org/api ", "https://example.org/api"),
        ("http://[::1]:8081/api/v1", "http://[::1]:8081/api/v1"),
    ],
)
def test_base_url_ends_without_a_slash(given: str, expected: str) -> None:
    assert Settings.from_env({"OFFERS_BASE_URL": given}).offers_base_url == expected


@pytest.mark.parametrize(
    ("environ", "stale_after_s"),
    [
        pytest.param({}, 300.0, id="default-interval"),
        pytest.param({"POLL_INTERVAL_S": "10"}, 50.0, id="short-interval"),
        pytest.param({"POLL_INTERVAL_S": "10", "STALE_AFTER_S": "7"}, 7.0, id="given"),
    ],
)
def test_stale_after_defaults_to_five_intervals(
    environ: dict[str, str], stale_after_s: float
) -> None:
    assert Settings.from_env(environ).stale_after_s == stale_after_s


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "aggregator.db"),
        ("DATABASE_URL", "sqlite:aggregator.db"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOL_SIZE", "101"),
        ("DATABASE_URL_READONLY", "mysql://h/d"),
        ("DATABASE_URL_READONLY", "postgresql://h/beside-sqlite"),
        ("OFFERS_BASE_URL", "example.org/api/v1"),
        ("OFFERS_BASE_URL", "ftp://example.org/"),
        ("OFFERS_BASE_URL", "http:///api/v1"),
        ("OFFERS_BASE_URL", "http://example.org:0/"),
        ("OFFERS_BASE_URL", "http://example.org:65536/"),
        ("OFFERS_BASE_URL", "http://[::1/"),
        ("OFFERS_BASE_URL", "http://user:secret@example.org/"),
        ("OFFERS_BASE_URL", "http://example.org/?a=1"),
        ("OFFERS_BASE_URL", "http://example.org/#a"),
        ("OFFERS_REFRESH_TOKEN", "two\nlines"),
        ("OFFERS_REFRESH_TOKEN", "žeton"),
        ("OFFERS_TIMEOUT_S", "0"),
        ("OFFERS_TIMEOUT_S", "-1"),
        ("OFFERS_TIMEOUT_S", "soon"),
        ("REGISTER_TIMEOUT_S", "nan"),
        ("POLL_INTERVAL_S", "inf"),
        ("POLL_INTERVAL_S", "1e999"),
        ("POLL_INTERVAL_S", "604801"),
        ("POLL_MAX_PER_S", "0"),
        ("POLL_MAX_PER_S", "0.09"),
        ("POLL_MAX_PER_S", "inf"),
        ("POLL_MAX_PER_S", "nan"),
        ("POLL_CONCURRENCY", "0"),
        ("POLL_CONCURRENCY", "257"),
        ("POLL_CONCURRENCY", "1.5"),
        ("STALE_AFTER_S", "60s"),
        ("HISTORY_DETAIL_DAYS", "0"),
        ("HISTORY_DETAIL_DAYS", "1.5"),
        ("API_AUTH", "on"),
        ("RATE_LIMIT", "600"),
        ("RATE_LIMIT", "0/minute"),
        ("RATE_LIMIT", "600/fortnight"),
        ("RATE_LIMIT", "600/minute;"),
        ("RATE_LIMIT", "9" * 5000 + "/minute"),
        ("RATE_LIMIT_STORAGE", "memory"),
        ("RATE_LIMIT_STORAGE", "memory://x"),
        ("RATE_LIMIT_STORAGE", "memcached://h"),
        ("RATE_LIMIT_STORAGE", "redis://h:port"),
        ("RATE_LIMIT_STORAGE", "redis://h\nx"),
        ("CORS_ORIGINS", "example.org"),
        ("CORS_ORIGINS", "https://example.org/"),
        ("CORS_ORIGINS", "https://example.org/page"),
        ("CORS_ORIGINS", "https://user@example.org"),
        ("CORS_ORIGINS", "https://*.example.org"),
        ("CORS_ORIGINS", "https://example.org:port"),
        ("CORS_ORIGINS", "ftp://example.org"),
        ("CORS_ORIGINS", "https://"),
        ("CORS_ORIGINS", "https://a.example,,https://b.example"),
        ("CORS_ORIGINS", "https://a.example,*"),
        ("CORS_ORIGINS", "null"),
        ("SECRET_KEY", "k" * 31),
        ("SECRET_KEY", f" {'k' * 31} "),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "11"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "9" * 5000),
        ("WEB_CONCURRENCY", "0"),
        ("WEB_CPU_AFFINITY", "2"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_value_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must ") as caught:
        Settings.from_env({name: value})
    assert list(caught.value.faults) == [name]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("http://:secret@example.org/", id="password-without-a-user"),
        pytest.param("http://exam ple.org/", id="space-in-the-host"),
    ],
)
def test_unusable_base_url_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^OFFERS_BASE_URL must "):
        Settings.from_env({"OFFERS_BASE_URL": value})


@pytest.mark.parametrize("name", [name for name in EVERY_VARIABLE if name.endswith("_S")])
def test_number_of_seconds_too_large_for_any_clock_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must "):
        Settings.from_env({name: "1e300"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://u:hush-hush@h/d"),
        ("DATABASE_URL_READONLY", "postgresql://u:hush-hush@h/d"),
        ("OFFERS_BASE_URL", "http://u:hush-hush@h/"),
        ("OFFERS_REFRESH_TOKEN", "hush-hush\x7f"),
        ("RATE_LIMIT_STORAGE", "redis://:hush-hush@h:port"),
        ("CORS_ORIGINS", "https://u:hush-hush@h"),
        ("SECRET_KEY", "hush-hush"),
    ],
)
def test_refusal_does_not_repeat_the_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({name: value})
    assert "hush" not in f"{caught.value} {caught.value!r}"


def test_every_bad_variable_is_named_at_once() -> None:
    bad = dict.fromkeys(sorted(EVERY_VARIABLE), "\x00?")
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(bad)
    assert list(caught.value.faults) == list(bad)
    assert [part.split()[0] for part in str(caught.value).splitlines()] == list(bad)


def test_good_variables_do_not_hide_a_bad_one() -> None:
    good = {name: given for name, (given, _) in EVERY_VARIABLE.items()}
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(good | {"PORT": "-1"})
    assert list(caught.value.faults) == ["PORT"]


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param({"offers_refresh_token": "hush-hush"}, id="refresh-token"),
        pytest.param({"database_url": "postgresql://u:hush-hush@h/d"}, id="database-password"),
        pytest.param({"database_url_readonly": "postgresql://:hush-hush@h"}, id="replica-password"),
        pytest.param({"rate_limit_storage": "redis://:hush-hush@h"}, id="redis-password"),
        pytest.param({"secret_key": "hush-hush"}, id="secret-key"),
    ],
)
def test_repr_holds_no_secret(secret: dict[str, Any]) -> None:
    assert "hush-hush" not in repr(Settings(**secret))
    assert "hush-hush" not in str(Settings(**secret))


def test_replica_may_be_spelled_differently() -> None:
    given = {"DATABASE_URL": "postgres://h/d", "DATABASE_URL_READONLY": "postgresql://r/d"}
    assert Settings.from_env(given).database_url_readonly == "postgresql+psycopg2://r/d"


def test_a_database_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^DATABASE_URL must have a number for its port$"):
        Settings.from_env({"DATABASE_URL": "postgresql://user@host:abc/db"})


def test_a_database_password_that_would_be_taken_for_a_host_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^DATABASE_URL must have each @ of its password"):
        Settings.from_env({"DATABASE_URL": "postgresql://user:p@ss@host/db"})
    Settings.from_env({"DATABASE_URL": "postgresql://user:p%40ss@host/db@1"})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("*", ("*",)),
        (" HTTPS://Example.ORG ", ("https://example.org",)),
        (
            "http://localhost:3000,https://example.org",
            ("http://localhost:3000", "https://example.org"),
        ),
    ],
)
def test_origins_are_spelled_as_browsers_do(given: str, expected: tuple[str, ...]) -> None:
    assert Settings.from_env({"CORS_ORIGINS": given}).cors_origins == expected
