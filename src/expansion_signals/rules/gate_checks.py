"""What is wrong with the events that a rule of gated features names in place of the built-in ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.rules.built_in import misspelt
from expansion_signals.rules.findings import meant, shown
from expansion_signals.rules.own_events import OwnEvents

if TYPE_CHECKING:
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.offered import Offered
    from expansion_signals.rules.rules_file import FeatureGatedShape
    from expansion_signals.rules.yaml_source import Path

EVERY_FEATURE = "*"


def check_own_events(shape: FeatureGatedShape, path: Path, offered: Offered, findings: Findings) -> None:
    """Report an `event` that is built in or stands for every feature, and what is said of events that none names."""
    if not shape.event:
        _check_nothing_is_said_of_them(path, findings)
        return
    built_in = misspelt(shape.event)
    if shape.event.startswith(BUILT_IN_PREFIX) or built_in is not None:
        near = f"; or is it `{built_in}`? rules" if built_in is not None else "; rules"
        said = f"expected an event type of the product's own, got {shown(shape.event)}{near}"
        findings.at((*path, "event"), f"{said} without `event` count the built-in attempts")
    if shape.feature == EVERY_FEATURE:
        findings.at(
            (*path, "feature"),
            f"events of the product's own are attempts on one feature, got `*`{meant(EVERY_FEATURE, offered.features)}",
        )


def own_events_of(shape: FeatureGatedShape) -> OwnEvents | None:
    """Return the events that the rule names, None where it counts the built-in ones."""
    return OwnEvents(shape.event, tuple(sorted(shape.where.items())), shape.user) if shape.event else None


def _check_nothing_is_said_of_them(path: Path, findings: Findings) -> None:
    if findings.has((*path, "event")):
        return
    for name in ("where", "user"):
        if findings.has((*path, name)):
            findings.at_key((*path, name), f"`{name}` is said of the events that `event` names, and there is none")
