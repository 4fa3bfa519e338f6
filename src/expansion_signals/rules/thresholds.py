"""The threshold grammar of `at:` (semantics 3.1)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from expansion_signals.model.thresholds import Threshold
from expansion_signals.rules.findings import shown
from expansion_signals.rules.spellings import read_by, written

_NUMBER = r"[0-9]{1,40}(?:\.[0-9]{1,20})?"
_GRAMMAR = re.compile(
    rf"(?P<percent>{_NUMBER}) ?%"
    rf"|(?P<remaining>{_NUMBER}) +remaining"
    rf"|every +(?P<step>{_NUMBER})(?: +after +(?P<after>{_NUMBER})(?P<of_limit> ?%)?)?"
    rf"|(?P<usage>{_NUMBER})",
    re.ASCII,
)
_EXPECTED = "expected a threshold such as 80%, 800, 200 remaining, every 1000, every 1000 after 100%"


def read_threshold(value: object) -> Threshold:
    """Read one threshold: `80%`, `800`, `200 remaining`, `every 1000`, `every 1000 after 100%`, `… after 5000`.

    Raises:
        ValueError: another form, or a percentage, usage or step that is not above zero.
    """
    text = written(value)
    match = _GRAMMAR.fullmatch(text) if text is not None else None
    if match is None:
        raise ValueError(f"{_EXPECTED}; got {shown(value)}")
    if match["remaining"]:
        return Threshold("remaining", Decimal(match["remaining"]))
    if match["percent"]:
        return Threshold("percent", _above_zero("percentage", match["percent"]))
    if match["usage"]:
        return Threshold("usage", _above_zero("usage", match["usage"]))
    step = _above_zero("step", match["step"])
    base = Decimal(match["after"] or 0)
    if base == 0:
        return Threshold("step", step)
    if match["of_limit"]:
        return Threshold("step", step, after_percent=base)
    return Threshold("step", step, after_usage=base)


def _above_zero(noun: str, text: str) -> Decimal:
    number = Decimal(text)
    if number == 0:
        raise ValueError(f"expected a {noun} above zero, got {shown(text)}")
    return number


def needs_limit(threshold: Threshold) -> bool:
    """Say whether the threshold stands relative to a limit: without one it can never be reached (semantics 3.6)."""
    return threshold.kind in ("percent", "remaining") or threshold.after_percent is not None


At = Annotated[Threshold, read_by(read_threshold)]
