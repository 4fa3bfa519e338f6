"""The groups that read the log: who is in them, how much is left to read, and since when it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.checks.findings import error, fine, warning
from expansion_signals.model.instants import HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.checks.findings import Finding
    from expansion_signals.model.instants import Duration

_LONG: Duration = 5 * MINUTE
"""Of an idle partition it is known only that it was read up to a minute ago (`worker.stage`): a wait is overtold so."""


class Unread(NamedTuple):
    """What a group has yet to read of one partition.

    `waits`: how long at most the oldest has waited; None where it cannot be known. `kept`: how long the topic keeps
    records; None for ever. `gone`: records that retention has taken unread.
    """

    records: int
    waits: Duration | None
    kept: Duration | None
    gone: int = 0


def judge_group(name: str, members: int, unread: Mapping[str, Unread]) -> Iterator[Finding]:
    """Yield what is found about a group; `unread` is by `topic/partition`, for every partition of its topics."""
    records = sum(each.records for each in unread.values())
    gone = {partition: each.gone for partition, each in unread.items() if each.gone}
    if gone:
        yield error(
            ", ".join(sorted(gone)),
            f"retention has taken {sum(gone.values()):,} records before they were counted",
            "see docs/operations.md, The log is shorter than the state; "
            "to go on without them: expansion-signals worker --accept-log",
        )
    leaving = [partition for partition, each in unread.items() if _leaves_soon(each)]
    if leaving:
        yield error(
            ", ".join(sorted(leaving)),
            "records are unread for more than half the time for which the topic is kept: retention will take them",
            "start more workers (expansion-signals worker), or keep the topic longer",
        )
    waits = max((each.waits for each in unread.values() if each.records and each.waits is not None), default=0)
    since = f", the oldest for up to {_told(waits)}" if records and waits else ""
    state = f"workers: {members}, records unread: {records:,}{since}"
    if not members:
        yield warning(name, f"no worker reads: {state}", "expansion-signals worker")
    elif waits > _LONG:
        yield warning(name, state, "start more workers, up to one a partition; see docs/capacity.md")
    elif members > len(unread):
        yield warning(
            name, f"{state}: more workers than partitions", "those beyond have nothing to read; add partitions"
        )
    else:
        yield fine(name, state)


def _leaves_soon(unread: Unread) -> bool:
    if not unread.records or unread.waits is None or unread.kept is None:
        return False
    return unread.waits > unread.kept // 2


def _told(duration: Duration) -> str:
    if duration < MINUTE:
        return f"{duration // SECOND} s"
    return f"{duration // MINUTE} min" if duration < HOUR else f"{duration // HOUR} h"
