"""Triggers as they come, from all their topics."""

from __future__ import annotations

import sys
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.text import Text

from expansion_signals.cli.account_words import under
from expansion_signals.cli.screens import trigger_line
from expansion_signals.cli.sightings import TRIGGER_TOPICS, Sighting, sighted
from expansion_signals.errors import RejectedRecord, RejectedSettings
from expansion_signals.log.follower import LogFollower
from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.instants import SECOND
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
    lines = _Lines(Console(highlight=False, markup=False, emoji=False, soft_wrap=True))
    async with LogFollower(
        settings.kafka,
        TRIGGER_TOPICS,
        prefix=settings.prefix,
        from_beginning=from_beginning,
        fetch_wait_seconds=settings.fetch_wait_seconds,
        security=settings.security,
    ) as follower:
        if not as_json:
            lines.begin(settings.kafka)
        if len(follower.missing) == len(TRIGGER_TOPICS):
            _tell_missing(settings.prefix)
        while True:
            for record in await follower.poll(_POLL_SECONDS):
                sighting = _sighted(record)
                if sighting is None or kind not in (None, sighting.type) or account not in (None, sighting.account):
                    continue
                if as_json:
                    print(sighting.text, flush=True)  # noqa: T201 -- this is the output
                else:
                    lines.show(sighting)


def _tell_missing(prefix: str) -> None:
    said = f"no topic of triggers is there{under(prefix)} yet; followed once it is: expansion-signals topics create"
    print(f"note: {said}", file=sys.stderr, flush=True)  # noqa: T201 -- beside the output


class _Lines:
    """One line a trigger; a heading wherever a day begins that is not that of the line above, nor today's at first."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._now = datetime.now().astimezone()
        self._day = self._now.date()

    def begin(self, kafka: str) -> None:
        told = f"following the triggers on {kafka}; times are {self._now.tzname()}; Ctrl-C ends it"
        self._console.print(told, style="dim")

    def show(self, sighting: Sighting) -> None:
        day = datetime.fromtimestamp(sighting.time // SECOND).astimezone().date()
        if day != self._day:
            self._console.print(Text(f"{day.day} {day:%B %Y}", style="bold underline"))
        self._day = day
        self._console.print(trigger_line(sighting, sighting.time))


def _sighted(record: Record) -> Sighting | None:
    try:
        return sighted(record)
    except RejectedRecord as error:
        where = f"{record.topic} partition {record.partition} offset {record.offset}"
        print(f"{where} is no trigger: {error}", file=sys.stderr)  # noqa: T201 -- beside the output
        return None
