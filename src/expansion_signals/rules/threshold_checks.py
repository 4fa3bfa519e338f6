"""Thresholds against the meter they watch: what can never be reached, or never be counted exactly, is a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from expansion_signals.model.amounts import plain
from expansion_signals.rules.plan_checks import unfit
from expansion_signals.rules.spellings import read_amount
from expansion_signals.rules.thresholds import needs_limit, read_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    from expansion_signals.model.thresholds import Threshold
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.offered import Offered
    from expansion_signals.rules.yaml_source import Node, Path

ReadT = TypeVar("ReadT")


def check_thresholds(rule: Node, path: Path, meter: str, offered: Offered, findings: Findings) -> None:
    """Report thresholds that stand twice, that no plan's limit gives a place, or that the meter cannot count."""
    limited = meter not in offered.catalog.meters or meter in offered.limited
    seen: set[Threshold] = set()
    for index, threshold in _readable(rule, read_threshold):
        at: Path = (*path, index)
        if threshold in seen:
            findings.at(at, f"the threshold `{threshold}` stands twice in this rule")
        elif not limited and needs_limit(threshold):
            findings.at(at, f"`{threshold}` is never reached: no plan gives the meter `{meter}` a limit")
        seen.add(threshold)
        for amount in _absolute(threshold):
            wrong = unfit(amount, meter, offered.catalog.meters)
            if wrong:
                findings.at(at, wrong)


def check_milestones(rule: Node, path: Path, meter: str, offered: Offered, findings: Findings) -> None:
    """Report milestones that stand twice, are zero, or that the meter cannot count, and a meter that has none."""
    seen: set[Decimal] = set()
    counted = offered.catalog.meters.get(meter)
    if counted is not None and counted.aggregation == "unique":
        findings.at(
            (*path[:-1], "meter"), f"`{meter}` is unique: who is a member is not kept for the life of an account"
        )
    for index, amount in _readable(rule, read_amount):
        wrong = unfit(amount, meter, offered.catalog.meters)
        if amount == 0:
            wrong = "expected a milestone above zero, got `0`"
        elif amount in seen:
            wrong = f"the milestone `{plain(amount)}` stands twice in this rule"
        if wrong:
            findings.at((*path, index), wrong)
        seen.add(amount)


def _readable(rule: Node, reader: Callable[[object], ReadT]) -> Iterator[tuple[int, ReadT]]:
    """Yield the entries of `at` that can be read, with their place in the list: the others are reported already."""
    listed = rule.child("at")
    for index, node in enumerate(listed.items() if listed else ()):
        try:
            yield index, reader(node.plain())
        except ValueError:
            continue


def _absolute(threshold: Threshold) -> Iterator[Decimal]:
    if threshold.kind != "percent":
        yield threshold.value
    if threshold.after_usage is not None:
        yield threshold.after_usage
