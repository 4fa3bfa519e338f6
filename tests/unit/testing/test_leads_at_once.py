"""A lead is found with the event that meets its last criterion, whichever that is (semantics 8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from small_product import pipeline_in

if TYPE_CHECKING:
    from pathlib import Path

RULES = """
rules:
  - {id: calls, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - id: lead
    signal: pql
    qualify_at: 50
    criteria:
      - {id: near, when: utilization >= 80%, points: 25}
      - {id: wanted, when: gated_attempts >= 2, points: 25}
"""


@pytest.mark.parametrize("order", ["uugg", "gguu", "ugug", "gugu"], ids=lambda order: f"in the order {order}")
def test_a_lead_qualifies_with_the_event_that_meets_its_last_criterion(order: str, tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path, RULES)
    pipeline.account_updated("acct-1", plan="free")
    qualified = []
    for number, each in enumerate(order):
        pipeline.advance(minutes=1)
        if each == "u":
            pipeline.usage("acct-1", meter="api_calls", value=450)
        else:
            pipeline.feature_attempted("acct-1", feature="sso", user=f"u-{number}")
        qualified.append([trigger for trigger in pipeline.triggers("acct-1") if trigger.type == "pql.qualified"])
    [lead] = qualified[3]
    assert qualified[:3] == [[], [], []]
    assert (lead.data.score, [each.met for each in lead.data.criteria]) == (50, [True, True])
