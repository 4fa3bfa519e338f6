"""What is known to be a duplicate without asking the shard."""

from __future__ import annotations

from expansion_signals.model.batches import Identity
from expansion_signals.model.instants import MINUTE
from expansion_signals.pipeline.just_applied import JustApplied
from sample_batches import NOW


def identity(number: int, *, check: bytes = b"same", appended: int = NOW) -> Identity:
    return Identity(number, check, None, appended)


def after(*told: Identity) -> JustApplied:
    shard = JustApplied()
    shard.add(told)
    return shard


def test_what_was_applied_is_a_duplicate_when_it_comes_again() -> None:
    assert after(identity(1)).has(identity(1, appended=NOW + 5))
    assert not after(identity(1)).has(identity(2))


def test_another_payload_is_for_the_shard_to_judge() -> None:
    assert not after(identity(1)).has(identity(1, check=b"diff"))


def test_what_came_longer_ago_is_for_the_shard_to_judge() -> None:
    assert after(identity(1)).has(identity(1, appended=NOW + MINUTE))
    assert not after(identity(1)).has(identity(1, appended=NOW + MINUTE + 1))


def test_what_is_remembered_has_a_bound() -> None:
    shard = after(identity(-1))
    for number in range(2_000):
        shard.add([identity(number)])
    assert not shard.has(identity(-1))
    assert shard.has(identity(1_999))
    assert sum(shard.has(identity(number)) for number in range(2_000)) <= 1_000
