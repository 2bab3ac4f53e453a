"""The browser that is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

_COMMANDS = ("chromium", "chromium-browser", "google-chrome")


def launch(playwright: Playwright) -> Browser:
    """Start the browser that is installed, or else the one that Playwright brings.

    :raises FileNotFoundError: There is neither.
    """
    installed = next(filter(None, map(shutil.which, _COMMANDS)), None)
    path = Path(installed or playwright.chromium.executable_path)
    if not path.exists():
        raise FileNotFoundError(path)
    return playwright.chromium.launch(executable_path=path)
