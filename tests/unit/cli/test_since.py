from __future__ import annotations

import pytest
import typer

from expansion_signals.cli.since import instant_after, instant_before
from expansion_signals.model.instants import DAY, HOUR, parse_instant

NOW = parse_instant("2026-11-22T10:00:00Z")


@pytest.mark.parametrize(
    ("text", "instant"), [("30d", NOW - 30 * DAY), ("12h", NOW - 12 * HOUR), ("2026-11-22T09:00:00Z", NOW - HOUR)]
)
def test_a_time_before_is_a_duration_or_an_instant(text: str, instant: int) -> None:
    assert instant_before(text, NOW, "--since") == instant


@pytest.mark.parametrize(("text", "instant"), [("2h", NOW + 2 * HOUR), ("2026-11-22T12:00:00+01:00", NOW + HOUR)])
def test_a_time_after_is_a_duration_or_an_instant(text: str, instant: int) -> None:
    assert instant_after(text, NOW, "--until") == instant


def test_a_time_before_the_epoch_is_its_beginning() -> None:
    assert instant_before("999999d", NOW, "--since") == 0


@pytest.mark.parametrize("text", ["yesterday", "30", "2026-11-22", "2026-11-22T11:00:00Z"])
def test_what_is_no_time_before_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        instant_before(text, NOW, "--since")


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-22T10:00:00Z"])
def test_what_is_no_time_after_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        instant_after(text, NOW, "--until")
