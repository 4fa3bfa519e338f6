"""A signal that may become a trigger, as it was read: what deciding relies on is checked before anything is decided."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.contents import check_content
from expansion_signals.decide.crossings import check_crossed
from expansion_signals.decide.evidence_readings import health_inputs_in, observations_in
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import LAST
from expansion_signals.model.kinds import KINDS, TOLD, Kind
from expansion_signals.rules.spellings import LONGEST_WINDOW

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Candidate(NamedTuple):
    """A signal of a kind that fires; `record` are its coordinates on the log."""

    signal: Signal
    record: str

    @property
    def kind(self) -> Kind:
        """The kind of the signal."""
        return KINDS[self.signal.type]


def candidate_in(signal: Signal, record: str) -> Candidate | None:
    """Return the candidate that a signal is; None for a signal that nobody decides.

    Raises:
        RejectedRecord: a signal that metering cannot have written: one that could not be decided, remembered or
            published.
    """
    kind = KINDS.get(signal.type)
    if kind is None and signal.type not in TOLD:
        return None  # of a version to come: nobody judges it here
    check_content(signal.type, signal.data)
    if signal.type == "reading":
        health_inputs_in(signal.data)
        observations_in(signal.data)
    if kind is None or not kind.fires:
        return None
    if not _ID.fullmatch(signal.id):
        raise RejectedRecord("invalid_attribute", "the id of a signal is 32 hexadecimal digits")
    if signal.evidence.time > LAST - LONGEST_WINDOW:
        raise RejectedRecord("invalid_attribute", "time: what follows from it would expire after the year 9999")
    if signal.data["family"] != kind.family.name:
        raise RejectedRecord("invalid_data", f"{signal.type} is of family {kind.family.name}")
    if not _ID.fullmatch(str(signal.data.get("burst_of", signal.id))):
        raise RejectedRecord("invalid_data", f"{signal.type} has data.burst_of, which is no id of a signal")
    if kind.crosses:
        check_crossed(signal)
    elif signal.keys != (signal.id,):
        raise RejectedRecord("invalid_data", f"{signal.type} needs data.keys, with its id alone")
    return Candidate(signal, record)
