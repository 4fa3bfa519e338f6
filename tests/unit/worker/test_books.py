from __future__ import annotations

from expansion_signals.state.books import Books
from expansion_signals.worker.books import BooksCollector, named
from expansion_signals.worker.metrics import Metrics
from expansion_signals.worker.status import Status

BOOKS = Books({"id-7/11": {"counted": 5}}, {"id-7/11": 1_500_000}, {"metering": 3, "deciding": 0}, 2)


def lines() -> list[str]:
    page = Metrics().page(Status(), named(BOOKS, {"usage-events": "id-7"})).decode()
    shared = ("records_total", "reached_timestamp_seconds", "late_shards", "lost_shards")
    return [
        line for line in page.splitlines() if line.startswith(tuple(f"expansion_signals_{name}" for name in shared))
    ]


def test_the_page_has_topics_by_the_names_that_people_know() -> None:
    assert lines() == [
        'expansion_signals_records_total{outcome="counted",partition="11",topic="usage-events"} 5.0',
        'expansion_signals_reached_timestamp_seconds{partition="11",topic="usage-events"} 1.5',
        'expansion_signals_late_shards{stage="metering"} 3.0',
        'expansion_signals_late_shards{stage="deciding"} 0.0',
        "expansion_signals_lost_shards 2.0",
    ]


def test_a_topic_that_nobody_knows_any_more_keeps_the_name_of_the_state() -> None:
    assert list(named(BOOKS, {}).tallies) == ["id-7/11"]


def test_without_books_no_number_is_made_up() -> None:
    assert [sample for family in BooksCollector().collect() for sample in family.samples] == []
