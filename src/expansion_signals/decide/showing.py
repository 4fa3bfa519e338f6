"""How often a person is shown something, and for how long not at all (semantics 7.3, domain: In-product prompts).

ada, family limit_approaching, three triggers at 81, 83 and 90 %:

    1 Nov  dismisses the one at 81 %      that trigger is not shown again; nothing else is silenced
    2 Nov  dismisses the one at 83 %
    5 Nov  dismisses the one at 90 %      the third: limit_approaching is silent for ada until 5 Dec
    6 Nov  100 % is reached               family limit_reached: it fires

Showing caps count what was reported as shown. A higher threshold of the same matter is not held back by the prompts of
a lower one (7.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import DAY, MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from expansion_signals.decide.cases import Case
    from expansion_signals.decide.remembered import Prompted
    from expansion_signals.model.instants import Duration, Instant

SILENT_AFTER = 3
"""Dismissals within one family that silence it."""

SILENT_FOR: Duration = 30 * DAY

SESSION_ENDS_AFTER: Duration = 30 * MINUTE
"""How long nothing was shown, where the app names no sessions."""


class Showing(NamedTuple):
    """How often prompts of a family may be shown to a person: in one session, and in all of one matter."""

    per_session: int | None = None
    in_all: int | None = None


SHOWINGS: Mapping[str, Showing] = {
    "limit_approaching": Showing(per_session=1, in_all=3),
    "limit_reached": Showing(),
    "feature_discovery": Showing(per_session=3, in_all=1),
    "team_growth": Showing(),
    "milestone": Showing(in_all=1),
}


def is_snoozed(case: Case, at: Instant) -> bool:
    """Say whether the person has put the family off until later."""
    return any(each.deed == "snoozed" and each.until is not None and at < each.until for each in _of_family(case))


def is_dismissed(case: Case, at: Instant) -> bool:
    """Say whether the family is silent for the person: for 30 days after each third dismissal."""
    first: dict[str, Instant] = {}
    for each in sorted(_of_family(case), key=lambda prompted: prompted.time):
        if each.deed == "dismissed":
            first.setdefault(each.trigger, each.time)
    silenced = sorted(first.values())[SILENT_AFTER - 1 :: SILENT_AFTER]
    return any(time <= at < time + SILENT_FOR for time in silenced)


def is_shown_enough(case: Case, at: Instant, session_cap: int) -> bool:
    """Say whether the person has been shown enough: in this session over all families, of this family, or in all."""
    family = case.prompt
    if family is None or case.user is None:
        return False
    showing = SHOWINGS[family]
    if showing == Showing() and family == "team_growth":
        return False  # who is blocked wants help
    shown = [each for each in case.remembered.prompted if each.deed == "shown" and each.user == case.user]
    counted = [each for each in shown if not _is_lower(each, case.subject, case.level)]
    session = _in_session(counted, case.signal.evidence.session, at)
    same = [each for each in session if each.prompt == family]
    of_matter = [each for each in counted if each.prompt == family and each.subject == case.subject]
    return (
        len(session) >= session_cap
        or (showing.per_session is not None and len(same) >= showing.per_session)
        or (showing.in_all is not None and len(of_matter) >= showing.in_all)
    )


def _of_family(case: Case) -> Sequence[Prompted]:
    if case.prompt is None or case.user is None:
        return ()
    return [each for each in case.remembered.prompted if each.user == case.user and each.prompt == case.prompt]


def _in_session(shown: Sequence[Prompted], session: str | None, at: Instant) -> Sequence[Prompted]:
    """Return what was shown in the session that runs: the named one, else the one without a long pause."""
    if session is not None:
        return [each for each in shown if each.session == session]
    found, last = [], at
    for each in sorted((each for each in shown if each.session is None), key=lambda each: -each.time):
        if last - each.time >= SESSION_ENDS_AFTER:
            break
        found.append(each)
        last = each.time
    return found


def _is_lower(prompted: Prompted, subject: str, level: Decimal | None) -> bool:
    return is_lower(prompted.subject, prompted.level, subject, level)


def is_lower(subject: str, level: str | None, than_subject: str, than_level: Decimal | None) -> bool:
    """Say whether what was fired or shown before is a lower threshold of the same matter (semantics 7.4)."""
    if than_level is None or level is None or subject != than_subject:
        return False
    return type(than_level)(level) < than_level
