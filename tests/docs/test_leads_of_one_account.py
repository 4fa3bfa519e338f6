"""The tables of leads in `docs/rules.md` are what judging makes of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from documents import ROOT, code, rows, section
from expansion_signals.decide.health_parts import HealthInputs, OfferHistory, PartName, parts_of
from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, day_of, parse_day
from expansion_signals.rules.conditions import FACTS
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN
from expansion_signals.rules.spellings import read_duration
from sample_leads import BEGIN, Lead, by_points, case, scored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.decide.qualifying import Publication

LEADS = section(ROOT / "docs/rules.md", "## Leads")
CONDITIONS = section(ROOT / "docs/rules.md", "## Conditions, and rules of one plan")
EVERYTHING = HealthInputs(*[1] * len(HealthInputs._fields))


def _table(first_cell: str) -> Sequence[Sequence[str]]:
    return [row for row in rows(LEADS) if re.fullmatch(first_cell, row[0])]


def _said(publication: Publication | None) -> str:
    if publication is None:
        return "nothing"
    return f"`{publication.type}`, {publication.disqualified_by or f'tier {publication.tier}'}"


def test_hits_that_stop_go_as_told() -> None:
    lead, went = Lead(), []
    for date, *_ in _table(r"2026-.*"):
        day = parse_day(date) - day_of(BEGIN)
        counted = day * DAY < DEFAULT_WITHIN["limit_hits"]
        reading = case({"limit_hits": "3" if counted else "0"}, day=day, seen=0)
        judgement = lead.take(reading)
        went.append((date, str(judgement.score), _said(judgement.publication)))
    assert went == [(date, points, said.split(":")[0]) for date, points, said in _table(r"2026-.*")]


def test_a_score_goes_as_told() -> None:
    lead, table = Lead(by_points()), _table(r"\d+")
    went = [
        _said(lead.take(scored(int(score), day=int(day), well=int(well))).publication) for day, score, well, _ in table
    ]
    assert went == [said.split(":")[0] for *_, said in table]


def test_every_fact_is_in_the_table_with_its_window() -> None:
    told = {code(row[0])[0]: row[2] for row in rows(CONDITIONS) if len(row) == len(("fact", "is", "window", "from"))}
    assert told.keys() == set(FACTS)
    assert {fact: read_duration(window) for fact, window in told.items() if window} == DEFAULT_WITHIN


def test_the_parts_of_health_have_their_weights() -> None:
    parts = parts_of(EVERYTHING, Account(version=1, plan="free"), OfferHistory(upgrades=1))
    table = _table("|".join(get_args(PartName)))
    assert [(part.name, str(part.weight)) for part in parts] == [(name, weight) for name, weight, _ in table]
