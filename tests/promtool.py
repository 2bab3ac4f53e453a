"""Prometheus' own tool, which checks what is made for Prometheus."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def promtool(*words: str, said: str = "") -> None:
    """Run it on files, or on what is ``said`` to it; it must find nothing wrong.

    Skips the test where it is not installed, but never in CI.
    """
    binary = shutil.which("promtool")
    if binary is None:
        assert not os.environ.get("CI"), "promtool is not installed"
        pytest.skip("promtool is not installed")
    done = subprocess.run([binary, *words], input=said, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
