"""Whatever users, products and accounts are called, copy is four lines of plain text, and nothing in it is expanded."""

from __future__ import annotations

import unicodedata
from collections import ChainMap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from example_signals import FIRING, read
from expansion_signals.decide.copies import copy_for
from expansion_signals.decide.plain_text import in_a_line
from expansion_signals.model.kinds import KINDS
from expansion_signals.rules.copy_fields import FIELDS
from expansion_signals.rules.copy_templates import LONGEST, Copy, read_template
from sample_signals import gated

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.copy_templates import Copies

NAMES = ("user", "plan", "feature", "meter", "product", "integration", "reason")
PQL = {"score": 80, "tier": "B", "criteria": [{"id": "growth", "met": True}], "user": "u-42"}
SIGNALS = [
    *(read(path) for path in FIRING),
    *(replace(gated(kind=kind.type), data=PQL) for kind in KINDS.values() if kind.family.name == "pql"),
]
NAMED = [(signal, field) for signal in SIGNALS for field in NAMES if field in FIELDS[KINDS[signal.type].rule]]
KNOWN = sorted({name for signal in SIGNALS for name in signal.data} | {"to", "price", "gain", "id", "met", "time_zone"})
LONGEST_PART = LONGEST * 200

# Somebody may be called None; here the word would hide the mistake that it is looked for as.
WRITTEN = st.text(st.one_of(st.characters(), st.sampled_from("{}\n\u202e\u200b\x00"))).filter(
    lambda text: "None" not in text
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.integers(-300, 300).map(str), WRITTEN),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KNOWN), inner, max_size=3)),
    max_leaves=6,
)
DISTORTED = st.builds(
    lambda signal, account, *data: replace(signal, account=account, data=dict(ChainMap(*data, dict(signal.data)))),
    st.sampled_from(SIGNALS),
    WRITTEN,
    st.fixed_dictionaries({}, optional=dict.fromkeys((*NAMES, "unit", "why", "tier"), WRITTEN)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("features", "networks", "destinations"), st.lists(WRITTEN))),
    st.dictionaries(st.sampled_from(KNOWN), JSON, max_size=3),
)
RECOMMENDATIONS = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["plan", "add_on", "seats", "capacity", "contact_sales", "lower_plan", "none"])},
        optional=dict.fromkeys(("to", "price", "charge_now", "gain", "quantity"), JSON),
    ),
)
LANGUAGES = st.one_of(st.none(), st.sampled_from(["en", "de", "fr", "pt-BR"]), WRITTEN)


def every_field(kind: str) -> Copies:
    """Return copy of a rule with another field in each part of each language."""
    fields = FIELDS[KINDS[kind].rule]
    parts = [read_template(f"<{{{field}}}>", fields) for field in fields]
    return {tag: Copy(*parts[at : at + 4]) for tag, at in (("en", 0), ("de", 4), ("fr", 8), ("pt-BR", 12))}


def is_plain(text: str) -> bool:
    unseen = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return bool(text) and not any(unicodedata.category(each) in unseen for each in text)


@given(DISTORTED, RECOMMENDATIONS, LANGUAGES, st.booleans())
def test_any_data_makes_four_lines_of_plain_text(
    signal: Signal, recommendation: dict[str, Any] | None, language: str | None, own: object
) -> None:
    shown = copy_for(signal, every_field(signal.type) if own else None, recommendation, language)
    assert list(shown) == ["title", "body", "action", "dismiss", "language"]
    assert [text for text in shown.values() if not is_plain(text) or "None" in text or len(text) > LONGEST_PART] == []


@given(st.sampled_from(NAMED), WRITTEN)
def test_a_name_fills_its_field_as_it_is_and_nothing_in_it_is_expanded(named: tuple[Signal, str], written: str) -> None:
    signal, field = named
    template = read_template(f"[{{{field}}}]", [field])
    renamed = replace(signal, data={**signal.data, field: written})
    title = copy_for(renamed, {"en": Copy(title=template)}, None, None)["title"]
    line = in_a_line(written)
    assert title == (f"[{line}]" if line else copy_for(renamed, None, None, None)["title"])
