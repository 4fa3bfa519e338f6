"""What the data of a signal tells, read one by one; None where it does not say it, or not in the form it has.

Signals lie on a topic, and an older worker may have written less: that is no reason to stop deciding. What is missing
only makes the recommendation less exact.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from expansion_signals.model.instants import parse_instant
from expansion_signals.model.readings import Period
from expansion_signals.rules.spellings import read_duration

if TYPE_CHECKING:
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.signals import Signal

# Bounded, and without exponent: reading a number must not cost more than its text does.
_AMOUNT = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,20})?", re.ASCII)


def text_told(signal: Signal, name: str) -> str | None:
    """Return a text, such as the key of a feature."""
    value = signal.data.get(name)
    return value if isinstance(value, str) else None


def texts_told(signal: Signal, name: str) -> tuple[str, ...]:
    """Return a list of texts; empty where there is none."""
    values = signal.data.get(name)
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def count_told(signal: Signal, name: str) -> int | None:
    """Return a number of things, which stands as a JSON number."""
    value = signal.data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def amount_told(signal: Signal, name: str) -> Fraction | None:
    """Return a measured amount or a percentage, which stands as a decimal string."""
    value = text_told(signal, name)
    # A fraction reads a decimal in a third of the time that it reads a text.
    return Fraction(Decimal(value)) if value is not None and _AMOUNT.fullmatch(value) else None


def window_told(signal: Signal) -> Duration | None:
    """Return the length of the window, `14d`."""
    try:
        return read_duration(signal.data.get("window"))
    except ValueError:
        return None


def period_told(signal: Signal) -> Period | None:
    """Return the usage period."""
    value = signal.data.get("period")
    if not isinstance(value, dict):
        return None
    try:
        period = Period(parse_instant(str(value.get("start"))), parse_instant(str(value.get("end"))))
    except ValueError:
        return None
    return period if period.start < period.end else None
