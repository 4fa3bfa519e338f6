"""Restoring: what rebuilt shards begin with is gathered from the log (architecture, When Redis loses data).

    1. every decision               which signals are decided, and how
    2. every report of a prompt     dismissals, snoozes, what was shown
    3. every signal, in order       marks and generations; what is decided and remembered; how far deciding has come

Only what the log tells is restored. Counters, identities and profiles come by themselves: the shard reads usage events
and account updates again from where the log begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.candidates import candidate_in
from expansion_signals.decide.cases import Ground, Mutes
from expansion_signals.decide.heard import Heard
from expansion_signals.decide.restored import RestoredShard
from expansion_signals.decide.restored_account import Told
from expansion_signals.detect.restored_marks import marks_after
from expansion_signals.errors import RejectedRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

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
        self._told: dict[str, dict[str | None, Told]] = {}
        self._shards = {shard: RestoredShard(shard, epoch, None, late) for shard in shards}

    def decisions(self, records: Iterable[Record]) -> None:
        """Take note of decisions; what is none of ours is passed over."""
        for record in records:
            if self._shard_of_key(record) is not None:
                try:
                    signal, trigger, verdict = self._codec.read_decision(record)
                except RejectedRecord:
                    continue  # it tells nothing; whoever reads the audit meets it, too
                told = self._told.setdefault(signal, {})
                found = Told(verdict, record.appended)
                told[trigger] = told[trigger].and_then(found) if trigger in told else found

    def prompts(self, records: Iterable[Record]) -> None:
        """Take note of reports of prompts; their account is their subject, whatever their key."""
        for record in records:
            try:
                prompt = self._codec.prompt(record)
            except RejectedRecord:
                self._bury(self._shard_of_key(record), record)
                continue
            shard = self._shards.get(self._shard_of(prompt.account))
            if shard is not None:
                shard.report(Heard(self._name(record), record.offset, prompt), record.appended)

    def signals(self, records: Iterable[Record]) -> None:
        """Take signals in, once all else is known; they come in the order of their partitions."""
        for record in records:
            shard = self._shard_of_key(record)
            if shard is not None:
                self._take(shard, record)

    def restored(self, positions: Mapping[str, int], since: Instant | None) -> Sequence[RestoredShard]:
        """Return what was gathered; `positions` says how far partitions of signals were read, and where others begin.

        `since` is as in `RestoredShard`.
        """
        for shard in self._shards.values():
            shard.since = since
            shard.end(positions, self._ground)
        return list(self._shards.values())

    def _shard_of_key(self, record: Record) -> RestoredShard | None:
        """Return the shard of a record's key, if it is one of these."""
        account = (record.key or record.value or b"").decode("utf-8", "replace")
        return self._shards.get(self._shard_of(account))

    def _take(self, shard: RestoredShard, record: Record) -> None:
        try:
            signal = self._codec.read_signal(record)
            candidate = candidate_in(signal, f"{record.partition}:{record.offset}")
        except RejectedRecord:
            self._bury(shard, record)
            return
        if self._shards.get(self._shard_of(signal.account)) is not shard:
            return  # under another key than its account's: metering has not written it
        account = shard.account(signal.account)
        account.marks = marks_after(signal, account.marks, self._meters)
        heard = Heard(self._name(record), record.offset, signal, candidate)
        shard.take(heard, record.appended, self._told.get(signal.id, {}), self._ground)

    def _bury(self, shard: RestoredShard | None, record: Record) -> None:
        if shard is not None:
            shard.bury(self._name(record), record.offset)

    def _name(self, record: Record) -> str:
        return f"{self._names[record.topic]}/{record.partition}"
