"""What the events of a part leave in notes, and what is found from it: watches run over the events in their order."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.gates import Gates
from expansion_signals.detect.watches import Seen
from expansion_signals.model.batches import AccountBatch
from expansion_signals.model.notes import Note, NoteChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.detect.watches import Watch
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.signals import Signal
    from expansion_signals.pipeline.work import Item
    from expansion_signals.ports import Accounts, Patience
    from expansion_signals.rules.configuration import Configuration, WatchRule

WATCHES: tuple[Watch, ...] = (Gates(),)

_KEPT = 100_000
"""Notes kept in memory; above that, all but the needed ones are forgotten and read again."""

Place = tuple[str, str]
"""An account, and the subject of one of its notes."""


class Watched(NamedTuple):
    """An event that a watch looks at, with the note it belongs to."""

    item: Item
    watch: Watch
    place: Place
    rules: Sequence[WatchRule]


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
                self._known[batch.account, subject] = Note(revision + 1, text)

    def forget(self, accounts: Iterable[str]) -> None:
        """Read the notes of these accounts again when they are next needed."""
        gone = set(accounts)
        self._known = {place: note for place, note in self._known.items() if place[0] not in gone}


def watched(part: Iterable[Item], configuration: Configuration) -> list[Watched]:
    """Return the counted events of a part that a watch with rules looks at, in their order."""
    by_type = _watches(configuration)
    return [
        Watched(item, watch, (item.event.account, subject), rules)
        for item in part
        if item.outcome == "counted" and item.event is not None
        for watch, rules in by_type.get(item.event.type, ())
        if (subject := watch.subject(item.event)) is not None
    ]


def noted(
    events: Iterable[Watched],
    notes: Mapping[Place, Note],
    profiles: Mapping[str, Profile | None],
    configuration: Configuration,
) -> Mapping[str, tuple[Sequence[NoteChange], Sequence[Signal]]]:
    """Return by account the notes that change, and the signals found on the way.

    A note that nothing changed is named all the same: that nothing was new hangs on what it said.
    """
    texts: dict[Place, str] = {}
    found: defaultdict[str, list[Signal]] = defaultdict(list)
    for item, watch, place, rules in events:
        assert item.event is not None  # noqa: S101 -- only events are watched
        profile = profiles[item.event.account]
        seen = Seen(
            item.event,
            item.record.appended,
            profile.account if profile else None,
            configuration.catalog,
            rules,
        )
        texts[place], signals = watch.notice(texts.get(place, notes[place].text), seen)
        found[item.event.account] += signals
    changes: defaultdict[str, list[NoteChange]] = defaultdict(list)
    for (account, subject), text in texts.items():
        changes[account].append(NoteChange(subject, notes[account, subject].revision, text))
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


@lru_cache(maxsize=8)
def _watches(configuration: Configuration) -> Mapping[str, Sequence[tuple[Watch, Sequence[WatchRule]]]]:
    """Return the watches with rules by the event types they look at."""
    index: defaultdict[str, list[tuple[Watch, Sequence[WatchRule]]]] = defaultdict(list)
    for watch in WATCHES:
        rules = [rule for rule in configuration.watch_rules if rule.signal in watch.signals]
        for event_type in watch.events if rules else ():
            index[event_type].append((watch, rules))
    return dict(index)
