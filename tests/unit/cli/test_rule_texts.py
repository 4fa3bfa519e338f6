from __future__ import annotations

import pytest

from documents import ROOT
from expansion_signals.cli.rule_texts import rule_texts
from expansion_signals.rules.loading import RULES_FILE
from expansion_signals.rules.yaml_source import parse

RULES = """\
# All of them.
rules:
  # The classic pair.
  - id: quota   # by its name
    signal: limit_reached
    meter: calls
    at: [80%, 100%]

  # The next one.
  - {id: gates, signal: feature_gated, feature: "*", within: 14d}
  - {id: last, signal: milestone, meter: calls, at: [1.5, 10]}
policy: {session_cap: 3}
"""


def test_a_rule_stands_as_it_was_written() -> None:
    assert rule_texts(RULES)["quota"] == (
        "- id: quota   # by its name\n  signal: limit_reached\n  meter: calls\n  at: [80%, 100%]"
    )


def test_a_comment_belongs_to_the_rule_below_it() -> None:
    assert rule_texts(RULES)["gates"] == '- {id: gates, signal: feature_gated, feature: "*", within: 14d}'


def test_the_last_rule_ends_where_something_else_begins() -> None:
    assert rule_texts(RULES)["last"] == "- {id: last, signal: milestone, meter: calls, at: [1.5, 10]}"


def test_rules_that_share_a_line_are_written_anew() -> None:
    shared = "rules: [{id: a, signal: s, at: [1.50]}, {id: b, signal: s}]\n"
    assert rule_texts(shared)["a"] == "- id: a\n  signal: s\n  at:\n  - '1.50'"


@pytest.mark.parametrize("text", ["", "rules: 7", "policy: {}", "rules:\n  - {signal: s}\n", "{"])
def test_where_there_are_no_rules_there_is_no_text(text: str) -> None:
    assert rule_texts(text) == {}


def test_each_rule_of_the_sample_says_what_its_text_says() -> None:
    sample = (ROOT / "src/expansion_signals/local/sample/rules.yaml").read_text()
    root = parse(RULES_FILE, sample).root
    rules = root.child("rules") if root else None
    assert rules is not None
    for item in rules.items():
        text = rule_texts(sample)[str(item.members()["id"].value)]
        again = parse(RULES_FILE, f"rules:\n{text}\n").root
        assert again is not None
        assert again.plain() == {"rules": [item.plain()]}
