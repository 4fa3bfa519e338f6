from __future__ import annotations

from pathlib import Path

from expansion_signals.local.stack import TOPICS

SCHEMAS = Path(__file__).parents[3] / "schemas" / "topics"


def test_the_embedded_broker_has_every_topic_there_is() -> None:
    assert set(TOPICS) == {path.stem for path in SCHEMAS.glob("*.yaml")}
