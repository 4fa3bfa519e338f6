"""Every failure this program knows, in one tree.

    ExpansionSignalsError
    ├── Retryable                  the same call may succeed later: retried in place, with back-off
    │   ├── StateUnavailable       Redis does not answer
    │   ├── LogUnavailable         Kafka does not answer
    │   └── StackUnavailable       what `dev` and `demo` start here did not start, or ended
    └── Rejected                   the same call can never succeed: told to whoever sent it, never retried
        ├── RejectedRecord         a record: dead-lettered with its code
        ├── RejectedEvent          an event that a product app emits: told there, with all problems at once
        ├── RejectedConfiguration  catalog.yaml, rules.yaml: all problems at once
        ├── RejectedImport         a file of day totals: all problems at once
        ├── RejectedSettings       environment or settings file: all problems at once
        ├── RejectedRehearsal      a test of rules that asks for what cannot be: a rule that is not there
        ├── TooManyDeadLetters     dead letters past the ratio limit: not published, their stage pauses
        ├── TriggerTaken           a trigger that is another subscriber's by now: it is handed out there
        └── RejectedState          what Redis or Kafka hold does not fit this worker: it stops and says what to run
            └── StateLost          Redis holds nothing any more: the worker begins anew, from the log

An exception outside this tree is a defect of ours: it stops the worker, and nothing is acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

DeadLetterCode = Literal[
    "unparsable",
    "missing_attribute",
    "invalid_attribute",
    "invalid_data",
    "in_future",
    "too_old",
    "identity_conflict",
    "precision",
    "overflow",
    "too_large",
    "key_mismatch",
    "unknown_version",
]


_SHOWN = 80


class ExpansionSignalsError(Exception):
    """The root: never raised itself."""


class Retryable(ExpansionSignalsError):
    """A failure that may pass; it never dead-letters and never moves an offset (semantics 10.2)."""


class StateUnavailable(Retryable):
    """Redis does not answer, or answers that it cannot serve now."""


class LogUnavailable(Retryable):
    """Kafka does not answer, or answers that it cannot serve now."""


class StackUnavailable(Retryable):
    """The embedded broker, the embedded Redis or the worker beside them did not start, or ended unasked."""


class Rejected(ExpansionSignalsError):
    """A failure that the same input will always meet."""


class RejectedRecord(Rejected):
    """A record that can never succeed (semantics 10.1): `code` and `message` go into the dead letter's headers."""

    def __init__(self, code: DeadLetterCode, message: str) -> None:
        super().__init__(message)
        self.code: DeadLetterCode = code
        self.message = message


class RejectedEvent(Rejected):
    """An event that a product app emits and the worker would dead-letter, with every problem found."""

    def __init__(self, event_type: str, account: str, problems: Sequence[str]) -> None:
        told = "; ".join(problems)
        super().__init__(
            f"{event_type[:_SHOWN]} of account {account[:_SHOWN]!r} is no event: {told}; see docs/emitting.md"
        )
        self.type = event_type
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a file: where it stands and what was expected there. Lines and columns start at 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Return the form that editors turn into a link: `file:line:column: message`."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class RejectedConfiguration(Rejected):
    """Catalog or rules that cannot take effect, with every problem found (semantics 10.5)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class RejectedImport(Rejected):
    """A file of day totals that is not sent, with every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = [str(problem) for problem in problems]
        super().__init__("\n".join([*lines, f"nothing is sent until all of it is right; problems: {len(lines)}"]))
        self.problems = tuple(problems)


class RejectedSettings(Rejected):
    """Settings that cannot work; the message names each variable and what it takes."""


class RejectedRehearsal(Rejected):
    """A test of rules asks for what cannot be: a rule that is not there, a clock that goes back, an unnamed event."""


class TooManyDeadLetters(Rejected):
    """Dead letters that would take a partition past the ratio limit; the message ends in what to do (semantics 10.3).

    Not `Retryable`: the same letters are refused each time. What may change is what is judged: files, program, records.
    """


class TriggerTaken(Rejected):
    """`done()` came too late: the group has given the trigger to another subscriber, which hands it out again."""


class RejectedState(Rejected):
    """What Redis or Kafka hold does not fit this worker; the message ends in the command to run."""


class StateLost(RejectedState):
    """Every shard is gone under a live worker: nothing it knows holds any more, so it is put together anew."""
