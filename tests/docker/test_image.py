"""What the image holds, and what it does not."""

from __future__ import annotations

import json
import re

from tests.docker.compose import Stack, docker, inspected

#: All that is in its working directory.
APP = [
    "aggregator",
    "gunicorn.conf.py",
    "migrations",
    "poller",
    "requirements.txt",
    "sandbox",
    "wsgi.py",
]
NO_TOOLS = "! command -v gcc cc c++ ld make git pip pip3 curl wget"


def test_it_runs_as_nobody_special_and_writes_to_tmp_only(stack: Stack) -> None:
    container = stack.container("web")
    assert container["Config"]["User"] == "10001:10001"
    assert container["HostConfig"]["ReadonlyRootfs"] is True
    assert container["HostConfig"]["CapDrop"] == ["ALL"]
    assert in_web(stack, "id -u").split() == ["10001"]
    touch = "for d in / /app /data /opt/venv /tmp; do touch $d/x 2>/dev/null && echo $d; done; :"
    assert in_web(stack, touch).split() == ["/tmp"]


def test_it_holds_the_product_and_neither_tests_nor_tools(stack: Stack) -> None:
    assert in_web(stack, "ls -A --ignore=__pycache__ /app").split() == APP
    in_web(stack, NO_TOOLS)
    assert in_web(stack, "find / -xdev -path '*/.cache/*' 2>/dev/null; :") == ""


def test_every_module_is_compiled(stack: Stack) -> None:
    count = "find /app /opt/venv/lib -name '*.{}' | wc -l"
    sources = int(in_web(stack, count.format("py")))
    assert int(in_web(stack, count.format("pyc"))) == sources > 0


def test_neither_history_nor_settings_of_the_image_hold_a_secret(stack: Stack) -> None:
    image = stack.settings["IMAGE"]
    told = docker("history", "--no-trunc", image) + json.dumps(inspected(image))
    assert stack.settings["POSTGRES_PASSWORD"] not in told
    names = {entry.partition("=")[0] for entry in inspected(image)["Config"]["Env"]}
    assert not [name for name in names if re.search("TOKEN|PASSWORD|SECRET|KEY", name)]


def test_nothing_that_is_logged_holds_the_password(stack: Stack) -> None:
    assert stack.settings["POSTGRES_PASSWORD"] not in stack("logs")


def in_web(stack: Stack, script: str) -> str:
    """Run a script in the web server's container and return what it wrote."""
    return stack("exec", "-T", "web", "sh", "-c", script)
