"""What a simulated log is read with, and what is published beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.accounts import AccountUpdate
from expansion_signals.model.events import Evidence, UsageEvent
from expansion_signals.model.records import Outgoing, Partition, Record
from expansion_signals.model.signals import Signal, Told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.records import DeadLetter
    from simulated_log import SimulatedLog

SIGNALS, DECISIONS = Partition("expansion-signals", 0), Partition("expansion-decisions", 0)


class PlainCodec:
    """Reads a simulated log; writes signals so that two that differ anywhere are two texts."""

    def __init__(self, log: SimulatedLog) -> None:
        self._log = log

    def usage_event(self, record: Record) -> UsageEvent:
        meaning = self._log.meanings[record]
        if isinstance(meaning, RejectedRecord):
            raise meaning
        assert isinstance(meaning, UsageEvent)
        return meaning

    def account_update(self, record: Record) -> AccountUpdate:
        meaning = self._log.meanings[record]
        assert isinstance(meaning, AccountUpdate)
        return meaning

    def signal(self, signal: Signal, recorded: int) -> Outgoing:
        del recorded
        content = {name: getattr(signal, name) for name in ("id", "type", "keys", "arms", "evidence", "data")}
        return Outgoing(SIGNALS.topic, signal.account.encode(), json.dumps(content).encode())

    def read_signal(self, record: Record) -> Signal:
        assert record.key is not None
        assert record.value is not None
        content = json.loads(record.value)
        arms = tuple(Told(*arm) for arm in content.pop("arms"))
        evidence, keys = Evidence(*content.pop("evidence")), tuple(content.pop("keys"))
        return Signal(account=record.key.decode(), evidence=evidence, keys=keys, arms=arms, **content)

    def read_decision(self, record: Record) -> NoReturn:
        raise RejectedRecord("invalid_data", f"nobody decides here: {record}")

    def dead_letter(self, letter: DeadLetter, failed: int) -> Outgoing:
        del failed
        record = letter.record
        return Outgoing("usage-events-dlq", f"{record.partition}/{record.offset}".encode(), letter.code.encode())

    def truncated(self, letter: DeadLetter, failed: int) -> Outgoing:
        return self.dead_letter(letter, failed)


@dataclass
class MemoryPublisher:
    """Takes everything; what was taken stays, acknowledged or not. `records` are the signals as a reader meets them."""

    signals: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        for record in records:
            assert record.key is not None
            assert record.value is not None
            if record.topic == "usage-events-dlq":
                self.letters[record.key.decode()] = record.value.decode()
            else:
                self.signals.append((record.key.decode(), json.loads(record.value)))
                self.records.append(Record(*SIGNALS, len(self.records), record.key, record.value, (), 0))
        return ()
