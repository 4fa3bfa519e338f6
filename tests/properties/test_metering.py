"""Metering over a simulated log: whatever crashes, repeats or is rolled back, the outcome is that of one clean pass.

`architecture.md`, Invariants 1 to 4.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given, settings

from kept_state import KeptInMemory
from simulated_run import DRAFTS, outcome, schedules
from simulated_workers import SHARDS

if TYPE_CHECKING:
    from simulated_log import Draft
    from simulated_run import Step

THOROUGH = settings(max_examples=2 * settings().max_examples)


@THOROUGH
@given(DRAFTS, schedules("crash", "accept"))
def test_crashes_and_zombies_count_each_record_once_and_fire_each_key_once(
    drafts: list[Draft], schedule: list[Step]
) -> None:
    found = asyncio.run(outcome(KeptInMemory(SHARDS), drafts, schedule))
    found.check_counts()
    found.check_fired()
    found.check_keys_are_fired_once()


@THOROUGH
@given(DRAFTS, schedules("crash", "accept", "back up", "roll back", "roll back"))
def test_shards_rolled_back_under_live_workers_count_each_record_once_and_lose_no_key(
    drafts: list[Draft], schedule: list[Step]
) -> None:
    found = asyncio.run(outcome(KeptInMemory(SHARDS), drafts, schedule))
    found.check_counts()
    found.check_fired()


@THOROUGH
@given(DRAFTS, schedules("crash", "accept", "lease ends", "lose", "lose", "lose all"))
def test_shards_lost_under_live_workers_count_each_record_once_and_lose_no_key(
    drafts: list[Draft], schedule: list[Step]
) -> None:
    found = asyncio.run(outcome(KeptInMemory(SHARDS), drafts, schedule))
    found.check_counts()
    found.check_fired()
    found.check_what_only_grows_fires_each_threshold_once()


@THOROUGH
@given(DRAFTS, schedules("crash", "accept", "lease ends", "back up", "roll back", "lose", "lose all"))
def test_shards_rolled_back_and_lost_count_each_record_once_and_lose_no_key(
    drafts: list[Draft], schedule: list[Step]
) -> None:
    found = asyncio.run(outcome(KeptInMemory(SHARDS), drafts, schedule))
    found.check_counts()
    found.check_fired()


@THOROUGH
@given(DRAFTS, schedules("crash", "lease ends", "lose it and die", "lose it and die"))
def test_what_was_published_before_a_loss_is_published_under_no_other_id(
    drafts: list[Draft], schedule: list[Step]
) -> None:
    found = asyncio.run(outcome(KeptInMemory(SHARDS), drafts, schedule))
    found.check_keys_are_fired_once()
    found.check_what_only_grows_fires_each_threshold_once()
