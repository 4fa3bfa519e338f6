"""Settings that are right by themselves and wrong together, or with what the broker allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.checks.findings import error, fine, warning
from expansion_signals.model.instants import HOUR, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.checks.findings import Finding
    from expansion_signals.model.instants import Duration
    from expansion_signals.settings import Settings

_LATENCY_SECONDS = 0.5


def judge_settings(
    settings: Settings, sessions: tuple[Duration, Duration] | None, kept: Duration | None
) -> Iterator[Finding]:
    """Yield what contradicts each other.

    `sessions`: the shortest and the longest session that the broker allows, None where it does not tell. `kept`: how
    long `usage-events` is kept, None for ever.
    """
    found = [*_session(settings, sessions), *_windows(settings, kept), *_waits(settings)]
    yield from found or [fine("settings", "they go together, and with the broker's")]


def _session(settings: Settings, sessions: tuple[Duration, Duration] | None) -> Iterator[Finding]:
    if sessions is None:
        return
    shortest, longest = (limit / SECOND for limit in sessions)
    asked = settings.session_timeout_seconds
    if not shortest <= asked <= longest:
        name = "EXPANSION_SIGNALS_SESSION_TIMEOUT_SECONDS"
        yield error(
            name,
            f"{asked:g} s, and the broker allows {shortest:g} to {longest:g}: it refuses every worker",
            f"set {name}={min(max(asked, shortest), longest):g}, or group.min.session.timeout.ms on the brokers",
        )


def _windows(settings: Settings, kept: Duration | None) -> Iterator[Finding]:
    window = settings.deduplication_hours * HOUR
    if kept is not None and kept < window:
        yield warning(
            "EXPANSION_SIGNALS_DEDUPLICATION_HOURS",
            f"usage-events is kept for {kept / HOUR:g} hours, repeated events are known for "
            f"{settings.deduplication_hours:g}: a state that is made anew forgets the older ones",
            f"keep usage-events for at least {settings.deduplication_hours:g} hours",
        )


def _waits(settings: Settings) -> Iterator[Finding]:
    if settings.fetch_wait_seconds > _LATENCY_SECONDS:
        yield warning(
            "EXPANSION_SIGNALS_FETCH_WAIT_SECONDS",
            f"{settings.fetch_wait_seconds:g} s: an event may wait as long for a fetch of idle partitions to end",
            "leave it unset: 0.04",
        )
