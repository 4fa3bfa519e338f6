"""The course of an account: each record that deciding reads of it, taken in one after the other.

a candidate          decided (`decisions`)
account.changed      outcomes; what was bought ends what it was needed for
limit.recovered      what fell below its threshold ends
reading              invites that ended, a cancellation begun; leads and health; holds that are over are judged again
a report of a prompt remembered
any other signal     evidence for the audit alone

A record that was taken in before changes nothing, and what was published because of it is published as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from expansion_signals.decide.cases import snapshot
from expansion_signals.decide.decisions import decide
from expansion_signals.decide.endings import by_profile, by_reading, by_recovery, withdrawn
from expansion_signals.decide.holds import ended_by_fall, ended_by_profile, judged_again
from expansion_signals.decide.leads import leads
from expansion_signals.decide.outcomes import outcomes_of
from expansion_signals.decide.prompting import after_prompt
from expansion_signals.model.decisions import Decision
from expansion_signals.model.outcomes import Outcome, Withdrawal
from expansion_signals.model.prompts import Prompt
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.decided import Decided
    from expansion_signals.decide.heard import Heard
    from expansion_signals.model.signals import Signal

Publication: TypeAlias = Trigger | Decision | Outcome | Withdrawal


class Taken(NamedTuple):
    """What stands once a record is taken in, and what is to be published because of it, in this order."""

    decided: Decided
    published: Sequence[Publication] = ()


def take(heard: Heard, before: Decided, ground: Ground) -> Taken:
    """Take one record in, that was not taken in before."""
    taken = _taken(heard, before, ground)
    remembered = taken.decided.remembered
    if remembered.is_empty:
        return taken
    past = remembered.past(heard.partition, heard.offset)
    return taken._replace(decided=taken.decided.remembering(past))


def _taken(heard: Heard, before: Decided, ground: Ground) -> Taken:
    what = heard.what
    if isinstance(what, Prompt):
        fired = before.remembered.trigger(what.trigger)
        return Taken(before.remembering(after_prompt(before.remembered, what, fired)))
    if heard.candidate is not None:
        ruling = decide(heard.candidate, before, ground)
        after = before.with_entries(ruling.entries).remembering(ruling.remembered)
        return Taken(after, [each for each in (ruling.trigger, ruling.decision) if each is not None])
    match what.type:
        case "account.changed":
            return _changed(what, before, ground)
        case "limit.recovered":
            return _ended(what, before, ground)
        case "reading":
            return _read(heard, what, before, ground)
        case _:
            return Taken(before)


def _changed(signal: Signal, before: Decided, ground: Ground) -> Taken:
    outcomes = outcomes_of(signal, before.remembered, ground)
    remembered = before.remembered.with_outcomes(outcomes)
    if not remembered.is_empty:
        remembered = remembered.with_profile(signal.data.get("to")).with_used(None)  # by another limit, perhaps
    profile = snapshot(signal.data.get("to"))
    remembered, gone = withdrawn(remembered, by_profile(profile, ground), signal, ground.now)
    after, rulings = ended_by_profile(before.remembering(remembered), ground, is_gone=profile is None)
    return Taken(after, [*outcomes, *gone, *rulings])


def _ended(recovered: Signal, before: Decided, ground: Ground) -> Taken:
    remembered, gone = withdrawn(before.remembered, by_recovery(recovered), recovered, ground.now)
    after, rulings = ended_by_fall(before.remembering(remembered), recovered, ground)
    return Taken(after, [*gone, *rulings])


def _read(heard: Heard, reading: Signal, before: Decided, ground: Ground) -> Taken:
    remembered, gone = withdrawn(before.remembered, by_reading(reading), reading, ground.now)
    if reading.data.get("cancel_requested"):
        remembered = remembered.with_cancelled(reading.evidence.time)
    after, found = leads(before.remembering(remembered), reading, heard.record, ground)
    after, rulings = judged_again(after, reading, ground)
    return Taken(after, [*gone, *found, *rulings])
