from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.cli.forgetting import stays, tell_account
from expansion_signals.settings import Settings
from expansion_signals.state.erasure import ErasedAccount

if TYPE_CHECKING:
    import pytest


def test_what_stays_is_told_in_one_line_for_each_time_that_it_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    tell_account(Settings(), "acct-1", ErasedAccount(5, 1, 1, ()), 12, as_json=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if "until retention takes them" in line]
    named = {name.strip() for line in lines for name in line.partition("them:")[2].split(",")}
    assert (len(lines), named) == (len({each.days for each in stays("")}), {each.topic for each in stays("")})
