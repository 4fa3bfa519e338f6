"""How an event is told from any other: an identity within the account, a check over its payload (semantics 1.4)."""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xxhash import xxh3_64_intdigest, xxh32_digest

from expansion_signals.model.batches import Identity
from expansion_signals.model.identities import SEPARATOR
from expansion_signals.model.instants import MILLISECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Instant

_SIGN = 1 << 63
_SEED = (1 << 32) - 1
_UNBOUNDED = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Two numbers that differ in the thousandth digit are two payloads."""

_PLAIN_DIGITS = 18
_PLAIN = 10**_PLAIN_DIGITS
_CROCKFORD = {letter: value for value, letter in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")}
_UUID_LENGTH, _ULID_LENGTH = 36, 26


def identity_of_event(event: UsageEvent, appended: Instant) -> Identity:
    """Return the event's identity; `time` plays no part, so a retry that re-stamps it is a duplicate."""
    source, event_id, event_type, account, _, data, _, _ = event
    joined = f"{account}{SEPARATOR}{source}{SEPARATOR}{event_id}"
    number = xxh3_64_intdigest(joined.encode())
    check = xxh32_digest(f"{event_type}{canonical(data)}".encode(), number & _SEED)
    return Identity(number - 2 * _SIGN if number >= _SIGN else number, check, minted(event_id), appended)


def canonical(value: Any) -> str:  # noqa: ANN401 -- parsed JSON
    """Return parsed JSON as one text for all its spellings: key order, spacing, `1.0` for `1`."""
    of = type(value)
    if of is dict:
        names, ordered = _order(tuple(value))
        values = [value[name] for name in ordered]
        for each in values:
            if type(each) is not str and (type(each) is not int or not -_PLAIN < each < _PLAIN):
                return _listed(names, values)
        return f"{names}{values}"  # what `_listed` comes to, in one go
    if of is list:
        return _listed("", value)
    if of is int and -_PLAIN < value < _PLAIN:
        return str(value)
    return _number(Decimal(value)) if of is Decimal or of is int else repr(value)


def _number(value: Decimal) -> str:
    if value.adjusted() < _PLAIN_DIGITS and value == value.to_integral_value():
        return str(int(value))
    return str(_UNBOUNDED.normalize(value))


def _listed(names: str, values: Sequence[Any]) -> str:
    return f"{names}[{', '.join(map(canonical, values))}]"


@lru_cache(maxsize=4096)
def _order(names: tuple[str, ...]) -> tuple[str, Sequence[str]]:
    """Return the names of an object's properties as a text, and in order; the events of a type have the same few."""
    ordered = sorted(names)
    return f"{{{ordered!r}}}", ordered


def minted(event_id: str) -> Instant | None:
    """Return the instant in an id that carries its time (UUIDv7, ULID), to the millisecond; None for any other."""
    if len(event_id) == _UUID_LENGTH and event_id[14] == "7" and event_id[8] == event_id[13] == "-":
        try:
            return int(event_id[:8] + event_id[9:13], 16) * MILLISECOND
        except ValueError:
            return None
    if len(event_id) == _ULID_LENGTH:
        millis = 0
        for letter in event_id[:10].upper():
            value = _CROCKFORD.get(letter)
            if value is None:
                return None
            millis = millis * 32 + value
        return millis * MILLISECOND
    return None
