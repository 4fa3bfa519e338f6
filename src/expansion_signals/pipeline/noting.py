"""What the events of a part leave in notes, and what is found from it: watches run over the events in their order."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from expansion_signals.detect.evidence_watches import EVIDENCE_WATCHES
from expansion_signals.detect.gates import ATTEMPTED, Gates
from expansion_signals.detect.seat_limits import SeatLimits
from expansion_signals.detect.use_cases import FEATURE_USED
from expansion_signals.detect.watches import Seen, Updated
from expansion_signals.model.batches import AccountBatch
from expansion_signals.model.notes import Note, NoteChange
from expansion_signals.rules.truth import Known, applies

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from expansion_signals.detect.own_attempts import OwnAttempt
    from expansion_signals.detect.watches import Noticed, ProfileWatch, Watch
    from expansion_signals.model.accounts import Account, Profile
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.signals import Signal
    from expansion_signals.pipeline.work import Item
    from expansion_signals.ports import Accounts, Patience
    from expansion_signals.rules.configuration import Configuration, WatchRule

GATES = Gates()
WATCHES: tuple[Watch, ...] = (GATES, SeatLimits(), *EVIDENCE_WATCHES)

PROFILE_WATCHES: tuple[ProfileWatch, ...] = (SeatLimits(),)

_KEPT = 100_000
"""Notes kept in memory; above that, all but the needed ones are forgotten and read again."""

ByFeature: TypeAlias = "Mapping[str | None, Sequence[WatchRule]]"
"""Rules of a watch by the feature that an event may be about; under None those for any other."""

ByType: TypeAlias = "Mapping[str, Sequence[tuple[Watch, ByFeature]]]"
"""Watches with their rules by the event types they look at."""

Place = tuple[str, str]
"""An account, and the subject of one of its notes."""


class Watched(NamedTuple):
    """Something that a watch looks at, with the note it belongs to: `look` takes the note's text so far."""

    place: Place
    look: Callable[[str], Noticed]


class Notes:
    """Notes as this worker last read or wrote them; the shard checks the revision of each that a batch changes."""

    def __init__(self, accounts: Accounts, patience: Patience) -> None:
        self._accounts = accounts
        self._patience = patience
        self._known: dict[Place, Note] = {}

    async def of(self, places: Iterable[Place]) -> Mapping[Place, Note]:
        """Return a mapping that holds at least these notes."""
        needed = set(places)
        if len(self._known) > _KEPT:
            self._known = {place: self._known[place] for place in needed & self._known.keys()}
        missing = needed - self._known.keys()
        if missing:
            self._known.update(await self._patience(self._accounts.notes, missing))
        return self._known

    def written(self, batches: Iterable[AccountBatch]) -> None:
        """Take note of what was applied."""
        for batch in batches:
            for subject, revision, text in batch.notes:
                if text is not None:
                    self._known[batch.account, subject] = Note(revision + 1, text)

    def forget(self, accounts: Iterable[str]) -> None:
        """Read the notes of these accounts again when they are next needed."""
        gone = set(accounts)
        self._known = {place: note for place, note in self._known.items() if place[0] not in gone}


def watched(
    part: Iterable[Item], profiles: Mapping[str, Profile | None], configuration: Configuration
) -> list[Watched]:
    """Return the counted events of a part that a watch with rules looks at, in their order."""
    by_type = _watches(configuration)
    return [
        Watched(
            (event.account, subject), partial(watch.notice, seen=_seen(item, event, profiles, configuration, rules))
        )
        for item in part
        if item.outcome == "counted" and item.event is not None
        for watch, event, rules in _lookers(item.event, item.attempts, by_type)
        if rules and (subject := watch.subject(event)) is not None
    ]


def revised(batches: Iterable[AccountBatch], configuration: Configuration) -> list[Watched]:
    """Return the changes of profiles that a watch with rules looks at."""
    watches = _profile_watches(configuration)
    return [
        Watched((batch.account, watch.note), partial(watch.updated, change=_updated(batch, configuration, rules)))
        for batch in batches
        if batch.change is not None
        for watch, rules in watches
    ]


def noted(
    looked_at: Iterable[Watched], notes: Mapping[Place, Note]
) -> Mapping[str, tuple[Sequence[NoteChange], Sequence[Signal]]]:
    """Return by account the notes that were read, with what has become of them, and the signals found on the way."""
    texts: dict[Place, str] = {}
    found: defaultdict[str, list[Signal]] = defaultdict(list)
    for place, look in looked_at:
        texts[place], signals = look(texts.get(place, notes[place].text))
        found[place[0]] += signals
    changes: defaultdict[str, list[NoteChange]] = defaultdict(list)
    for (account, subject), text in texts.items():
        note = notes[account, subject]
        changes[account].append(NoteChange(subject, note.revision, None if text == note.text else text))
    return {account: (of, found[account]) for account, of in changes.items()}


