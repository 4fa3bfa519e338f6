"""What an account's note of its seats means under the configuration in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.cli.account_overview import CounterOverview
from expansion_signals.cli.threshold_overview import CountedLevel, threshold_overview
from expansion_signals.detect.seat_approached import METER
from expansion_signals.detect.seat_limits import SeatNote
from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.model.readings import Counter
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from expansion_signals.cli.account_overview import Overview


class SeatOverview(NamedTuple):
    """Seats used at an instant: by `members`, and by people with a `pending` invite.

    `counter` is the built-in meter with the allowance as its limit, and its thresholds.
    """

    members: int
    pending: int
    counter: CounterOverview


def seats_of(overview: Overview) -> SeatOverview | None:
    """Return the seats of an account; None where no rule has looked at one yet.

    Invites that expired by now are left out, as the next event of the account's seats will leave them out.
    """
    account, configuration = overview.standing, overview.configuration
    if SEATS not in account.notes:
        return None
    note, profile = SeatNote.read(account.notes[SEATS].text), account.profile.account if account.profile else None
    note.seats.expire(overview.now)
    used, pending, _ = note.occupancy(profile, configuration.catalog)
    on = CountedLevel(used, limit_in_force(configuration.catalog, profile, SEATS), METER, overview.now)
    counter = CounterOverview(
        meter=METER,
        counter=Counter(SEATS, "", None),
        period=None,
        level=used,
        limit=on.limit,
        thresholds=[
            threshold_overview(rule, threshold, on, note.arms)
            for rule in configuration.watch_rules
            if rule.signal == "seat_limit_approached"
            for threshold in {str(each): each for each in rule.at}.values()
        ],
        guard=None,
        shares={},
        active={},
        incomplete_since=None,
    )
    return SeatOverview(used - pending, pending, counter)
