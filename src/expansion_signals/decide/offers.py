"""What a trigger says besides its evidence: what to offer, to whom it goes, how it is shown, in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.decide.cases import Case
from expansion_signals.decide.copies import copy_for
from expansion_signals.decide.recommendation import recommendation_for
from expansion_signals.decide.routing import route_for
from expansion_signals.decide.showing import SHOWINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.remembered import Remembered
    from expansion_signals.model.signals import Signal

NOT_SENT = frozenset({"account", "holdout", "past", "burst_of"})
"""Parts of a signal's data that are for the audit, or for deciding, and in no trigger."""


def case_of(signal: Signal, remembered: Remembered, ground: Ground) -> Case:
    """Return the case that a signal makes, with what would be offered."""
    case, configuration = Case(signal, remembered, ground), ground.configuration
    recommendation = recommendation_for(signal, case.newest, configuration.catalog, by_day=configuration.policy.by_day)
    route = route_for(
        signal, case.newest, recommendation, configuration.catalog.currency, configuration.policy.route_borders
    )
    return Case(signal, remembered, ground, recommendation.document(), route)


def payload_of(case: Case) -> dict[str, Any]:
    """Return the data of the trigger that a case becomes: consumers need no look-up (semantics 7.6)."""
    language = case.newest.language if case.newest else None
    copies = case.ground.configuration.copies.get(case.rule)
    return {
        **{name: value for name, value in case.signal.data.items() if name not in NOT_SENT},
        "recommendation": case.offered,
        "route": case.route,
        "prompt": _prompt(case),
        "copy": copy_for(case.signal, copies, case.offered, language),
    }


def _prompt(case: Case) -> Mapping[str, Any] | None:
    family = case.prompt
    return None if family is None else {"family": family, **SHOWINGS[family]._asdict()}
