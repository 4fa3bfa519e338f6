"""Amounts: decimals on the wire, whole numbers inside (semantics 2.1).

A meter with `precision` 2 counts 12.34 as 1234. Every level, limit and threshold of that meter is scaled the
same way, so comparing two of them is comparing two integers.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from expansion_signals.errors import RejectedRecord

LARGEST = 2**63 - 1
"""The largest scaled amount a counter holds, in size; Redis counts in signed 64 bit."""

ROOMY = 4_611_686_018 * 10**9 - 1
"""Up to here a level leaves room: about half of what a counter holds. What comes together is judged by its end only
where that stays below; whatever order it comes in, no level on the way can then be too large to be held.
"""

ALONE_FROM = 2**46
"""From this size on an amount comes alone. More smaller ones than a poll can hold do not fill the room that is left."""

_DIGITS = 400
"""A decimal with more digits than this is refused unread: parsing cost must not be the sender's choice."""

_BITS = 1_328
"""A whole number of more bits has more than 400 digits, and Python may refuse to print it."""

PLAIN_DIGITS = 9
"""Whole numbers of so many digits are scaled at once: with the most digits that a meter counts they fit 63 bits."""

_PLAIN = 10**PLAIN_DIGITS
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EXACT = Context(prec=_DIGITS + 32)
_UTILIZATION = Decimal("0.0001")


def scale(value: Decimal | int | str, precision: int) -> int:
    """Return `value` as a whole number of units of 10^-precision.

    Raises:
        RejectedRecord: `invalid_data` if it is no finite decimal, `precision` if it has more digits after the
            point than the meter counts, `overflow` if it does not fit 63 bits.
    """
    power: int = 10**precision
    if type(value) is int and -_PLAIN < value < _PLAIN:
        return value * power
    if type(value) is str and value.isdecimal() and value.isascii() and len(value) <= PLAIN_DIGITS:
        return int(value) * power
    number = _finite(value)
    if not number:
        return 0
    if number.adjusted() + precision > _DIGITS:
        raise RejectedRecord("overflow", f"value {_shown(value)} is larger than a counter can hold")
    if number.adjusted() + _DIGITS < 0:
        raise RejectedRecord("precision", f"value {_shown(value)} has more than {precision} digits after the point")
    scaled = number.scaleb(precision, _EXACT)
    whole = scaled.to_integral_value()
    if whole != scaled:
        raise RejectedRecord("precision", f"value {_shown(value)} has more than {precision} digits after the point")
    result = int(whole)
    if abs(result) > LARGEST:
        raise RejectedRecord("overflow", f"value {_shown(value)} is larger than a counter can hold")
    return result


def unscale(amount: int, precision: int) -> str:
    """Return a scaled amount as a decimal string without trailing zeros: 1230 at precision 2 is `12.3`."""
    if precision == 0:
        return str(amount)
    return plain(Decimal(amount).scaleb(-precision, _EXACT))


def grouped(amount: int, precision: int) -> str:
    """Return a scaled amount as people read it: `1,200`, `0.5`."""
    return f"{amount:,}" if precision == 0 else format(Decimal(unscale(amount, precision)), ",f")


def plain(number: Decimal) -> str:
    """Return a decimal without exponent and without trailing zeros: `80`, `0.5`, `-3.25`."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def value_text(value: object) -> str | None:
    """Return how a property's value stands in a catalog's `where`: `pro`, `true`, `5`; None for what has no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, int | Decimal) or abs(Decimal(value).adjusted()) > _DIGITS:
        return None
    return plain(Decimal(value))


def utilization(usage: int, limit: int | None) -> str | None:
    """Return usage ÷ limit, rounded half up to 4 digits; None where there is no limit or it is zero (semantics 3.6)."""
    if not limit:
        return None
    quotient = _EXACT.divide(Decimal(usage), Decimal(limit))
    return plain(quotient.quantize(_UTILIZATION, rounding=ROUND_HALF_UP, context=_EXACT))


def _finite(value: Decimal | int | str) -> Decimal:
    if isinstance(value, str) and len(value) > _DIGITS:
        raise RejectedRecord("invalid_data", f"value has {len(value)} characters; at most {_DIGITS} are read")
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise RejectedRecord("overflow", f"value has more than {_DIGITS} digits")
    # Decimal itself would also take underscores, spaces and the digits of other scripts.
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise RejectedRecord("invalid_data", f"value {_shown(value)} is not a decimal number")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise RejectedRecord("invalid_data", f"value {_shown(value)} is not a decimal number") from None
    if not number.is_finite():
        raise RejectedRecord("invalid_data", f"value {_shown(value)} is not a finite number")
    if len(number.as_tuple().digits) > _DIGITS:
        raise RejectedRecord("invalid_data", f"value has more than {_DIGITS} digits")
    return number


def _shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else text[:37] + "...")  # noqa: PLR2004 -- a message stays one line
