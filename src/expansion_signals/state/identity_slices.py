"""Where identities are kept and looked for: slices of time, each cut into small buckets.

An id that carries its time (UUIDv7, ULID) lives in the slice of that time: one probe finds it, whatever `time` a
retry claims. These slices are short, so that what a poll brings falls together into few buckets. Where the id's hour
is off from that of the append time by more than one, or the id carries none, it lives in the slice of its append time
(a quarter of the window), and every existing slice within one window before and after is probed: a lagging partition
may hold the original. An id whose hour is off leaves a copy in the slice of its own time, so that a fresher-looking
retry, which probes only there, finds it too.

    window 24 h            a-slices of 6 h:   ... | a3 | a4 | a5 | a6 | ...     t-slices of 10 minutes
    plain id in a5         probes             a1 ... a9, lives in a5
    UUIDv7 of 10:59, appended 11:01           probes and lives in t65
    UUIDv7 of 07:30, appended 11:01           probes a1 ... a9 and t45, lives in a5, copy in t45

Buckets stay below 512 members, or a set of integers loses its compact form (9 bytes a member become 78). A slice
whose bucket fills up opens a further generation with four times the buckets; all generations are probed, the last
one takes what is new.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import HOUR, MINUTE, Duration, Instant, hour_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.batches import Identity

_QUARTERS = 4
_MINTED: Duration = 10 * MINUTE
"""A slice of ids that carry their time. It does not depend on the window: whoever changes that still finds them."""

_EXPECTED_IN_BUCKET = 300
_GROWTH = 4

Layout = tuple[int, ...]
"""Bucket counts of a slice's generations, oldest first; empty where the slice does not exist."""


def layout_text(layout: Layout) -> str:
    """Return bucket counts as they stand in a shard: `8,32`."""
    return ",".join(map(str, layout))


def read_layout(text: bytes) -> Layout:
    """Read what `layout_text` wrote."""
    return tuple(int(count) for count in text.decode().split(",")) if text else ()


class Bucket(NamedTuple):
    """One bucket of one generation of a slice."""

    slice_name: str
    buckets: int
    bucket: int


class Probe(NamedTuple):
    """The identities (by index) to look for in one bucket, and whether they will live there."""

    bucket: Bucket
    lives: bool
    indexes: Sequence[int]


class Plan(NamedTuple):
    """What to send: for each slice the layout assumed and the layout wanted, and the probes."""

    slices: Sequence[tuple[str, Layout, Layout]]
    probes: Sequence[Probe]


class IdentitySlices:
    """What this worker believes of one shard's slices. The shard corrects it: a layout is checked by each apply."""

    def __init__(self, window: Duration) -> None:
        self._window = window
        self._quarter = window // _QUARTERS
        self._layouts: dict[str, Layout] = {}
        self._full: set[str] = set()

    def learn(self, layouts: Mapping[str, Layout]) -> None:
        """Take the shard's word for these slices."""
        self._layouts.update(layouts)

    def fill(self, slice_name: str) -> None:
        """Note that a bucket of this slice is full: the next plan opens a further generation."""
        self._full.add(slice_name)

    def plan(self, identities: Sequence[Identity]) -> Plan:
        """Return where to look for these identities and where they will live."""
        homes: defaultdict[str, list[int]] = defaultdict(list)
        visits: defaultdict[str, list[int]] = defaultdict(list)
        timed: defaultdict[int, list[int]] = defaultdict(list)
        plain: defaultdict[int, list[int]] = defaultdict(list)
        for index, (_, _, minted, appended) in enumerate(identities):
            if minted is None:
                plain[appended // self._quarter].append(index)
                continue
            lag = abs(hour_of(appended) - hour_of(minted))
            # One hour more than the window: the first may have been an hour late itself.
            if lag <= 1 or (lag - 1) * HOUR <= self._window:
                timed[minted // _MINTED].append(index)
            if lag > 1:
                plain[appended // self._quarter].append(index)
        homes.update({f"t{number}": indexes for number, indexes in timed.items()})
        for own, indexes in plain.items():
            for quarter in range(own - _QUARTERS, own + _QUARTERS + 1):
                (homes if quarter == own else visits)[f"a{quarter}"] += indexes
        slices: list[tuple[str, Layout, Layout]] = []
        probes: list[Probe] = []
        # A slice that seems not to exist is named as well: the shard knows better, and says so.
        for name in homes.keys() | visits.keys():
            assumed = self._layouts.get(name, ())
            wanted = self._wanted(name, assumed, len(homes[name])) if name in homes else assumed
            slices.append((name, assumed, wanted))
            probes.extend(_probes(name, wanted, homes.get(name, ()), identities, lives=True))
            probes.extend(_probes(name, wanted, visits.get(name, ()), identities, lives=False))
        return Plan(slices, probes)

    def _wanted(self, name: str, assumed: Layout, count: int) -> Layout:
        needed = -(-count // _EXPECTED_IN_BUCKET)
        if not assumed:
            # As large as the one before it has become; that one may be known not to exist.
            before = self._layouts.get(f"{name[0]}{int(name[1:]) - 1}") or (1,)
            return (max(before[-1], needed),)
        if name in self._full or needed > assumed[-1]:
            self._full.discard(name)
            return (*assumed, max(assumed[-1] * _GROWTH, needed))
        return assumed


def last_asked(name: str, window: Duration) -> Instant:
    """Return the append time from which on no record asks for this slice.

    An append-time slice takes what is appended within it, that of an id's time what is appended up to the end of the
    next hour; either is asked for one window longer.
    """
    number = int(name[1:])
    end = (hour_of(number * _MINTED) + 2) * HOUR if name[0] == "t" else (number + 1) * (window // _QUARTERS)
    return end + window


def _probes(
    name: str, layout: Layout, indexes: Sequence[int], identities: Sequence[Identity], *, lives: bool
) -> Iterable[Probe]:
    for buckets in layout:
        by_bucket: defaultdict[int, list[int]] = defaultdict(list)
        for index in indexes:
            by_bucket[identities[index].number % buckets].append(index)
        for bucket, members in by_bucket.items():
            yield Probe(Bucket(name, buckets, bucket), lives and buckets == layout[-1], members)
