"""What the files for containers say of each other; tests/docker runs them."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from aggregator.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = ["migrate", "web", "poller", "web-next"]


def test_image_has_the_python_that_is_named_elsewhere() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    bases = re.findall("^FROM (.*?)(?: AS .*)?$", DOCKERFILE, re.MULTILINE)
    assert set(bases) == {f"python:{version}-slim-bookworm"}


def test_build_asks_a_registry_for_its_base_only() -> None:
    assert not re.search("^# *syntax", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("service", OURS)
def test_every_setting_can_be_given_to_a_service_and_nothing_else(service: str) -> None:
    settings = {name.upper() for name in Settings.__dataclass_fields__}
    # Inside it is the image's own; outside it says where the service is published.
    assert set(SERVICES[service]["environment"]) == settings - {"PORT"}


@pytest.mark.parametrize("service", SERVICES)
def test_service_has_no_more_rights_than_it_needs(service: str) -> None:
    assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert SERVICES[service]["security_opt"] == ["no-new-privileges:true"]
    assert service == "db" or SERVICES[service]["read_only"] is True


@pytest.mark.parametrize("service", sorted(SERVICES.keys() - {"web", "proxy"}))
def test_service_is_not_published(service: str) -> None:
    assert "ports" not in SERVICES[service]


def test_web_server_may_take_as_long_to_stop_as_gunicorn_allows() -> None:
    graceful_timeout_s = runpy.run_path(str(ROOT / "gunicorn.conf.py")).get("graceful_timeout", 30)
    assert int(SERVICES["web"]["stop_grace_period"].removesuffix("s")) > graceful_timeout_s


def test_build_is_sent_what_the_image_holds_and_nothing_else() -> None:
    patterns = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"
    ]
    assert patterns[0] == "*"
    allowed = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    assert all((ROOT / name).exists() for name in allowed)


def test_file_that_other_tools_read_too_holds_no_setting_of_the_product() -> None:
    """Honcho, Heroku's command line and Flask's read it as well."""
    given = dotenv_values(ROOT / ".env")
    assert given.keys() == {"COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "POSTGRES_PASSWORD"}
    assert given["COMPOSE_PROFILES"] == "sandbox"


def test_no_password_is_one_that_everybody_knows() -> None:
    assert "POSTGRES_PASSWORD:-" not in (ROOT / "docker-compose.yml").read_text()