def with_notes(
    batches: Sequence[AccountBatch],
    noticed: Mapping[str, tuple[Sequence[NoteChange], Sequence[Signal]]],
    profiles: Mapping[str, Profile | None],
) -> Sequence[AccountBatch]:
    """Return the batches with what was noted of their accounts, and of those that nothing else is asked of."""
    if not noticed:
        return batches
    by_account = {batch.account: batch for batch in batches}
    for account, (changes, found) in noticed.items():
        batch = by_account.setdefault(account, AccountBatch(account, profiles[account]))
        batch.notes, batch.found = changes, found
    return list(by_account.values())


def _lookers(
    event: UsageEvent, attempts: Iterable[OwnAttempt], by_type: ByType
) -> Iterator[tuple[Watch, UsageEvent, Sequence[WatchRule]]]:
    """Yield what looks at the event, as what it looks at it, and by which rules."""
    for watch, by_feature in by_type.get(event.type, ()):
        yield watch, event, _about(event, by_feature)
    for attempt, named in attempts:
        yield GATES, attempt, named.rules
        # What the plan includes is used by an attempt on it (semantics 5.4).
        for watch, by_feature in by_type.get(ATTEMPTED, ()):
            if FEATURE_USED in watch.events:
                yield watch, attempt, _about(attempt, by_feature)


def _seen(
    item: Item,
    event: UsageEvent,
    profiles: Mapping[str, Profile | None],
    configuration: Configuration,
    rules: Sequence[WatchRule],
) -> Seen:
    profile = profiles[event.account]
    account = profile.account if profile else None
    waiting = _waiting(rules, account, event.time, configuration)
    return Seen(event, item.record.appended, account, configuration.catalog, rules, waiting)


def _updated(batch: AccountBatch, configuration: Configuration, rules: Sequence[WatchRule]) -> Updated:
    change = batch.change
    assert change is not None  # noqa: S101 -- only changes are looked at
    account = change.profile.account if change.profile else None
    return Updated(
        batch.account,
        batch.profile.account if batch.profile else None,
        account,
        change.evidence,
        change.appended,
        configuration.catalog,
        rules,
        _waiting(rules, account, change.evidence.time, configuration),
    )


def _waiting(
    rules: Sequence[WatchRule], account: Account | None, at: Instant, configuration: Configuration
) -> Collection[str]:
    """Return the ids of those of these rules whose condition is not true at an instant."""
    known = Known(account, configuration.catalog.currency, at)
    return [rule.id for rule in rules if rule.when is not None and not applies(rule.when, known)]


def _about(event: UsageEvent, by_feature: ByFeature) -> Sequence[WatchRule]:
    """Return the rules that may look at the event: where they are told apart by their feature, those of its own."""
    if len(by_feature) == 1:
        return by_feature[None]
    return by_feature.get(event.data["feature"], by_feature[None])


@lru_cache(maxsize=8)
def _watches(configuration: Configuration) -> ByType:
    """Return the watches with rules by the event types they look at."""
    index: defaultdict[str, list[tuple[Watch, ByFeature]]] = defaultdict(list)
    for watch in WATCHES:
        rules = _rules(watch, configuration)
        for event_type in watch.events if rules else ():
            index[event_type].append((watch, _by_feature(rules)))
    return dict(index)


def _by_feature(rules: Sequence[WatchRule]) -> ByFeature:
    """Return rules by the feature they name, with those that name none or all; under None these alone.

    Only where the note is one feature's, too: what another note remembers hangs on all of its rules.
    """
    named = {rule.feature for rule in rules if rule.signal == "feature_gated"} - {None, "*"}
    return {feature: [rule for rule in rules if rule.feature in (None, "*", feature)] for feature in (None, *named)}


@lru_cache(maxsize=8)
def _profile_watches(configuration: Configuration) -> Sequence[tuple[ProfileWatch, Sequence[WatchRule]]]:
    """Return the watches of profiles that have rules."""
    return [(watch, rules) for watch in PROFILE_WATCHES if (rules := _rules(watch, configuration))]


def _rules(watch: Watch | ProfileWatch, configuration: Configuration) -> Sequence[WatchRule]:
    return [rule for rule in configuration.watch_rules if rule.signal in watch.signals and rule.own is None]
