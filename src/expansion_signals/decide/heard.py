"""What deciding reads, one record after the other: signals, and what was reported of prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from expansion_signals.decide.candidates import Candidate
    from expansion_signals.model.prompts import Prompt
    from expansion_signals.model.signals import Signal


class Heard(NamedTuple):
    """One record of an account; `candidate` is what a signal of a kind that fires is as well.

    `partition` is named as the state names it; `offset` is the record's own.
    """

    partition: str
    offset: int
    what: Signal | Prompt
    candidate: Candidate | None = None

    @property
    def place(self) -> str:
        """The record's coordinates, under which is kept what was published because of it."""
        return f"{self.partition}|{self.offset}"

    @property
    def record(self) -> str:
        """The same as entries of decided keys name it."""
        return f"{self.partition.rpartition('/')[2]}:{self.offset}"
