"""Triggers as a subscriber sees them: read from their records, with attributes instead of keys."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from expansion_signals.model.instants import DAY, LAST, parse_instant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from expansion_signals.model.instants import Instant

_TYPE = re.compile(r"expansion\.(?P<short>[a-z_.]+)\.v\d+", re.ASCII)
_LONGEST_LIFE = 30 * DAY
"""That of triggers of the families `pql` and `retention` (semantics 7.7), for what does not say when it expires."""

_NO_NAME = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What no id has (semantics 9.1): the memory of a group joins its name and the id by one of these."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnreadableError(ValueError):
    """A record that is no trigger; says what was wrong."""


class TriggerData(Mapping[str, Any]):
    """The data of a trigger, or an object inside it: `data.recommendation.kind`, or `data["recommendation"]["kind"]`.

    Amounts and money are strings, as they stand on the wire; lists are tuples. What a family leaves out is an
    AttributeError that names what there is.
    """

    __slots__ = ("_fields",)

    family: str
    rule: TriggerData
    why: str

    def __init__(self, fields: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_fields", {name: _seen(value) for name, value in fields.items()})

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- what JSON holds
        """Return the field of this name."""
        if name not in self._fields:
            raise AttributeError(f"no {name!r} here; there are: {', '.join(sorted(self._fields))}")
        return self._fields[name]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: a payload is frozen when it is decided (semantics 7.6)."""
        raise AttributeError(f"cannot set {name!r}: what a trigger says stays as it was decided")

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 -- what JSON holds
        """Return the field of this name; KeyError where there is none."""
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, as they stand on the wire."""
        return iter(self._fields)

    def __len__(self) -> int:
        """Count the fields."""
        return len(self._fields)

    def __reduce__(self) -> tuple[type[TriggerData], tuple[Mapping[str, Any]]]:
        """Say how a copy is made."""
        return TriggerData, (self._fields,)

    def __repr__(self) -> str:
        """Show all of it."""
        return f"TriggerData({self._fields!r})"


class Event(NamedTuple):
    """A trigger as its record tells it. `type` is short: `limit.reached` for `expansion.limit.reached.v1`."""

    id: str
    type: str
    account: str
    time: Instant
    recorded: Instant
    expires: Instant
    data: Mapping[str, Any]
    traceparent: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Trigger:
    """A trigger that was handed out: somebody should act, and then call `done()`.

    `time` is when it happened, `recorded` when it was decided; both, and `expires`, are in UTC. `account` is whose it
    is, `topic` goes without the deployment's prefix. A withdrawal has the type `trigger.withdrawn`, and `trigger` and
    `reason` in its data.
    """

    id: str
    type: str
    account: str
    time: datetime
    recorded: datetime
    expires: datetime
    data: TriggerData
    topic: str
    traceparent: str | None
    finish: Callable[[], None] = field(repr=False)
    finish_later: Callable[[], Awaitable[None]] = field(repr=False)

    def done(self) -> None:
        """Say that this is acted on; returns once that is committed. A second call does nothing.

        From then on this id is never handed out again, whatever crashes (semantics 9.3). Waits while Kafka is away.

        Raises:
            TriggerTaken: the group has given this trigger to another subscriber meanwhile; it is handed out there.
            RejectedState: the broker refuses us.
            LogUnavailable: the subscriber was stopped while Kafka was away; it is handed out again.
        """
        self.finish()

    async def adone(self) -> None:
        """Say that this is acted on, as `done` does, without holding up the event loop."""
        await self.finish_later()


def handed_out(
    event: Event,
    topic: str,
    finish: Callable[[], None],
    finish_later: Callable[[], Awaitable[None]] | None = None,
) -> Trigger:
    """Return the trigger of this event, which `finish` remembers as done.

    `finish_later` does the same for an event loop; without it, `finish` is called in another thread.
    """
    return Trigger(
        id=event.id,
        type=event.type,
        account=event.account,
        time=moment(event.time),
        recorded=moment(event.recorded),
        expires=moment(event.expires),
        data=TriggerData(event.data),
        topic=topic,
        traceparent=event.traceparent,
        finish=finish,
        finish_later=finish_later or (lambda: asyncio.to_thread(finish)),
    )


def read(value: bytes | None) -> Event:
    """Return the event of a record: a structured CloudEvent.

    One without `expirytime` expires 30 days after its `time`; one without `recordedtime` was decided at its `time`.

    Raises:
        UnreadableError: it is none, or lacks what a trigger needs.
    """
    envelope = _object(value)
    time = _instant(envelope, "time")
    event_id, kind = _text(envelope, "id"), _text(envelope, "type")
    if _NO_NAME.search(event_id):
        raise UnreadableError("id: a control character, or half of one, in it")
    match = _TYPE.fullmatch(kind)
    if match is None:
        raise UnreadableError(f"type {kind[:80]!r} is not the type of a trigger")
    data = envelope.get("data")
    if not isinstance(data, dict):
        raise UnreadableError(f"data must be a JSON object, got {type(data).__name__}")
    traceparent = envelope.get("traceparent")
    return Event(
        id=event_id,
        type=match["short"],
        account=_text(envelope, "subject"),
        time=time,
        recorded=_instant(envelope, "recordedtime") if "recordedtime" in envelope else time,
        expires=_instant(envelope, "expirytime") if "expirytime" in envelope else min(time + _LONGEST_LIFE, LAST),
        data=data,
        traceparent=traceparent if isinstance(traceparent, str) else None,
    )


def _object(value: bytes | None) -> dict[str, Any]:
    try:
        envelope = json.loads(value or b"", parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not JSON: {error}") from None
    if not isinstance(envelope, dict):
        raise UnreadableError(f"not a JSON object but {type(envelope).__name__}")
    return envelope


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _text(envelope: Mapping[str, Any], name: str) -> str:
    value = envelope.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableError(f"{name}: expected a text")
    return value


def _instant(envelope: Mapping[str, Any], name: str) -> Instant:
    try:
        return parse_instant(_text(envelope, name))
    except ValueError as error:
        raise UnreadableError(f"{name}: {error}") from None


def _seen(value: object) -> object:
    if isinstance(value, dict):
        return TriggerData(value)
    if isinstance(value, list):
        return tuple(map(_seen, value))
    return value


def moment(instant: Instant) -> datetime:
    """Return an instant as Python has it, in UTC."""
    return _EPOCH + timedelta(microseconds=instant)
