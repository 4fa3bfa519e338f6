"""The payload of a trigger: its evidence, what to offer, to whom it goes, how it is shown, in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.decide.copies import copy_for
from expansion_signals.decide.showing import SHOWINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.cases import Case

NOT_SENT = frozenset({"account", "holdout", "past", "burst_of"})
"""Parts of a signal's data that are for the audit, or for deciding, and in no trigger."""


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
