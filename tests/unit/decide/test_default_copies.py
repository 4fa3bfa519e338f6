"""The default copy: there for every kind that fires, whole whatever is known, and never a threat."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from example_signals import FIRING, name, read
from expansion_signals.decide.copies import copy_for
from expansion_signals.decide.default_copies import DEFAULTS
from expansion_signals.model.kinds import KINDS, RETENTION
from sample_signals import gated

if TYPE_CHECKING:
    from pathlib import Path

    from expansion_signals.model.signals import Signal

PRICE = {"amount": "20.00", "currency": "USD", "per": "month"}
OFFERED = {"to": "pro", "price": PRICE, "charge_now": PRICE, "quantity": 3, "gain": "50000"}
RECOMMENDATION_KINDS = (
    *("plan", "add_on", "seats", "capacity", "overage", "contact_sales"),
    *("lower_plan", "pause", "re_engage"),
)
RECOMMENDED: list[dict[str, Any] | None] = [
    None,
    {"kind": "none"},
    *({"kind": kind, **OFFERED} for kind in RECOMMENDATION_KINDS),
    *({"kind": kind} for kind in RECOMMENDATION_KINDS),
]
LEFT_OVER = re.compile(r"[{}]|None|null|  | [.,;:]|\.\.|\| ?\||^ |\|$")
THREATS = re.compile(
    r"\b(must|lose|lost|blocked|stop|suspend|last chance|warning|or else|expire|delete)", re.IGNORECASE
)
SALES = re.compile(r"\b(upgrade|buy|add|suggest|pro|USD|higher|more)\b", re.IGNORECASE)


def empty(kind: str) -> Signal:
    """Return a signal of which nothing is known."""
    return replace(gated(kind=kind), account="\u200b", data={})


def shown(asked: Signal) -> list[str]:
    """Return what is shown with each recommendation: the four parts in one line."""
    copies = [copy_for(asked, None, recommendation, None) for recommendation in RECOMMENDED]
    return [" | ".join(copy[part] for part in ("title", "body", "action", "dismiss")) for copy in copies]


def test_every_kind_that_fires_has_a_default() -> None:
    assert DEFAULTS.keys() == {kind.type for kind in KINDS.values() if kind.fires}


@pytest.mark.parametrize("kind", sorted(DEFAULTS))
def test_the_last_wording_of_each_title_and_body_needs_no_field(kind: str) -> None:
    assert (DEFAULTS[kind].titles[-1].fields, DEFAULTS[kind].bodies[-1].fields) == ((), ())


@pytest.mark.parametrize("kind", sorted(DEFAULTS))
def test_copy_is_whole_where_nothing_is_known(kind: str) -> None:
    assert [text for text in shown(empty(kind)) if LEFT_OVER.search(text)] == []


@pytest.mark.parametrize("path", FIRING, ids=name)
def test_copy_is_whole_where_all_is_known(path: Path) -> None:
    assert [text for text in shown(read(path)) if LEFT_OVER.search(text)] == []


@pytest.mark.parametrize("path", FIRING, ids=name)
def test_every_example_fills_the_first_wording_of_its_kind(path: Path) -> None:
    asked = read(path)
    copy = copy_for(asked, None, None, None)
    first = [DEFAULTS[asked.type].titles[0].texts, DEFAULTS[asked.type].bodies[0].texts]
    assert [[text in copy[part] for text in texts] for part, texts in zip(("title", "body"), first, strict=True)] == [
        [True] * len(texts) for texts in first
    ]


@pytest.mark.parametrize("kind", sorted(DEFAULTS))
def test_no_copy_threatens(kind: str) -> None:
    assert [text for text in shown(empty(kind)) if THREATS.search(text)] == []


@pytest.mark.parametrize("path", [path for path in FIRING if KINDS[read(path).type].family is RETENTION], ids=name)
def test_no_copy_sells_to_a_customer_who_may_leave(path: Path) -> None:
    keeping = ("lower_plan", "pause", "re_engage")
    copies = [copy_for(read(path), None, each, None) for each in RECOMMENDED if not each or each["kind"] not in keeping]
    assert [copy["body"] for copy in copies if SALES.search(" | ".join(copy.values()))] == []


@pytest.mark.parametrize(
    ("kind", "recommendation", "body", "action"),
    [
        ("limit.reached", {"kind": "plan", **OFFERED}, "Upgrade to pro for 20.00 USD a month.", "Upgrade now"),
        ("limit.reached", {"kind": "add_on", **OFFERED}, "Add 50,000 for 20.00 USD a month.", "Add it now"),
        ("limit.reached", {"kind": "add_on", "to": "extra-api"}, "Add extra-api.", "Add it now"),
        ("limit.reached", {"kind": "add_on"}, "With more room, you can go on just as you do now.", "See your options"),
        (
            "limit.reached",
            {"kind": "overage", **OFFERED},
            "You can go on: what you use beyond it is charged as you use it.",
            "See your usage",
        ),
        ("limit.reached", {"kind": "contact_sales"}, "Talk to us about more.", "Talk to us"),
        ("limit.reached", {"kind": "pause"}, "With more room, you can go on just as you do now.", "See your options"),
        ("seat_limit.invited", {"kind": "seats", **OFFERED}, "Add 3 seats for 20.00 USD a month.", "Add seats"),
        ("usage.accelerated", {"kind": "plan", **OFFERED}, "Suggest pro for 20.00 USD a month.", "Open the account"),
        (
            "pql.disqualified",
            {"kind": "plan", **OFFERED},
            "See that they do well with what they have.",
            "Open the account",
        ),
        ("cancel.requested", {"kind": "lower_plan", **OFFERED}, "If it is the price, pro costs less.", "Talk to them"),
        ("cancel.requested", {"kind": "plan", **OFFERED}, "Ask what they need, and listen.", "Talk to them"),
    ],
)
def test_behind_the_body_stands_what_is_recommended(
    kind: str, recommendation: dict[str, Any], body: str, action: str
) -> None:
    copy = copy_for(empty(kind), None, recommendation, None)
    assert (copy["body"].endswith(f". {body}"), copy["action"]) == (True, action)


def test_a_limit_without_a_number_tells_the_usage_alone() -> None:
    asked = replace(empty("limit.reached"), data={"usage": "800", "limit": None, "unit": "call"})
    assert copy_for(asked, None, None, None)["title"] == "800 calls used"
