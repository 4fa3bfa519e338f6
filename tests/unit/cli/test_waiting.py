from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.cli.waiting import waiting_for

if TYPE_CHECKING:
    import pytest


def test_an_account_that_looks_like_markup_is_waited_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with waiting_for("erasing x[/y]"):
        pass
    assert "erasing x[/y] ..." in capsys.readouterr().err
