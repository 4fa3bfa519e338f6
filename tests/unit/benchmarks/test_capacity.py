"""How a load of Zipf accounts falls on partitions and shards."""

from __future__ import annotations

from benchmarks.capacity import spread


def test_a_single_account_has_all_events_wherever_they_fall() -> None:
    assert spread(4, 64, accounts=1) == {"account": 1.0, "partition": 1.0, "shard": 1.0}


def test_the_busiest_of_few_accounts_has_more_of_all_events_than_the_busiest_of_many() -> None:
    assert spread(4, 64, accounts=100)["account"] > spread(4, 64, accounts=10_000)["account"]
