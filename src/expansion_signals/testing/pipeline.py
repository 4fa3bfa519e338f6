"""The pipeline in memory, for tests of rules: a product's events go in, and the clock is moved by hand."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from expansion_signals.configuration_files import load_directory
from expansion_signals.detect.unknown_names import unknown_names
from expansion_signals.errors import RejectedRecord, RejectedRehearsal
from expansion_signals.model.events import USAGE_IMPORTED
from expansion_signals.model.instants import format_instant, parse_instant
from expansion_signals.sdk.vocabulary import Options, Vocabulary
from expansion_signals.testing.audit import Audit
from expansion_signals.testing.published import DeadLetter, Reader
from expansion_signals.testing.rehearsal import SIGNALS, Rehearsal
from expansion_signals.testing.standings import standing_of
from expansion_signals.testing.transcript import Entry, Sent, transcribed

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from expansion_signals.model.batches import Outcome
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing
    from expansion_signals.testing.published import Told

_Answer = TypeVar("_Answer")

__tracebackhide__ = True  # a test that asks for what cannot be is shown where it asks, not where we refuse

START = "2026-01-01T00:00:00Z"
"""Where the clock stands in the beginning: a month of 31 days lies before it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SOURCE = "/test"
_OPTIONS = tuple(Options.__annotations__)


