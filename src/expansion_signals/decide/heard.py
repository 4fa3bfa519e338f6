"""What deciding reads, one record after the other: signals, and what was reported of prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.signals import Signal

if TYPE_CHECKING:
    from expansion_signals.decide.candidates import Candidate
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.prompts import Prompt


class Heard(NamedTuple):
    """One record of an account; `candidate` is what a signal of a kind that fires is as well.

    `partition` is named as the state names it; `offset` is the record's own.
    """

    partition: str
    offset: int
    what: Signal | Prompt
    candidate: Candidate | None = None

    @property
    def hold_ended(self) -> Instant | None:
        """When a hold ended, of a reading that was made because of that."""
        what = self.what
        if isinstance(what, Signal) and what.type == "reading" and what.data.get("reason") == "hold_ended":
            return what.evidence.time
        return None

    @property
    def place(self) -> str:
        """The record's coordinates, under which is kept what was published because of it."""
        return f"{self.partition}|{self.offset}"

    @property
    def record(self) -> str:
        """The same as entries of decided keys name it."""
        return f"{self.partition.rpartition('/')[2]}:{self.offset}"
