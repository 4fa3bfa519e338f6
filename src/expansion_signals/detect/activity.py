"""What is remembered of an account's activity, in one bounded note: what facts over windows are counted from.

Events of low volume leave something here, and each leaves only what rules ask for (`rules.asked_facts`). What counts
each event is a trace; who or what is counted once is a sample beside its trace, which then holds what was new on a day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expansion_signals.detect import note_text
from expansion_signals.detect.looked import Looked
from expansion_signals.detect.samples import Sample
from expansion_signals.detect.traces import Trace
from expansion_signals.model.instants import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant

NOTE = "activity"
"""The subject of the note."""

TICKETS = "tickets"
"""What is counted beside the facts of conditions: only health asks for it."""

OF_HEALTH: Duration = 30 * DAY
"""How far back health looks at tickets and features."""

SENTIMENT_UNIT = 10_000
"""What a sentiment of 1 is counted as."""

_ANSWERS = 20
"""Answers of a kind that are kept, the last ones: one alone would swing the account from end to end."""

_ATTEMPTS_KNOWN = 100
_ATTEMPTS_KNOWN_FOR: Duration = HOUR
"""Attempts, and how far back, by which re-renders are told: the same screen is drawn again within seconds."""

Reach = dict[str, "Mapping[Duration, Duration]"]
"""By fact, and by the length of the steps it is counted in, how far back these are of use."""


@dataclass(slots=True)
class Activity:
    """Instants in µs. `samples` has by fact and by the length of a step who or what was there.

    `tries` are the last counted attempts, by feature and user; `scores` has by kind of feedback the last answers and
    their times. `moods` has by UTC day the sum of what tickets said, in ten thousandths, and how many said anything.
    `since` is the first event ever; `looked` is what the last look at a day left. `told_day` is the last closed day
    that a reading told of, `truths` what the last reading made of each comparison.
    """

    since: Instant | None = None
    traces: dict[str, Trace] = field(default_factory=dict)
    samples: dict[str, dict[Duration, Sample]] = field(default_factory=dict)
    tries: dict[str, Instant] = field(default_factory=dict)
    scores: dict[str, list[tuple[Instant, str]]] = field(default_factory=dict)
    moods: dict[int, tuple[int, int]] = field(default_factory=dict)
    looked: Looked | None = None
    told_day: int | None = None
    truths: Mapping[str, bool | None] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Activity:
        """Read what `written` wrote."""
        kept = note_text.read(text)
        return cls(
            kept.get("since"),
            {fact: Trace.read(parts) for fact, parts in kept.get("traces", {}).items()},
            {
                fact: {length: Sample.read(parts) for length, parts in zip((DAY, HOUR), each, strict=False) if parts}
                for fact, each in kept.get("samples", {}).items()
            },
            dict(kept.get("tries", {})),
            {kind: [(time, score) for time, score in each] for kind, each in kept.get("scores", {}).items()},
            {int(day): (total, tickets) for day, (total, tickets) in kept.get("moods", {}).items()},
            Looked.read(kept["looked"]) if "looked" in kept else None,
            kept.get("told_day"),
            dict(kept.get("truths", {})),
        )

    def written(self) -> str:
        """Return it as a note's text."""
        return note_text.write(**self.parts())

    def parts(self) -> dict[str, Any]:
        """Return it as parts of a note."""
        return {
            "since": self.since,
            "traces": {fact: trace.parts() for fact, trace in self.traces.items()},
            "samples": {
                fact: [each[length].parts() if length in each else None for length in (DAY, HOUR)]
                for fact, each in self.samples.items()
            },
            "tries": self.tries,
            "scores": self.scores,
            "moods": self.moods,
            "looked": self.looked.parts() if self.looked else None,
            "told_day": self.told_day,
            "truths": self.truths,
        }

    @property
    def newest(self) -> Instant:
        """The time of the newest event that shows anything, 0 where none does."""
        return max((trace.events[-1][0] for trace in self.traces.values()), default=0)

    def count(self, fact: str, event: UsageEvent, reach: Reach) -> bool:
        """Count an event for a fact; say whether the fact is asked for."""
        if fact not in reach:
            return False
        self.traces.setdefault(fact, Trace()).take(event, reach[fact])
        return True

    def see(  # noqa: PLR0913 -- who was there, and how that counts
        self,
        fact: str,
        key: str,
        event: UsageEvent,
        reach: Reach,
        exact: Collection[str] = (),
        *,
        shows: bool = True,
    ) -> bool:
        """Note that somebody, or something, was there; say whether that is news.

        `exact` is as in `samples`; `shows` says that the event is evidence of the fact.
        """
        if fact not in reach:
            return False
        samples, news = self.samples.setdefault(fact, {}), False
        for length, back in reach[fact].items():
            sample = samples.setdefault(length, Sample())
            news |= sample.take(key, event.time // length, back // length, exact)
        if news and shows:
            self.count(fact, event, reach)
        return news

    def knows(self, fact: str, key: str) -> bool:
        """Say whether somebody, or something, was there on any step that is of use."""
        return any(sample.knows(key) for sample in self.samples.get(fact, {}).values())

    def tries_again(self, key: str, time: Instant, again: Duration) -> bool:
        """Take an attempt; say whether one was counted less than `again` from it, and so this one is not."""
        if key in self.tries and abs(time - self.tries[key]) < again:
            return True
        self.tries[key] = max(time, self.tries.get(key, time))
        newest = max(self.tries.values())
        latest = sorted(self.tries, key=lambda each: (self.tries[each], each))[-_ATTEMPTS_KNOWN:]
        self.tries = {each: self.tries[each] for each in latest if newest - self.tries[each] < _ATTEMPTS_KNOWN_FOR}
        return False

    def feel(self, sentiment: int, day: int, reach: int) -> None:
        """Add what a ticket said, in ten thousandths; `reach` is how many days are of use."""
        total, tickets = self.moods.get(day, (0, 0))
        self.moods[day] = (total + sentiment, tickets + 1)
        newest = max(self.moods)
        self.moods = {each: mood for each, mood in self.moods.items() if newest - each < reach}

    def score(self, kind: str, score: str, time: Instant) -> bool:
        """Take a score of feedback; say whether it is among the last ones of its kind."""
        before = self.scores.get(kind, [])
        self.scores[kind] = sorted([*before, (time, score)])[-_ANSWERS:]
        return self.scores[kind] != before