class Pipeline(Vocabulary, Audit):
    """Metering and deciding under the catalog and the rules of the directory `config`, as a worker runs them.

    Events happen when the clock says, unless they say another time; each is judged at once. The clock stands still
    until `at` or `advance` moves it, and what is due meanwhile is done: closed days, holds, periods. `acceptance` is
    how old an event may be, as in the worker's settings.

    An event that would be a dead letter, or that no meter and no rule names, raises: in a test it is a mistake, unless
    the test says otherwise.

    Raises:
        RejectedConfiguration: every problem of catalog and rules, as `expansion-signals config check` tells them.
    """

    def __init__(self, config: Path | str = "config", *, acceptance: timedelta = timedelta(days=1)) -> None:
        configuration = load_directory(Path(config))
        self._versions: dict[str, int] = {}
        super().__init__(configuration.rule_versions, self._versions)
        self._rehearsal = Rehearsal(configuration, acceptance=acceptance // _MICROSECOND)
        self._catalog = configuration.catalog
        self._reader = Reader()
        self._now = parse_instant(START)
        self._entries: list[Entry] = []

    def __repr__(self) -> str:
        """Say where the clock stands."""
        return f"<Pipeline at {format_instant(self._now)}>"

    @property
    def now(self) -> datetime:
        """Where the clock stands, in UTC."""
        return _EPOCH + self._now * _MICROSECOND

    def at(self, time: datetime | str) -> None:
        """Let the time pass up to an instant; before the first event it may be any.

        Raises:
            RejectedRehearsal: the clock is past it, or it has no time zone.
        """
        instant = _instant(time)
        if self._entries and instant < self._now:
            raise RejectedRehearsal(
                f"the clock stands at {format_instant(self._now)} and cannot go back to {format_instant(instant)}"
            )
        self._now = instant
        if self._entries:
            self._enter(None, _finished(self._rehearsal.pass_to(instant)))

    def advance(
        self, *, weeks: float = 0, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Let so much time pass."""
        self.at(self.now + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds))

    def event(
        self,
        account: str,
        type: str,  # noqa: A002 -- the name it has in CloudEvents
        data: Mapping[str, Any] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Send an event of any type, such as one of the product's own.

        Raises:
            RejectedRecord: it is a dead letter; says why.
            RejectedRehearsal: nothing names it, it is of a time to come, or there is no such option.
        """
        # A keyword that its method does not know, being misspelt, comes through to here.
        for unknown in options.keys() - set(_OPTIONS):
            raise RejectedRehearsal(f"{type} has no {unknown!r}; beside its data it takes {', '.join(_OPTIONS)}")
        time = self._happened(options.get("time"))
        said = {**(data or {}), "session": options.get("session")}
        said = {name: value for name, value in said.items() if value is not None}
        document = {
            "specversion": "1.0",
            "id": options.get("id") or f"event-{len(self._entries) + 1}",
            "source": _SOURCE,
            "type": type,
            "subject": account,
            "time": format_instant(time),
            "traceparent": options.get("traceparent"),
            "backfill": options.get("backfill", False),
            "data": said,
        }
        self._versions.setdefault(account, 0)
        self._play(Sent(account, type, said, time), json.dumps(document, default=_written).encode())

    def account_updated(self, account: str, *, plan: str, version: int | None = None, **profile: Any) -> None:  # noqa: ANN401 -- what the emitter's takes
        """Say who the account is, as the emitter does; without `version` it is the next one.

        Raises:
            RejectedRecord: as `event` does.
            RejectedRehearsal: a profile has no such property; or the catalog does not have what it names, such as its
                plan, and the account has this profile all the same.
        """
        last = self._versions.get(account, 0)
        given = last + 1 if version is None else version
        self._versions[account] = max(last, given)
        super().account_updated(account, plan=plan, version=given, **profile)
        kept, _ = self._rehearsal.standing(account)
        unknown = unknown_names(kept.account, self._catalog).described() if kept else []
        if unknown:
            raise RejectedRehearsal(f"{account} has what the catalog does not: {', '.join(unknown)}")

    def usage_imported(self, account: str, *, meter: str, day: date | str, value: Decimal | float | str) -> None:
        """Say what the total of a meter was on a UTC day, before it was counted here: what `import` sends."""
        self.event(account, USAGE_IMPORTED, {"meter": meter, "day": str(day), "value": value})

    def _happened(self, time: datetime | str | None) -> Instant:
        """Return when an event happened of which this is said."""
        instant = self._now if time is None else _instant(time)
        if instant > self._now:
            raise RejectedRehearsal(
                f"an event of {format_instant(instant)} is of a time to come: the clock stands at "
                f"{format_instant(self._now)}; move it first, with `at` or `advance`"
            )
        return instant

    def transcript(self) -> str:
        """Tell in order what was sent, what came of each event, and how accounts stand: a test that fails shows it."""
        standings = (
            f"{account}: {standing_of(*self._rehearsal.standing(account), self._catalog, self._now)}"
            for account in self._versions
        )
        return "\n".join([*transcribed(self._entries), *standings])

    def _play(self, sent: Sent, line: bytes) -> None:
        before = self._tallied()
        waited = _finished(self._rehearsal.pass_to(self._now))
        published = _finished(self._rehearsal.play(line))
        [outcome] = self._tallied() - before
        told = self._enter(sent._replace(outcome=outcome), [*waited, *published])
        for letter in told:
            if isinstance(letter, DeadLetter):
                cause = f"{letter.code}: {letter.message}"
                raise RejectedRecord(letter.code, f"{sent.type} of {sent.account} is a dead letter, {cause}")
        if outcome == "unmatched":
            raise RejectedRehearsal(f"no meter and no rule names {sent.type} with the data {sent.data}")

    def _tallied(self) -> Counter[Outcome]:
        """Return what became of all records so far."""
        tallies = _finished(self._rehearsal.tallies())
        return sum((Counter(found) for topic, found in tallies.items() if topic != SIGNALS), Counter())

    def _enter(self, sent: Sent | None, published: Sequence[Outgoing]) -> Sequence[Told]:
        told = [self._reader.read(record) for record in published]
        self._told += told
        self._entries.append(Entry(self._now, sent, told))
        return told


def _finished(step: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Run a step to its end without an event loop: in memory nothing waits, and a test may have a loop of its own."""
    try:
        step.send(None)
    except StopIteration as finished:
        answer: _Answer = finished.value
        return answer
    raise AssertionError("a step in memory has waited for something")


def _instant(time: datetime | str) -> Instant:
    if isinstance(time, str):
        try:
            return parse_instant(time)
        except ValueError as error:
            raise RejectedRehearsal(str(error)) from None
    if time.tzinfo is None:
        raise RejectedRehearsal(f"{time} has no time zone; for UTC: {time.isoformat()}Z, or tzinfo=datetime.UTC")
    return (time - _EPOCH) // _MICROSECOND


def _written(value: object) -> str:
    """Write what JSON has no form for as it stands on the wire."""
    if isinstance(value, datetime):
        return format_instant(_instant(value))
    if isinstance(value, date | Decimal):
        return str(value)
    raise RejectedRehearsal(f"{value!r} has no form in JSON")
