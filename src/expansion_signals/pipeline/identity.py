"""How an event is told from any other: an identity within the account, a check over its payload (semantics 1.4)."""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import TYPE_CHECKING, Any

from xxhash import xxh3_64_intdigest, xxh32_digest

from expansion_signals.model.batches import Identity
from expansion_signals.model.identities import SEPARATOR
from expansion_signals.model.instants import MILLISECOND

if TYPE_CHECKING:
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Instant

_SIGN = 1 << 63
_UNBOUNDED = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Two numbers that differ in the thousandth digit are two payloads."""

_CROCKFORD = {letter: value for value, letter in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")}
_UUID_LENGTH, _ULID_LENGTH = 36, 26


def identity_of_event(event: UsageEvent, appended: Instant) -> Identity:
    """Return the event's identity; `time` plays no part, so a retry that re-stamps it is a duplicate."""
    joined = SEPARATOR.join((event.account, event.source, event.id)).encode()
    number = xxh3_64_intdigest(joined)
    payload = repr((event.type, canonical(event.data))).encode()
    return Identity(
        number=number - 2 * _SIGN if number >= _SIGN else number,
        check=xxh32_digest(joined + b"\x1f" + payload),
        minted=minted(event.id),
        appended=appended,
    )


def canonical(value: Any) -> object:  # noqa: ANN401 -- parsed JSON
    """Return parsed JSON in one form for all its spellings: key order, spacing, `1.0` for `1`."""
    if isinstance(value, dict):
        return ("object", sorted((name, canonical(part)) for name, part in value.items()))
    if isinstance(value, list):
        return [canonical(part) for part in value]
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return ("number", str(_UNBOUNDED.normalize(Decimal(value))))
    return value


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
