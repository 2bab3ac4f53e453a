"""The product in containers does what it does outside, and goes on while parts are replaced."""

from __future__ import annotations

import pytest
import requests

from tests.docker.compose import Stack, docker, inspected
from tests.docker.conftest import wait_until_healthy
from tests.docker.load import Load
from tests.waiting import wait_until


def test_a_plain_up_polls_the_sandbox(product: str) -> None:
    offers = requests.get(f"{product}/offers", timeout=20).json()["items"]
    assert offers


def test_the_command_line_is_there(stack: Stack, product: str) -> None:
    listed = stack("exec", "-T", "web", "flask", "products", "list", "--json")
    assert product.rpartition("/")[2] in listed


def test_the_database_is_reached_from_the_other_services_only(stack: Stack) -> None:
    assert not any(stack.container("db")["NetworkSettings"]["Ports"].values())


def test_pollers_are_scaled(stack: Stack) -> None:
    stack("up", "-d", "--scale", "poller=3")
    wait_until(lambda: stack.query("SELECT count(DISTINCT host) FROM pollers") == "3", 30)
    stack("up", "-d", "--scale", "poller=1")
    wait_until(lambda: stack.query("SELECT count(*) FROM pollers") == "1", 30)


def test_data_survives_down_and_up(stack: Stack, api: str, product: str) -> None:
    before = requests.get(product, timeout=20).json()
    history = requests.get(f"{product}/history", timeout=20).json()["items"]
    assert history
    stack("down")
    stack("up", "-d")
    wait_until_healthy(stack)
    after = requests.get(product, timeout=20).json()
    assert after["created_at"] == before["created_at"]
    again = requests.get(f"{product}/history", timeout=20).json()["items"]
    assert again[: len(history)] == history
    # The sandbox forgot everything: the product is registered anew, and polled again.
    checked_at = before["checked_at"]
    wait_until(lambda: requests.get(product, timeout=20).json()["checked_at"] > checked_at, 120)


def test_workers_are_replaced_without_a_failed_request(stack: Stack, api: str) -> None:
    with Load(api) as load:
        load.goes_on()
        for _ in range(3):
            replace_workers(stack)
            load.goes_on()
    assert load.failures == []
    assert load.created == products(stack, load.name)


def test_the_web_server_is_replaced_without_a_failed_request(stack: Stack) -> None:
    stack.settings.update(COMPOSE_PROFILES="sandbox,rolling", TRUSTED_PROXIES="1")
    stack("up", "-d")
    wait_until_healthy(stack)
    newer = release(stack, "LABEL release=newer")
    with Load(f"http://127.0.0.1:{stack.settings['PROXY_PORT']}/api/v1") as load:
        load.goes_on()
        stack.replace_web()
        load.goes_on()
    assert load.failures == []
    assert load.created == products(stack, load.name)
    assert stack.container("web")["Image"] == newer
    assert stack("ps", "-q", "web-next") == ""


def test_a_release_that_does_not_start_replaces_nothing(stack: Stack) -> None:
    image = stack.settings["IMAGE"]
    good = inspected(image)["Id"]
    release(stack, 'CMD ["false"]')
    with pytest.raises(AssertionError, match="web-next is "):
        stack.replace_web()
    assert stack.container("web")["Image"] == good
    stack("rm", "-s", "-f", "web-next")
    docker("tag", good, image)


def release(stack: Stack, instruction: str) -> str:
    """Change the image that the services are made of and return its new id."""
    image = stack.settings["IMAGE"]
    docker("build", "--tag", image, "-", stdin=f"FROM {image}\n{instruction}\n")
    image_id: str = inspected(image)["Id"]
    return image_id


def replace_workers(stack: Stack) -> None:
    """Let gunicorn replace its two workers, and wait until the old ones have ended."""
    ended = workers_ended(stack)
    stack("kill", "-s", "HUP", "web")
    wait_until(lambda: workers_ended(stack) == ended + 2, 60)


def workers_ended(stack: Stack) -> int:
    """Return how many of the web server's workers have ended."""
    return stack("logs", "--no-color", "web").count("Worker exiting")


def products(stack: Stack, name: str) -> set[str]:
    """Return the ids of all products of a name."""
    return set(stack.query(f"SELECT id FROM products WHERE name = '{name}'").split())
