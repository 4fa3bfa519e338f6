"""What the events of a part leave in notes, and what is found from it: watches run over the events in their order."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from expansion_signals.detect.beside import known_of
from expansion_signals.detect.gates import ATTEMPTED
from expansion_signals.detect.watches import Seen, Updated
from expansion_signals.model.batches import AccountBatch
from expansion_signals.model.notes import Note, NoteChange
from expansion_signals.pipeline.watching import watches_by_event, watches_of_profiles, watching_own_attempts
from expansion_signals.rules.truth import applies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from expansion_signals.detect.own_attempts import OwnAttempt
    from expansion_signals.detect.watches import Noticed
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.signals import Signal
    from expansion_signals.pipeline.watching import ByFeature, Watching
    from expansion_signals.pipeline.work import Item
    from expansion_signals.ports import Accounts, Patience
    from expansion_signals.rules.configuration import Configuration, WatchRule

_KEPT = 100_000
"""Notes kept in memory; above that, all but the needed ones are forgotten and read again."""

Place = tuple[str, str]
"""An account, and the subject of one of its notes."""


class Watched(NamedTuple):
    """Something that a watch looks at, with the note it belongs to: `look` takes the note's text so far.

    Where its rules are asked of notes `beside` it, by their subjects, `look` takes the texts of these as well.
    """

    place: Place
    look: Callable[..., Noticed]
    beside: Sequence[str] = ()

    @property
    def places(self) -> Sequence[Place]:
        """The notes that must be read for it."""
        account, _ = self.place
        return (self.place, *((account, subject) for subject in self.beside))


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
        missing = {place for place in needed if place not in self._known}  # `-` would walk over all that is known
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
    """Return the counted events of a part that a watch with rules, or one that conditions ask, looks at, in order."""
    by_type = watches_by_event(configuration)
    own_gates = watching_own_attempts(configuration)
    return [
        _watched(
            (event.account, subject),
            each.watch.notice,
            _seen(item, event, profiles, configuration, rules),
            each.beside,
        )
        for item in part
        if item.outcome == "counted" and item.event is not None and (item.event.type in by_type or item.attempts)
        for each, event, rules in _lookers(item.event, item.attempts, by_type, own_gates)
        if (rules or each.asked) and (subject := each.watch.subject(event)) is not None
    ]


def revised(batches: Iterable[AccountBatch], configuration: Configuration) -> list[Watched]:
    """Return the changes of profiles that a watch with rules, or one that conditions ask, looks at."""
    watches = watches_of_profiles(configuration)
    return [
        _watched((batch.account, watch.note), watch.updated, _updated(batch, configuration, rules), beside)
        for batch in batches
        if batch.change is not None
        for watch, rules, beside in watches
    ]


def noted(
    looked_at: Iterable[Watched], notes: Mapping[Place, Note]
) -> Mapping[str, tuple[Sequence[NoteChange], Sequence[Signal]]]:
    """Return by account the notes that were read, with what has become of them, and the signals found on the way.

    A note that conditions were asked of is among them: where it has become another meanwhile, they are asked again.
    """
    texts: dict[Place, str] = {}
    found: defaultdict[str, list[Signal]] = defaultdict(list)
    for each in looked_at:
        place = each.place
        for needed in each.places:
            texts.setdefault(needed, notes[needed].text)
        beside = [{subject: texts[place[0], subject] for subject in each.beside}] if each.beside else []
        texts[place], signals = each.look(texts[place], *beside)
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


_LookT = TypeVar("_LookT", Seen, Updated)


def _watched(place: Place, look: Callable[[str, _LookT], Noticed], seen: _LookT, beside: Sequence[str]) -> Watched:
    """Return what is looked at: what its rules are asked of notes beside it is known once these have been read."""
    if beside:
        return Watched(place, lambda text, notes: look(text, _knowing(seen, notes)), beside)
    known = _knowing(seen, {})
    return Watched(place, lambda text: look(text, known))


def _knowing(seen: _LookT, notes: Mapping[str, str]) -> _LookT:
    """Return what is looked at with what its rules' conditions are asked of, and the ids of those that are not true."""
    known = known_of(seen.profile, seen.catalog, seen.evidence.time, notes)
    waiting = [rule.id for rule in seen.rules if rule.when is not None and not applies(rule.when, known)]
    return seen._replace(known=known, waiting=waiting, notes=notes)


def _lookers(
    event: UsageEvent,
    attempts: Iterable[OwnAttempt],
    by_type: Mapping[str, Sequence[Watching]],
    own_gates: Watching,
) -> Iterator[tuple[Watching, UsageEvent, Sequence[WatchRule]]]:
    """Yield what looks at the event, as what it looks at it, and by which rules."""
    for each in by_type.get(event.type, ()):
        yield each, event, _about(event, each.rules)
    for attempt, named in attempts:
        for each in by_type.get(ATTEMPTED, ()):
            if each.takes_own:
                yield each, attempt, _about(attempt, each.rules)
        yield own_gates, attempt, named.rules


def _seen(
    item: Item,
    event: UsageEvent,
    profiles: Mapping[str, Profile | None],
    configuration: Configuration,
    rules: Sequence[WatchRule],
) -> Seen:
    profile = profiles[event.account]
    account = profile.account if profile else None
    return Seen(event, item.record.appended, account, configuration.catalog, rules)


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
    )


def _about(event: UsageEvent, by_feature: ByFeature) -> Sequence[WatchRule]:
    """Return the rules that may look at the event: where they are told apart by their feature, those of its own."""
    if len(by_feature) == 1:
        return by_feature[None]
    return by_feature.get(event.data["feature"], by_feature[None])
