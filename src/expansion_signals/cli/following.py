"""Triggers as they come, from all their topics."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from expansion_signals.cli.screens import trigger_line
from expansion_signals.cli.sightings import TRIGGER_TOPICS, Sighting, sighted
from expansion_signals.errors import RejectedRecord, RejectedSettings
from expansion_signals.log.follower import LogFollower
from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.kinds import KINDS

if TYPE_CHECKING:
    from expansion_signals.model.records import Record
    from expansion_signals.settings import Settings

_POLL_SECONDS = 1.0


def trigger_type(text: str) -> str:
    """Return the short name of a trigger type, `limit.reached` for `expansion.limit.reached.v1`.

    Raises:
        RejectedSettings: no trigger has it; with the nearest that one has.
    """
    known = [kind.type for kind in KINDS.values() if kind.fires]
    if _short(text) in known:
        return _short(text)
    nearest = get_close_matches(_short(text), known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are: {', '.join(known)}"
    raise RejectedSettings(f"--type: no trigger has the type {text[:80]!r}; {hint}")


def _short(name: str) -> str:
    return name.removeprefix(BUILT_IN_PREFIX).removesuffix(".v1")


async def follow(
    settings: Settings, *, kind: str | None, account: str | None, as_json: bool, from_beginning: bool
) -> NoReturn:
    """Print triggers of this type and account (None: all) for ever.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the broker refuses us.
    """
    console = Console(highlight=False, soft_wrap=True)
    async with LogFollower(
        settings.kafka,
        TRIGGER_TOPICS,
        prefix=settings.prefix,
        from_beginning=from_beginning,
        fetch_wait_seconds=settings.fetch_wait_seconds,
        security=settings.security,
    ) as follower:
        if not as_json:
            console.print(f"following the triggers on {settings.kafka}; Ctrl-C ends it", style="dim")
        while True:
            for record in await follower.poll(_POLL_SECONDS):
                sighting = _sighted(record)
                if sighting is None or kind not in (None, sighting.type) or account not in (None, sighting.account):
                    continue
                if as_json:
                    print(sighting.text, flush=True)  # noqa: T201 -- this is the output
                else:
                    console.print(trigger_line(sighting, sighting.time))


def _sighted(record: Record) -> Sighting | None:
    try:
        return sighted(record)
    except RejectedRecord as error:
        where = f"{record.topic} partition {record.partition} offset {record.offset}"
        print(f"{where} is no trigger: {error}", file=sys.stderr)  # noqa: T201 -- beside the output
        return None
