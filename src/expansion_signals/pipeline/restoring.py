"""Restoring: what rebuilt shards begin with is gathered from the log (architecture, When Redis loses data).

    1. every decision               which signals are decided, and how
    2. every signal, in order       marks and generations; the keys that are decided; how far deciding has come
    3. every report of a prompt     dismissals, snoozes, what was shown

Only what the log tells is restored. Counters, identities and profiles come by themselves: the shard reads usage events
and account updates again from where the log begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.candidates import candidate_in
from expansion_signals.decide.cases import Ground, Mutes
from expansion_signals.decide.heard import Heard
from expansion_signals.decide.restored import Passed, RestoredAccount, RestoredShard
from expansion_signals.detect.restored_marks import marks_after
from expansion_signals.errors import RejectedRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Record
    from expansion_signals.ports import AuditCodec
    from expansion_signals.rules.configuration import Configuration


class Restoring:
    """Gathers what the log tells of these `shards`, as of `now`; `names` are topics as the state knows them."""

    def __init__(  # noqa: PLR0913 -- the parts of what is gathered
        self,
        codec: AuditCodec,
        shard_of: Callable[[str], int],
        configuration: Configuration,
        names: Mapping[str, str],
        *,
        shards: Collection[int],
        epoch: int,
        now: Instant,
        late: bool,
    ) -> None:
        self._codec = codec
        self._shard_of = shard_of
        self._meters = configuration.catalog.meters
        self._ground = Ground(configuration, Mutes({}), now)
        self._names = names
        self._told: dict[str, dict[str | None, Verdict]] = {}
        self._shards = {shard: RestoredShard(shard, epoch, None, late) for shard in shards}

    def decisions(self, records: Iterable[Record]) -> None:
        """Take note of decisions; what is none of ours is passed over."""
        for record in records:
            if self._shard_named(record) is not None:
                try:
                    signal, trigger, verdict = self._codec.read_decision(record)
                except RejectedRecord:
                    continue  # it tells nothing; whoever reads the audit meets it, too
                self._told.setdefault(signal, {})[trigger] = verdict

    def signals(self, records: Iterable[Record]) -> None:
        """Remember signals, once every decision is known; they come in the order of their partitions."""
        for record in records:
            shard = self._shard_named(record)
            if shard is not None:
                self._remember(shard, record)

    def prompts(self, records: Iterable[Record]) -> None:
        """Remember reports of prompts, once every signal is; what is no report is passed over with the rest."""
        for record in records:
            shard = self._shard_named(record)
            if shard is not None:
                self._hear(shard, record)

    def restored(self, positions: Mapping[str, int], since: Instant | None) -> Sequence[RestoredShard]:
        """Return what was gathered; `positions` says how far partitions of signals were read, and where others begin.

        `since` is as in `RestoredShard`.
        """
        for shard in self._shards.values():
            shard.since = since
            for partition, position in positions.items():
                shard.passed.setdefault(partition, Passed(position)).end(position)
        return list(self._shards.values())

    def _shard_named(self, record: Record) -> RestoredShard | None:
        """Return the shard of a record's key, if it is one of these."""
        account = (record.key or record.value or b"").decode("utf-8", "replace")
        return self._shards.get(self._shard_of(account))

    def _remember(self, shard: RestoredShard, record: Record) -> None:
        passed = shard.passed.setdefault(f"{self._names[record.topic]}/{record.partition}", Passed(0))
        try:
            signal = self._codec.read_signal(record)
            candidate = candidate_in(signal, f"{record.partition}:{record.offset}")
        except RejectedRecord:
            passed.bury(record.offset)
            return
        account = shard.accounts.setdefault(signal.account, RestoredAccount())
        account.marks = marks_after(signal, account.marks, self._meters)
        told = self._told.get(signal.id, {})
        if candidate is None:
            if not passed.stopped:
                account.hear(Heard("", record.offset, signal), self._ground)
            passed.take(record.offset, decided=None)
            return
        passed.take(record.offset, decided=account.remember(candidate, told, self._ground))

    def _hear(self, shard: RestoredShard, record: Record) -> None:
        passed = shard.passed.setdefault(f"{self._names[record.topic]}/{record.partition}", Passed(0))
        try:
            prompt = self._codec.prompt(record)
        except RejectedRecord:
            passed.bury(record.offset)
            return
        shard.accounts.setdefault(prompt.account, RestoredAccount()).hear(
            Heard("", record.offset, prompt), self._ground
        )
        passed.take(record.offset, decided=True)
