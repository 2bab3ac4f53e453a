"""The compose file, run by whichever compose is installed."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Stack:
    """The services of docker-compose.yml as a project of the test's own.

    :param settings: of the compose file, instead of those that this environment has.
    """

    def __init__(self, project: str, **settings: str) -> None:
        self._command = [*_compose(), "--project-name", project]
        self.settings: dict[str, str] = settings

    def __call__(self, *arguments: str) -> str:
        """Run a command of compose and return what it wrote."""
        return _run([*self._command, *arguments], self._environ())

    def replace_web(self) -> None:
        """Run docker/replace-web."""
        command = {"COMPOSE": shlex.join(self._command)}
        _run([str(ROOT / "docker" / "replace-web")], self._environ() | command)

    def container(self, service: str) -> dict[str, Any]:
        """Return what the engine knows of a service's only container."""
        (container_id,) = self("ps", "-q", service).split()
        return inspected(container_id)

    def query(self, sql: str) -> str:
        """Ask the database."""
        psql = ("psql", "--username=aggregator", "--tuples-only", "--no-align", "--command", sql)
        return self("exec", "-T", "db", *psql).strip()

    def _environ(self) -> dict[str, str]:
        engine = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME") or "DOCKER" in k}
        return engine | self.settings


def docker(*arguments: str, stdin: str = "") -> str:
    """Run a command of the engine and return what it wrote."""
    return _run(["docker", *arguments], os.environ, stdin)


def inspected(name: str) -> dict[str, Any]:
    """Return what the engine knows of a container or an image."""
    found: dict[str, Any] = json.loads(docker("inspect", name))[0]
    return found


def _compose() -> list[str]:
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if asked.returncode == 0:
        return ["docker", "compose"]
    assert shutil.which("docker-compose"), "neither docker compose nor docker-compose is installed"
    return ["docker-compose"]


def _run(command: list[str], environ: Mapping[str, str], stdin: str = "") -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=environ, input=stdin, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{shlex.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout
