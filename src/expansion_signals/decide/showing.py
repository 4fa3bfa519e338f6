"""How often a person is shown something, and for how long not at all (semantics 7.3, domain: In-product prompts).

ada, family limit_approaching, three triggers at 81, 83 and 90 %:

    1 Nov  dismisses the one at 81 %      that trigger is not shown again; nothing else is silenced
    2 Nov  dismisses the one at 83 %
    5 Nov  dismisses the one at 90 %      the third: limit_approaching is silent for ada until 5 Dec
    6 Nov  100 % is reached               family limit_reached: it fires

Caps on showing count what was reported as shown, one report of a moment once; all of them have the reason
`session_cap`. Prompts of a lower threshold of the same matter hold no higher one back (7.4).

    a session        of all families, `policy.session_cap`; some families have a number of their own
    in all           of one matter: a limit in its period, a feature, a milestone
    team growth      is limited by none: who is blocked wants help
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import DAY, MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.decide.cases import Case
    from expansion_signals.decide.remembered import Prompted
    from expansion_signals.model.instants import Duration, Instant

SILENT_AFTER = 3
"""Dismissals within one family that silence it."""

SILENT_FOR: Duration = 30 * DAY

SESSION_ENDS_AFTER: Duration = 30 * MINUTE
"""How long nothing is shown until a session that nobody names has ended."""

TEAM_GROWTH = "team_growth"


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
    return any(at < time + SILENT_FOR for time in silenced)


def is_shown_enough(case: Case, at: Instant) -> bool:
    """Say whether the person has been shown enough: in this session, of this family in it, or of this matter."""
    family = case.prompt
    if family is None or case.user is None or family == TEAM_GROWTH:
        return False
    shown = [
        each
        for each in case.remembered.prompted
        if each.deed == "shown"
        and each.user == case.user
        and not is_lower(each.subject, each.level, case.subject, case.level)
    ]
    session = _in_session(shown, case.signal.evidence.session, at)
    of_session = [each for each in session if each.prompt == family]
    of_matter = [each for each in shown if each.prompt == family and each.subject == case.subject]
    per_session, in_all = SHOWINGS[family]
    return (
        len(session) >= case.ground.configuration.policy.session_cap
        or (per_session is not None and len(of_session) >= per_session)
        or (in_all is not None and len(of_matter) >= in_all)
    )


def is_lower(subject: str, level: str | None, than_subject: str, than_level: Decimal | None) -> bool:
    """Say whether what was fired or shown before is a lower threshold of the same matter (semantics 7.4)."""
    return subject == than_subject and level is not None and than_level is not None and Decimal(level) < than_level


def _of_family(case: Case) -> Sequence[Prompted]:
    if case.prompt is None or case.user is None:
        return ()
    return [each for each in case.remembered.prompted if each.user == case.user and each.prompt == case.prompt]


def _in_session(shown: Sequence[Prompted], session: str | None, at: Instant) -> Sequence[Prompted]:
    """Return what was shown in the session that runs: under its name, and what nobody gave a name since a long pause.

    Where the event names no session, whatever was shown since then is of it.
    """
    named = [each for each in shown if session is not None and each.session == session]
    unnamed: list[Prompted] = []
    since = at
    for each in sorted(shown, key=lambda each: -each.time):
        if session is None or each.session is None:
            if since - each.time >= SESSION_ENDS_AFTER:
                break
            unnamed.append(each)
            since = each.time
    return [*named, *unnamed]
