"""What a look at the set-up finds: how bad it is, where, what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedState

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How bad a finding is: an error ends `doctor` with 1, a warning does not."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `where` is a server, topic, file or setting; `do` is empty where nothing is to be done.

    `stops`: a worker that went on would lose data, so it does not start.
    """

    severity: Severity
    where: str
    what: str
    do: str = ""
    stops: bool = False

    @property
    def sentence(self) -> str:
        """Return it on one line: what is wrong, then what to do."""
        return f"{self.what}; {self.do}" if self.do else self.what


def fine(where: str, what: str) -> Finding:
    """Return a finding of which nothing is wrong."""
    return Finding(Severity.OK, where, what)


def warning(where: str, what: str, do: str) -> Finding:
    """Return a finding that somebody should know of."""
    return Finding(Severity.WARNING, where, what, do)


def error(where: str, what: str, do: str, *, stops: bool = False) -> Finding:
    """Return a finding that must be mended."""
    return Finding(Severity.ERROR, where, what, do, stops)


def refuse(findings: Iterable[Finding]) -> None:
    """Return if a worker may go on in spite of these findings.

    Raises:
        RejectedState: it would lose data; every such finding, one a line.
    """
    stopping = [finding.sentence for finding in findings if finding.stops]
    if stopping:
        raise RejectedState("\n".join(stopping))
