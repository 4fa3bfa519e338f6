"""What copy is filled with: the fields of `rules/copy_fields.py`, as a person reads them.

A field without a value is left out and never written as `None`: what the signal does not know, what the recommendation
does not say, and what is not of the form that the interface gives it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

from expansion_signals.decide.offered import values_offered
from expansion_signals.decide.plain_text import in_a_line
from expansion_signals.decide.wordings import is_number, wording_of
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.units import counted
from expansion_signals.rules.copy_fields import FIELDS, OFFER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from expansion_signals.decide.wordings import Wording
    from expansion_signals.model.signals import Signal

LONGEST_WHY = 480
"""Characters of `why`: a whole sentence, with names in it."""

_WINDOW = re.compile(r"([1-9][0-9]{0,5})([smhdw])", re.ASCII)
_SPANS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_Read: TypeAlias = "Callable[[Mapping[str, Any], str, Wording], str | None]"
"""Reads a field of the data of a signal, by the field's name."""


def values_of(signal: Signal, offered: Mapping[str, Any], language: str) -> Mapping[str, str]:
    """Return the fields that have values, as this language writes them: each on one line, and bounded."""
    return _Values(signal, offered, language)


class _Values(Mapping[str, str]):
    """A field is read when a template asks for it: most ask for few, and each trigger is written once."""

    def __init__(self, signal: Signal, offered: Mapping[str, Any], language: str) -> None:
        self._signal = signal
        self._offered = offered
        self._wording = wording_of(language)
        self._read: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        """Return the value of a field.

        Raises:
            KeyError: it has none.
        """
        if name not in self._read:
            self._read |= self._value(name)
        value = self._read[name]
        if not value:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the fields that have a value."""
        return (name for name in FIELDS[KINDS[self._signal.type].rule] if name in self)

    def __len__(self) -> int:
        """Return how many have one."""
        return sum(1 for _ in self)

    def _value(self, name: str) -> Mapping[str, str | None]:
        if name in OFFER:
            return values_offered(self._offered, self._wording)
        if name == "account":
            return {name: in_a_line(self._signal.account)}
        return {name: READ[name](self._signal.data, name, self._wording)}


def _number(data: Mapping[str, Any], name: str, wording: Wording) -> str | None:
    return wording.number(data.get(name))


def _name(data: Mapping[str, Any], name: str, _wording: Wording) -> str | None:
    return _line(data.get(name))


def _names(data: Mapping[str, Any], name: str, _wording: Wording) -> str | None:
    """Return a list as one value: `sso, audit_log`."""
    return _joined(map(_line, _items(data.get(name))))


def _values(data: Mapping[str, Any], name: str, _wording: Wording) -> str | None:
    """Return `department legal, region apac`."""
    pairs = [(_line(each.get("kind")), _line(each.get("value"))) for each in _objects(data.get(name))]
    return _joined(f"{kind} {value}" for kind, value in pairs if kind and value)


def _criteria(data: Mapping[str, Any], name: str, _wording: Wording) -> str | None:
    """Return the ids of the criteria that are met."""
    return _joined(_line(each.get("id")) for each in _objects(data.get(name)) if each.get("met") is True)


def _why(data: Mapping[str, Any], name: str, _wording: Wording) -> str | None:
    why = data.get(name)
    return in_a_line(why, LONGEST_WHY) if isinstance(why, str) else None


def _day(data: Mapping[str, Any], name: str, _wording: Wording) -> str | None:
    """Return the day of a moment in the account's time zone: `2026-12-01`."""
    return _day_of(data.get(name), data)


def _period_end(data: Mapping[str, Any], _name: str, _wording: Wording) -> str | None:
    return _day_of(_inside(data, "period").get("end"), data)


def _milestone(data: Mapping[str, Any], _name: str, wording: Wording) -> str | None:
    return wording.number(_inside(data, "threshold").get("value"))


def _percent(data: Mapping[str, Any], _name: str, _wording: Wording) -> str | None:
    """Return the share that is used, rounded down: nobody reads 100 % before the limit is reached."""
    usage, limit = (
        data.get(ours, data.get(of_seats)) for ours, of_seats in (("usage", "used"), ("limit", "allowance"))
    )
    if usage is None:
        usage, limit = data.get("utilization"), "1"
    if not is_number(usage) or not is_number(limit) or not Fraction(limit):
        return None
    return f"{Fraction(usage) * 100 // Fraction(limit)} %"


def _change(data: Mapping[str, Any], name: str, wording: Wording) -> str | None:
    number = wording.number(data.get(name))
    return number and f"{number} %"


def _unit(data: Mapping[str, Any], name: str, wording: Wording) -> str | None:
    """Return the unit as it follows a milestone, a limit or, without one, the usage; of English we know plurals."""
    unit = _line(data.get(name))
    if not unit or not wording.is_english:
        return unit
    followed = _inside(data, "threshold").get("value") if "limit" not in data else data["limit"]
    return counted(unit, one=(followed or data.get("usage")) == "1")


def _window(data: Mapping[str, Any], name: str, wording: Wording) -> str | None:
    """Return `14 days`; in other languages than English as rules.yaml writes it."""
    match = _WINDOW.fullmatch(str(data.get(name)))
    if match is None or not wording.is_english:
        return match and match[0]
    return f"{match[1]} {counted(_SPANS[match[2]], one=match[1] == '1')}"


READ: Mapping[str, _Read] = {
    **dict.fromkeys(("usage", "limit", "remaining", "overage", "previous", "at_least", "per_day"), _number),
    **dict.fromkeys(("used", "pending", "allowance", "invites"), _number),
    **dict.fromkeys(("attempts", "users", "events", "count", "accounts", "percentile", "score"), _number),
    **dict.fromkeys(("days_left", "days_to_renewal"), _number),
    **dict.fromkeys(("user", "plan", "meter", "feature", "integration", "product", "reason", "tier"), _name),
    **dict.fromkeys(("features", "networks", "destinations"), _names),
    **dict.fromkeys(("runs_out_at", "renewal_at"), _day),
    "values": _values,
    "criteria": _criteria,
    "why": _why,
    "period_end": _period_end,
    "milestone": _milestone,
    "percent": _percent,
    "growth": _change,
    "unit": _unit,
    "window": _window,
}
"""How each field of a signal is read: all but `account`, which is no part of its data."""


def _line(value: object) -> str | None:
    return in_a_line(value) if isinstance(value, str) else None


def _joined(texts: Iterable[str | None]) -> str | None:
    return _line(", ".join(text for text in texts if text))


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in _items(value) if isinstance(each, dict)]


def _inside(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _day_of(moment: object, data: Mapping[str, Any]) -> str | None:
    zone = _inside(data, "account").get("time_zone", "UTC")
    try:
        instant = _EPOCH + timedelta(microseconds=parse_instant(str(moment)))
        return instant.astimezone(ZoneInfo(str(zone))).date().isoformat()
    except (ValueError, OverflowError, OSError, KeyError):
        # No time, one at the edge of the calendar, or a zone that this machine does not have.
        return None
