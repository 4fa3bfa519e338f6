"""Options that name a time: `--since 30d`, `--until 2h`, or an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from expansion_signals.model.instants import parse_instant
from expansion_signals.rules.spellings import read_duration

if TYPE_CHECKING:
    from expansion_signals.model.instants import Duration, Instant


def instant_before(text: str, now: Instant, option: str) -> Instant:
    """Return the instant that an option names: so long ago, or itself.

    Raises:
        BadParameter: it is neither, or lies in the future.
    """
    instant = _instant(text, now, option, sign=-1)
    if instant > now:
        raise typer.BadParameter(f"{text} is yet to come", param_hint=option)
    return max(0, instant)


def instant_after(text: str, now: Instant, option: str) -> Instant:
    """Return the instant that an option names: in so long, or itself.

    Raises:
        BadParameter: it is neither, or has passed.
    """
    instant = _instant(text, now, option, sign=1)
    if instant <= now:
        raise typer.BadParameter(f"{text} has passed", param_hint=option)
    return instant


def _instant(text: str, now: Instant, option: str, *, sign: int) -> Instant:
    duration = _duration(text)
    if duration is not None:
        return now + sign * duration
    try:
        return parse_instant(text)
    except ValueError:
        expected = "expected a duration such as 45m, 2h or 30d, or a time such as 2026-11-22T10:00:00Z"
        raise typer.BadParameter(f"{expected}; got {text[:64]!r}", param_hint=option) from None


def _duration(text: str) -> Duration | None:
    try:
        return read_duration(text)
    except ValueError:
        return None
