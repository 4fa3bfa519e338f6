"""Signals that list the thresholds they crossed: one key for each, ascending, so that a rest of them can fire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from expansion_signals.decide.decided import key_of
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.identities import identity_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.signals import Signal

_KEY = re.compile(r"[0-9a-f]{32}(:(?=[\d.]{1,40}$)\d+(\.\d+)?)?", re.ASCII)


def check_crossed(signal: Signal) -> None:
    """Check that what was crossed and the keys belong together.

    Raises:
        RejectedRecord: they do not.
    """
    crossed = signal.data["crossed"]
    if not crossed:
        raise RejectedRecord("invalid_data", f"{signal.type} needs data.crossed, with one at least")
    if len(signal.keys) != len(crossed) or not all(_KEY.fullmatch(key) for key in signal.keys):
        raise RejectedRecord("invalid_data", f"{signal.type} needs one of data.keys for each of data.crossed")


def id_of_rest(signal: Signal, rest: Sequence[int]) -> str:
    """Return the signal's id where its highest threshold is among the rest, else one of the rest's own highest."""
    if rest[-1] == len(signal.keys) - 1:
        return signal.id
    key = signal.keys[rest[-1]]
    return key if key_of(key).step is None else identity_of("step", key)


def crossed_of_rest(signal: Signal, rest: Sequence[int]) -> dict[str, Any]:
    """Return `crossed` and `threshold` as if the rest alone had been crossed."""
    crossed = [signal.data["crossed"][place] for place in rest]
    return {"crossed": crossed, "threshold": {**signal.data["threshold"], **crossed[-1]}}
