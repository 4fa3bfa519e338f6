"""What a rebuilt shard begins with: marks and decisions told by the log (architecture, When Redis loses data).

Records are taken in as they were the first time, in their order, with the decisions that were told in place of new
ones. What nobody can say was taken in is left to deciding, which reads on from there (`passed`); what comes after it,
and was, is known by its coordinates, so that it is taken in once.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.decide.passed import Passed
from expansion_signals.decide.restored_account import RestoredAccount
from expansion_signals.model.instants import LAST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.heard import Heard
    from expansion_signals.decide.restored_account import Told
    from expansion_signals.model.instants import Instant


@dataclass(slots=True)
class RestoredShard:
    """A shard before it serves again.

    `passed` has the partitions of deciding: how far all that is told was decided, and how many records of this shard
    those are; those of metering, with where they begin. `since`: the log holds nothing older, so counters that reach
    back further are incomplete; None where it holds everything. `late`: others have read on, so a second reader brings
    this shard up to them.
    """

    shard: int
    epoch: int
    since: Instant | None
    late: bool
    accounts: dict[str, RestoredAccount] = field(default_factory=dict)
    passed: dict[str, Passed] = field(default_factory=dict)
    _waiting: defaultdict[str, dict[str, list[Heard]]] = field(default_factory=lambda: defaultdict(dict))
    _reports: defaultdict[str, deque[tuple[Instant, Heard]]] = field(default_factory=lambda: defaultdict(deque))

    def account(self, name: str) -> RestoredAccount:
        """Return what is told of an account so far."""
        return self.accounts.setdefault(name, RestoredAccount())

    def partition(self, name: str) -> Passed:
        """Return how far a partition is."""
        return self.passed.setdefault(name, Passed(0))

    def report(self, heard: Heard, appended: Instant) -> None:
        """Take one more report of a prompt, before all signals: it is taken in with those that were appended after it.

        Nothing is published because of it, so nothing can say whether it was taken in: here it is.
        """
        self._reports[heard.what.account].append((appended, heard))
        self.partition(heard.partition).take(heard.offset, "known")

    def take(self, heard: Heard, appended: Instant, told: Mapping[str | None, Told], ground: Ground) -> None:
        """Take one more signal, of which this was told.

        What follows one that waits, or is unknown, waits as well where it is of the same account.
        """
        self._report_until(heard.what.account, appended)
        account, passed = self.account(heard.what.account), self.partition(heard.partition)
        account.end_holds(ground, appended)
        waiting = self._waiting[heard.partition].get(heard.what.account)
        if waiting is not None and heard.candidate is None and not account.is_told(heard, told):
            waiting.append(heard)
            passed.take(heard.offset, "waiting")
            return
        fate, proves = account.look(heard, told, ground)
        if proves:
            self._prove(heard.partition, ground)
        passed.take(heard.offset, fate)
        if fate == "known":
            self._take(account, heard, told, ground)
        else:
            waits = self._waiting[heard.partition].setdefault(heard.what.account, [])
            waits += [heard] if fate == "waiting" else []

    def bury(self, partition: str, offset: int) -> None:
        """Take one more record, which can never be decided."""
        self.partition(partition).take(offset, "dead")

    def end(self, positions: Mapping[str, int], ground: Ground) -> None:
        """Note how far each partition was read."""
        for partition, position in positions.items():
            self.partition(partition).end(position)
        for name in self._reports:
            self._report_until(name, LAST)
        for account in self.accounts.values():
            account.end_holds(ground)
            account.known = [place for place in account.known if place[1] >= self.passed[place[0]].offset]

    def _report_until(self, name: str, appended: Instant) -> None:
        reports = self._reports.get(name, ())
        while reports and reports[0][0] <= appended:
            self.account(name).report(reports.popleft()[1])

    def _prove(self, partition: str, ground: Ground) -> None:
        """Take in what was waiting: a decision after it was told."""
        self.passed[partition].prove()
        for name, waiting in self._waiting.pop(partition, {}).items():
            for heard in waiting:
                self._take(self.accounts[name], heard, {}, ground)

    def _take(self, account: RestoredAccount, heard: Heard, told: Mapping[str | None, Told], ground: Ground) -> None:
        account.take(heard, told, ground)
        if self.passed[heard.partition].is_open:
            account.known.append((heard.partition, heard.offset))
