"""Topics that take nothing: how long they are left alone, and what is told of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from expansion_signals.sdk.closed_topics import ClosedTopics

if TYPE_CHECKING:
    import pytest

MISSING = {"prompt-events": "there is no such topic"}


def test_a_topic_that_took_nothing_is_not_tried_at_once() -> None:
    topics = ClosedTopics()
    topics.close(MISSING)
    assert topics.now() == {"prompt-events"}


def test_a_topic_that_takes_events_is_closed_no_more() -> None:
    topics = ClosedTopics()
    topics.close(MISSING)
    topics.open(["prompt-events", "usage-events"])
    assert topics.now() == set()


def test_the_same_reason_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    topics = ClosedTopics()
    for _ in range(3):
        topics.close(MISSING)
    topics.close({"prompt-events": "it is not for us"})
    assert [record.getMessage() for record in caplog.records] == [
        "events for prompt-events wait: there is no such topic",
        "events for prompt-events wait: it is not for us",
    ]


def test_that_a_topic_takes_events_again_is_told_where_it_did_not(caplog: pytest.LogCaptureFixture) -> None:
    topics = ClosedTopics()
    topics.close(MISSING)
    with caplog.at_level(logging.INFO):
        topics.open(["prompt-events", "usage-events"])
    assert caplog.messages[1:] == ["Kafka takes events for prompt-events: what waited for it is being sent"]
