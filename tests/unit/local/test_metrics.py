from __future__ import annotations

from expansion_signals.local.metrics import Tallies, tallies_in

PAGE = """# HELP expansion_signals_records_total What became of records.
# TYPE expansion_signals_records_total counter
expansion_signals_records_total{outcome="counted",topic="usage-events",partition="0"} 40.0
expansion_signals_records_total{outcome="counted",topic="usage-events",partition="1"} 2.0
expansion_signals_records_total{outcome="duplicate",topic="usage-events",partition="0"} 3.0
expansion_signals_records_total{outcome="unmatched",topic="usage-events",partition="0"} 4.0
expansion_signals_records_total{outcome="dead_lettered",topic="usage-events",partition="0"} 5.0
expansion_signals_records_total{outcome="counted",topic="account-updates",partition="0"} 99.0
expansion_signals_lag{topic="usage-events"} 7
"""


def test_tallies_are_summed_over_partitions() -> None:
    assert tallies_in(PAGE) == Tallies(counted=42, duplicate=3, unmatched=4, dead_lettered=5)


def test_received_is_the_sum_of_what_became_of_it() -> None:
    assert tallies_in(PAGE).received == 54


def test_each_topic_has_its_own() -> None:
    assert tallies_in(PAGE, "account-updates") == Tallies(counted=99)


def test_a_page_without_tallies_reads_as_nothing() -> None:
    assert tallies_in("") == Tallies()
