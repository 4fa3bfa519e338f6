"""A signals topic that never was.

It holds what several time lines of metering may have published: each account's signals in any order, some
twice, and between them records that no metering writes. Bytes are real: they pass the codec both ways.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import DAY
from expansion_signals.model.records import Partition, Poll, Record
from expansion_signals.wire.codec import CloudEventsCodec
from sample_signals import NOW, gated, key, signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.signals import Signal

SHARDS = 2
PARTITIONS = (Partition("expansion-signals", 0), Partition("expansion-signals", 1))
ACCOUNTS = ("acct-1", "acct-2", "acct-3")
THRESHOLDS = ("50", "80", "100", "+1100", "+1200", "+1300")
CODEC = CloudEventsCodec()


class Draft(NamedTuple):
    """A signal of an account: what it crossed, in which generation, and how many days ago.

    Or the firing of a gate, 1 for the first, which crosses nothing; or `poison`, by number.
    """

    who: int
    crossed: frozenset[int]
    generation: int = 1
    days: int = 0
    poison: int | None = None
    gate: int = 0

    def signal(self) -> Signal:
        """Return the signal; of the steps it crossed the highest alone (semantics 3.1)."""
        ordered = sorted(self.crossed)
        named = [THRESHOLDS[place] for place in ordered]
        steps = [each for each in named if each.startswith("+")]
        crossed = [each for each in named if each not in steps[:-1]]
        account, time = ACCOUNTS[self.who], NOW - self.days * DAY
        if self.gate:
            return gated(str(self.gate), account=account, time=time)
        return signal(*crossed, account=account, generation=self.generation, time=time)


def _written(content: Signal) -> bytes:
    value = CODEC.signal(content, NOW).value
    assert value is not None
    return value


def _edited(path: str, value: object) -> bytes:
    """Return a signal in which one thing was changed by hand."""
    envelope = json.loads(_written(signal("80")))
    *way, last = path.split(".")
    inside = envelope
    for name in way:
        inside = inside[name]
    inside[last] = value
    return json.dumps(envelope).encode()


POISON: dict[str, bytes | None] = {
    "no value": None,
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "no attributes": b"{}",
    "no account": _edited("subject", None),
    "another version": _edited("type", "expansion.signal.limit.reached.v2"),
    "a trigger": _edited("type", "expansion.limit.reached.v1"),
    "no data": _edited("data", None),
    "keys that are a text": _edited("data.keys", key("80")),
    "keys too many": _edited("data.keys", [key("80"), key("100")]),
    "a key with our separator": _edited("data.keys", [f"{key('80')}|"]),
    "a step that is no number": _edited("data.keys", [f"{key('80')}:sNaN"]),
    "a step that no memory holds": _edited("data.keys", [f"{key('80')}:1e999999999"]),
    "an id with our separator": _edited("id", "|||||||||"),
    "an id of many bytes": _edited("id", "\N{FIRE}" * 32),
    "a fraction": json.dumps(json.loads(_written(signal("80"))))[:-2].encode() + b', "usage_now": 0.5}}',
    "a lone surrogate": _edited("data.why", "\ud800"),
    "crossings that are no objects": _edited("data.crossed", [80]),
    "a rule that is a name": _edited("data.rule", "api-quota"),
    "the end of time": _edited("time", "9999-12-31T23:59:59Z"),
}
UNDECIDED = _written(replace(signal("80"), type="limit.recovered", keys=()))
"""A signal that nobody decides: no poison, no decision."""


@dataclass
class SignalsTopic:
    """Records by partition. Signals lie in the partition of their account, poison anywhere."""

    records: dict[Partition, list[Record]] = field(default_factory=lambda: {each: [] for each in PARTITIONS})
    drafts: list[tuple[Record, Draft]] = field(default_factory=list)

    @classmethod
    def of(cls, drafts: Iterable[Draft]) -> SignalsTopic:
        topic = cls()
        for draft in drafts:
            topic.append(draft)
        return topic

    def append(self, draft: Draft) -> None:
        account = ACCOUNTS[draft.who]
        partition = PARTITIONS[draft.who % len(PARTITIONS)]
        values = [*POISON.values(), UNDECIDED]
        value = _written(draft.signal()) if draft.poison is None else values[draft.poison % len(values)]
        record = Record(*partition, len(self.records[partition]), account.encode(), value, (), NOW)
        self.records[partition].append(record)
        self.drafts.append((record, draft))

    @property
    def ends(self) -> Mapping[Partition, int]:
        return {partition: len(records) for partition, records in self.records.items()}

    def poll(self, positions: Mapping[Partition, int], size: int, of: Sequence[Partition]) -> Poll:
        after = {
            partition: min(position + size, self.ends[partition]) if partition in of else position
            for partition, position in positions.items()
        }
        found = [
            record
            for partition, position in positions.items()
            for record in self.records[partition][position : after[partition]]
        ]
        return Poll(found, dict(positions), after, 1)


MIXED = (
    Draft(0, frozenset({1})),
    Draft(0, frozenset({2, 3})),
    Draft(0, frozenset(), poison=2),
    Draft(0, frozenset({4})),
    Draft(2, frozenset({0, 1}), days=8),
    Draft(1, frozenset(), gate=1),
    Draft(0, frozenset({1, 2})),
)
"""A short topic with something of everything."""
