"""A sample: who, or what, was there on which of the last UTC days or hours; of many, a part that stands for all.

Up to 500 are counted exactly. When one more comes, only those whose hash ends in a zero bit are kept, and each stands
for two; when those are more than 500, in two zero bits, and so on. Which are kept does not hang on the order in which
they come, and a sample of one day can be laid on that of another. 3 days of an account:

    1 Nov   400 users    all kept
    2 Nov   600 others   of all 1,000 about half is kept: 1 Nov counts 2 x 200, 2 Nov 2 x 300, both together 2 x 500
    3 Nov   12 users     those that are kept are few again, as soon as the 500 are out of reach: counted exactly then
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xxhash import xxh3_64_intdigest

from expansion_signals.detect.watches import MOST_REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_KEY_BITS = 48
"""Of 500 people, two share a key in one of two thousand million accounts."""


@dataclass(slots=True)
class Sample:
    """`seen` has by key the steps (days or hours, by number) on which it was there: bit n is n steps before `newest`.

    `halved` says by step how often its sample was halved, where it was. What is `exact` in the methods below is kept
    whatever else there is: there must be few of it.
    """

    newest: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    halved: dict[int, int] = field(default_factory=dict)

    @classmethod
    def read(cls, kept: Sequence[Any]) -> Sample:
        """Read what `parts` returned."""
        newest, seen, *halved = kept
        return cls(newest, seen, {int(step): times for step, times in halved[0].items()} if halved else {})

    def parts(self) -> Sequence[Any]:
        """Return it as parts of a note."""
        return [self.newest, self.seen, *([self.halved] if self.halved else [])]

    def take(self, key: str, step: int, reach: int, exact: Collection[str] = ()) -> bool:
        """Note that something was there on this step; say whether that is news.

        `reach` is how many steps are of use, the newest included.
        """
        if step > self.newest:
            self._advance(step, reach)
        back = self.newest - step
        if back >= reach or not (key in exact or _stands(key, self.halved.get(step, 0))):
            return False
        before = self.seen.get(key, 0)
        self.seen[key] = before | 1 << back
        self._bound(reach, exact)
        return self.seen.get(key, before) != before

    def knows(self, key: str) -> bool:
        """Say whether it was there on any step in reach."""
        return key in self.seen

    def count(self, steps: range, exact: Collection[str] = ()) -> int:
        """Return how many were there within these steps: an estimate where one of them was halved."""
        halved = max((times for step, times in self.halved.items() if step in steps), default=0)
        found = self.within(steps)
        known = sum(key in exact for key in found)
        return known + (sum(key not in exact and _stands(key, halved) for key in found) << halved)

    def within(self, steps: range) -> Sequence[str]:
        """Return the keys of those that are kept and were there within these steps."""
        oldest, latest = self.newest - steps.start, max(0, self.newest - steps.stop + 1)
        if oldest < latest:
            return []
        bits = (1 << oldest + 1) - (1 << latest)
        return [key for key, seen in self.seen.items() if seen & bits]

    def _advance(self, step: int, reach: int) -> None:
        """Make this the newest step; once what is kept is half of what may be, a new step begins less halved."""
        passed, halved, in_reach = step - self.newest, self.halved.get(self.newest, 0), (1 << reach) - 1
        # What lies further back than everything in reach is nothing, and shifting by years would cost memory.
        kept = self.seen if passed < reach else {}
        self.seen = {key: bits for key, seen in kept.items() if (bits := (seen << passed) & in_reach)}
        if halved and len(self.seen) <= MOST_REMEMBERED // 2:
            halved -= 1
        self.halved = {each: times for each, times in self.halved.items() if each > step - reach}
        if halved:
            self.halved |= dict.fromkeys(range(max(self.newest, step - reach) + 1, step + 1), halved)
        self.newest = step

    def _bound(self, reach: int, exact: Collection[str]) -> None:
        while len(self.seen) > MOST_REMEMBERED and sum(key not in exact for key in self.seen) > MOST_REMEMBERED:
            halved = max(self.halved.values(), default=0) + 1
            self.halved = dict.fromkeys(range(self.newest - reach + 1, self.newest + 1), halved)
            self.seen = {key: seen for key, seen in self.seen.items() if key in exact or _stands(key, halved)}


def key_of(name: str) -> str:
    """Return what is kept of somebody: of an id nothing is needed but that it is the same again."""
    return f"{xxh3_64_intdigest(name.encode()) >> 64 - _KEY_BITS:x}"


def _stands(key: str, halved: int) -> bool:
    """Say whether a key is kept where a sample was halved so often."""
    return not halved or not xxh3_64_intdigest(key.encode()) & (1 << halved) - 1
