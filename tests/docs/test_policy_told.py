"""The page on rules says of policy what the program does: options, reasons, families of prompts, days of one person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from decided_account import DecidedAccount, decisions, report, triggers
from documents import ROOT, code, rows, section
from expansion_signals.decide.showing import SHOWINGS
from expansion_signals.decide.suppression import CHECKS, judge
from expansion_signals.model.instants import DAY
from expansion_signals.model.kinds import FAMILIES
from expansion_signals.rules.loading import load
from expansion_signals.rules.rules_file import SHAPES, PolicyShape
from sample_ground import CATALOG
from sample_signals import NOW, signal
from suppressed_case import APPLIES, Scene

if TYPE_CHECKING:
    from expansion_signals.model.decisions import Reason
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.policy import Policy

PAGE = ROOT / "docs/rules.md"
OPTIONS = {code(row[0])[0]: row[1] for row in rows(section(PAGE, "## Policy").partition("\n### ")[0])}
REASONS = [(code(row[0])[0], code(row[1])[0]) for row in rows(section(PAGE, "### Why nothing is sent"))]
PROMPTS = rows(section(PAGE, "### Prompts"))
SHOWN = [row for row in PROMPTS if row[0].startswith("`")]
DAYS = [row for row in PROMPTS if row[0].isdigit()]


def policy(written: dict[str, object]) -> Policy:
    return load({"catalog.yaml": CATALOG, "rules.yaml": yaml.safe_dump({"rules": [], "policy": written})}).policy


def test_every_option_of_policy_has_its_row() -> None:
    assert OPTIONS.keys() == PolicyShape.model_fields.keys()


def test_the_defaults_of_policy_are_those_of_the_program() -> None:
    told = {name: yaml.safe_load(code(default)[0]) for name, default in OPTIONS.items() if default != "none"}
    lasts = {family.name: family.lasts for family in FAMILIES}
    assert policy(told) == replace(policy({}), lasts=lasts)


def test_every_reason_has_its_row_in_the_order_in_which_it_is_asked() -> None:
    assert [reason for reason, _ in REASONS] == list(CHECKS)


@pytest.mark.parametrize(("reason", "decision"), REASONS)
def test_each_reason_makes_the_decision_that_is_told(reason: Reason, decision: str) -> None:
    scene = Scene(is_lead=reason == "open_opportunity")
    APPLIES[reason](scene)
    late = reason == "too_old_to_fire"
    case = Scene(told={"past": reason}).case() if late else scene.case()
    assert judge(case).verdict == decision


def test_every_family_of_prompts_is_told_with_its_numbers() -> None:
    told = {code(row[0])[0]: [int(cell.split()[0]) if cell else None for cell in row[2:]] for row in SHOWN}
    assert told == {family: list(showing) for family, showing in SHOWINGS.items()}


def test_the_days_of_one_person_go_as_told() -> None:
    account, found = DecidedAccount(), []
    for place, (day, reached, said, _) in enumerate(DAYS):
        asked = _signal(reached, int(day), place)
        published = account.hear(asked)
        (decision,) = decisions(published)
        found.append([decision.decision, *decision.reasons])
        for trigger in triggers(published) if said else ():
            account.hear(report("dismissed", trigger.id, asked.evidence.time))
    assert found == [code(row[3].split(":")[0]) for row in DAYS]


def _signal(reached: str, day: int, generation: int) -> Signal:
    told = {"meter": "projects", "feature": "projects"} if "another meter" in reached else {}
    if "next period" in reached:
        told = {"period": {"start": "2026-12-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}}
    return signal(reached.split(maxsplit=1)[0], generation=generation, time=NOW + day * DAY, **told)


def test_every_signal_of_a_row_of_recommendations_is_one_of_the_language() -> None:
    named = {name for row in rows(section(PAGE, "## What is recommended")) for name in code(row[0])}
    assert named <= SHAPES.keys()
