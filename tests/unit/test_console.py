"""What commands print for people."""

from __future__ import annotations

import pytest

from aggregator.cli.console import make_console


@pytest.mark.parametrize(("no_color", "escapes"), [("1", False), ("", True)])
def test_a_terminal_without_colour_gets_no_escapes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    no_color: str,
    escapes: bool,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    make_console().print("[b]", style="bold dim")
    printed = capsys.readouterr().out
    assert "[b]" in printed
    assert ("\x1b" in printed) is escapes
