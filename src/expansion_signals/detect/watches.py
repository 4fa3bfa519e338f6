"""Watches: what looks at single events and remembers in notes, where a counter cannot tell (semantics 4 to 6).

A watch is pure: a note's text and an event in, the note's next text and the signals it found out. So the note and what
followed from it are written together, and two workers cannot both find the same thing.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from expansion_signals.model.events import evidence_of
from expansion_signals.model.held_out import held_out
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.signals import Signal
from expansion_signals.model.windows import bounds

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from expansion_signals.detect.lateness import Past
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.events import Evidence, UsageEvent
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.rules.configuration import ThresholdRule, WatchRule
    from expansion_signals.rules.truth import Known

REMEMBERED: Duration = 62 * DAY
"""How far back a note remembers single events: as far as the longest window reaches (semantics 2.5)."""

MOST_REMEMBERED = 500
"""Events, and people or things, that one note remembers; the oldest go first."""


class Seen(NamedTuple):
    """One event as a watch sees it: `appended` is its append time, `rules` are those that are in force.

    `profile` is None for an account not yet known: what happens is remembered, and fires nothing. `waiting` are the ids
    of rules whose condition is not true of the account at the event's time, `known` is what they were asked of, and
    `notes` are the texts of the notes beside the watch's own that tell it.
    """

    event: UsageEvent
    appended: Instant
    profile: Account | None
    catalog: Catalog
    rules: Sequence[WatchRule]
    waiting: Collection[str] = ()
    known: Known | None = None
    notes: Mapping[str, str] = MappingProxyType({})

    @property
    def account(self) -> str:
        """Whose event it is."""
        return self.event.account

    @property
    def evidence(self) -> Evidence:
        """The event as evidence."""
        return evidence_of(self.event)

    def may_fire(self, rule: WatchRule) -> bool:
        """Say whether the event may fire this rule: neither backfill nor too old at its append time (semantics 3.8)."""
        return (
            self.profile is not None
            and not self.event.backfill
            and self.appended - self.event.time <= rule.max_firing_age
        )

    def past(self) -> Past:
        """Return why the event may not fire, where it may not."""
        return "backfill" if self.event.backfill else "too_old_to_fire"

    def of(self, signal: str) -> Sequence[WatchRule]:
        """Return the rules of this signal that apply."""
        return [rule for rule in self.rules if rule.signal == signal and rule.id not in self.waiting]

    def text(self, name: str) -> str | None:
        """Return a property of the event that is a text."""
        value = self.event.data.get(name)
        return value if isinstance(value, str) else None


class Updated(NamedTuple):
    """A change of an account's profile as a watch sees it: from `before` to `profile`, None where there is none.

    `evidence` is the account update, `appended` its append time, `rules` are those that are in force, and `waiting`,
    `known` and `notes` as in `Seen`.
    """

    account: str
    before: Account | None
    profile: Account | None
    evidence: Evidence
    appended: Instant
    catalog: Catalog
    rules: Sequence[WatchRule]
    waiting: Collection[str] = ()
    known: Known | None = None
    notes: Mapping[str, str] = MappingProxyType({})

    def may_fire(self, rule: WatchRule) -> bool:
        """Say whether the update may fire this rule: no tombstone does, nor one too old at its append time."""
        return self.profile is not None and self.appended - self.evidence.time <= rule.max_firing_age

    def past(self) -> Past:
        """Return why the update may not fire, where it may not."""
        return "too_old_to_fire"

    def of(self, signal: str) -> Sequence[WatchRule]:
        """Return the rules of this signal that apply."""
        return [rule for rule in self.rules if rule.signal == signal and rule.id not in self.waiting]


class Noticed(NamedTuple):
    """What a watch makes of an event: the note's text from now on, and the signals that were found."""

    text: str
    found: Sequence[Signal] = ()


class Watch(Protocol):
    """One kind of thing that is watched."""

    @property
    def events(self) -> Collection[str]:
        """The types it looks at."""

    @property
    def signals(self) -> Collection[str]:
        """The signals whose rules it judges."""

    def subject(self, event: UsageEvent) -> str | None:
        """Return which note of the account the event belongs to; None where it tells the watch nothing."""

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Take one event in; `text` is the note so far, empty where nothing is remembered."""


class ProfileWatch(Protocol):
    """What looks at account updates, too: a profile says something that single events do not."""

    @property
    def signals(self) -> Collection[str]:
        """The signals whose rules it judges."""

    @property
    def note(self) -> str:
        """The subject of the one note that it keeps of an account."""

    def updated(self, text: str, change: Updated) -> Noticed:
        """Take a change of the profile in; `text` is the note so far, empty where nothing is remembered."""


def within(time: Instant, now: Instant, window: Duration) -> bool:
    """Say whether `time` lies in the window that ends with `now`: of UTC days, or below 48 h of hours (semantics 2.5).

    A window of 14 days at 22 Nov is 9 Nov to 22 Nov: 8 Nov 23:59 lies outside, 9 Nov 00:00 inside. A part of an hour or
    of a day counts as a whole one.
    """
    start, end = bounds(now, window)
    return start <= time < end


def signal_id_of(kind: str, account: str, *, rule: ThresholdRule | None, subject: Sequence[str], ordinal: str) -> str:
    """Return the id of a signal of this kind: a hash of rule, account, subject and ordinal (semantics 9.1)."""
    return identity_of(kind.replace(".", "_"), rule.id if rule else "", account, *subject, "", "", ordinal)


def signal_of(  # noqa: PLR0913 -- what a signal's id and payload are made of
    kind: str,
    seen: Seen | Updated,
    *,
    rule: ThresholdRule | None,
    subject: Sequence[str],
    ordinal: str,
    content: Mapping[str, Any],
) -> Signal:
    """Return a signal with its one key, its id.

    Without a rule it is for the signals topic only, and nothing is decided on it. `ordinal` tells one firing from the
    next: 1 + firings so far, or what the signal's own definition says.
    """
    evidence, profile = seen.evidence, seen.profile
    signal_id = signal_id_of(kind, seen.account, rule=rule, subject=subject, ordinal=ordinal)
    return Signal(
        id=signal_id,
        type=kind,
        account=seen.account,
        evidence=evidence,
        data={
            **({"rule": {"id": rule.id, "version": rule.version}} if rule else {}),
            "family": KINDS[kind].family.name,
            "plan": profile.plan if profile else None,
            "user": evidence.user,
            **content,
            "session": evidence.session,
            "account": profile.document() if profile else None,
            **(held_out(rule.id, rule.holdout, seen.account) if rule else {}),
        },
        keys=(signal_id,) if rule else (),
        shadow=rule.shadow if rule else False,
    )
