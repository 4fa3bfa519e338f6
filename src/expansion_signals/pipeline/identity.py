"""How an event is told from any other: an identity within the account, a check over its payload (semantics 1.4)."""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Raw
from msgspec.json import Encoder
from xxhash import xxh3_64_intdigest, xxh32_digest

from expansion_signals.model.batches import Identity
from expansion_signals.model.identities import SEPARATOR
from expansion_signals.model.instants import MILLISECOND

if TYPE_CHECKING:
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Instant

_SIGN = 1 << 63
_SEED = (1 << 32) - 1
_UNBOUNDED = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Two numbers that differ in the thousandth digit are two payloads."""

_encode = Encoder(order="deterministic").encode

_PLAIN_DIGITS = 18
_PLAIN = 10**_PLAIN_DIGITS
_CROCKFORD = {letter: value for value, letter in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")}
_UUID_LENGTH, _ULID_LENGTH = 36, 26


def identity_of_event(event: UsageEvent, appended: Instant) -> Identity:
    """Return the event's identity; `time` plays no part, so a retry that re-stamps it is a duplicate."""
    source, event_id, event_type, account, _, data, _, _ = event
    number = xxh3_64_intdigest(f"{account}{SEPARATOR}{source}{SEPARATOR}{event_id}".encode())
    check = xxh32_digest(event_type.encode() + canonical(data), number & _SEED)
    return Identity(number - 2 * _SIGN if number >= _SIGN else number, check, minted(event_id), appended)


def canonical(value: Any) -> bytes:  # noqa: ANN401 -- parsed JSON
    """Return parsed JSON as one text for all its spellings: key order, spacing, `1.0` for `1`."""
    if type(value) is dict:
        for each in value.values():
            if type(each) is not str and (type(each) is not int or not -_PLAIN < each < _PLAIN):
                break
        else:
            return _encode(value)
    return _encode(_one_spelling(value))


def _one_spelling(value: Any) -> object:  # noqa: ANN401 -- parsed JSON
    """Return the value with every number in the one form it has here; JSON has several for each."""
    of = type(value)
    if of is dict:
        return {name: _one_spelling(each) for name, each in value.items()}
    if of is list:
        return [_one_spelling(each) for each in value]
    if of is not Decimal and (of is not int or -_PLAIN < value < _PLAIN):
        return value
    number = Decimal(value)
    if number.adjusted() < _PLAIN_DIGITS and number == number.to_integral_value():
        return int(number)
    return Raw(str(_UNBOUNDED.normalize(number)).encode())


def minted(event_id: str) -> Instant | None:
    """Return the instant in an id that carries its time (UUIDv7, ULID), to the millisecond; None for any other."""
    if len(event_id) == _UUID_LENGTH and event_id[14] == "7" and event_id[8:14:5] == "--":
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
