"""An identity is found again wherever it was put, by any worker, within the window (semantics 1.3, 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.batches import Applied, Seen
from expansion_signals.model.instants import DAY, HOUR, MINUTE, hour_of
from sample_batches import NOW, apply, identity, poll

if TYPE_CHECKING:
    from expansion_signals.model.batches import Identity
    from expansion_signals.ports import Store
    from kept_state import Kept

THIS_HOUR = hour_of(NOW)
# The hour in the id (None: a plain id), when it was appended first, and when again.
RETRIES = {
    "an id with its hour, at once": (THIS_HOUR, NOW, NOW),
    "an id with its hour, in the next hour": (THIS_HOUR, NOW, NOW + HOUR),
    "an id with its hour, five hours later": (THIS_HOUR, NOW, NOW + 5 * HOUR),
    "an id with its hour, a window later": (THIS_HOUR, NOW, NOW + DAY),
    "an id with its hour, from a partition that lags": (THIS_HOUR - 3, NOW, NOW - 3 * HOUR),
    "an id whose hour is off, at once": (THIS_HOUR - 7, NOW, NOW),
    "an id whose hour is off, from where it is not": (THIS_HOUR - 7, NOW, NOW - 7 * HOUR),
    "an id whose hour is not off, from where it is": (THIS_HOUR, NOW, NOW + 20 * HOUR),
    "an id of last year": (THIS_HOUR - 365 * 24, NOW, NOW + DAY),
    "an id of the next hour": (THIS_HOUR + 1, NOW, NOW + 2 * HOUR),
    "an id of next week": (THIS_HOUR + 7 * 24, NOW, NOW + 9 * HOUR),
    "a plain id, at once": (None, NOW, NOW),
    "a plain id, a window later": (None, NOW, NOW + DAY),
    "a plain id, a window before": (None, NOW, NOW - DAY),
    "a plain id, minutes across a quarter": (None, NOW + 2 * HOUR - MINUTE, NOW + 2 * HOUR + MINUTE),
}


def ids(hour: int | None, appended: int, numbers: range = range(3), check: bytes = b"same") -> tuple[Identity, ...]:
    return tuple(identity(number * 7_919 - 9_000, check, hour, appended) for number in numbers)


@pytest.mark.parametrize("retry", RETRIES)
async def test_a_retry_is_a_duplicate(store: Store, retry: str) -> None:
    hour, first, again = RETRIES[retry]
    await apply(store, poll(identities=ids(hour, first)))
    batch = poll(start=10, end=20, identities=ids(hour, again, range(1, 5)))
    assert await apply(store, batch) == Seen({0: False, 1: False})


@pytest.mark.parametrize("retry", RETRIES)
async def test_a_worker_that_knows_nothing_finds_a_retry(kept: Kept, retry: str) -> None:
    hour, first, again = RETRIES[retry]
    await apply(kept.store, poll(identities=ids(hour, first)))
    batch = poll(start=10, end=20, identities=ids(hour, again, range(1, 5)))
    assert await apply(kept.another(), batch) == Seen({0: False, 1: False})


@pytest.mark.parametrize("retry", RETRIES)
async def test_another_payload_is_a_conflict_wherever_it_is_found(kept: Kept, retry: str) -> None:
    hour, first, again = RETRIES[retry]
    await apply(kept.store, poll(identities=ids(hour, first)))
    batch = poll(start=10, end=20, identities=ids(hour, again, check=b"diff"))
    assert await apply(kept.another(), batch) == Seen({0: True, 1: True, 2: True})


async def test_the_smallest_and_the_largest_identity_are_two(store: Store) -> None:
    await apply(store, poll(identities=(identity(-(2**63)), identity(2**63 - 1))))
    batch = poll(start=10, identities=(identity(2**63 - 1), identity(2**63 - 2), identity(-(2**63))))
    assert await apply(store, batch) == Seen({0: False, 2: False})


async def test_checks_may_be_any_four_bytes(store: Store) -> None:
    checks = [bytes([n, 0, 255, 10]) for n in (0, 13, 127, 128, 255)]
    identities = tuple(identity(n, check) for n, check in enumerate(checks))
    await apply(store, poll(identities=identities))
    assert await apply(store, poll(start=10, identities=identities)) == Seen(dict.fromkeys(range(5), False))


async def test_two_workers_that_believe_in_other_slices_find_each_others_identities(kept: Kept) -> None:
    first, second = kept.store, kept.another()
    for offset in range(6):
        worker = (first, second)[offset % 2]
        batch = poll(
            start=offset or None, end=offset + 1, identities=ids(None, NOW, range(400 * offset, 400 * offset + 400))
        )
        assert isinstance(await apply(worker, batch), Applied)
    batch = poll(start=6, end=7, identities=ids(None, NOW, range(2_400)))
    assert await apply(kept.another(), batch) == Seen(dict.fromkeys(range(2_400), False))


@pytest.mark.parametrize("hour", [THIS_HOUR, None], ids=["ids with their hour", "plain ids"])
async def test_identities_are_found_after_their_slice_has_grown(kept: Kept, hour: int | None) -> None:
    for offset in range(8):
        batch = poll(
            start=offset or None, end=offset + 1, identities=ids(hour, NOW, range(250 * offset, 250 * offset + 250))
        )
        assert isinstance(await apply(kept.store, batch), Applied)
    answer = await apply(kept.store, poll(start=8, end=9, identities=ids(hour, NOW, range(0, 2_000, 3))))
    assert isinstance(answer, Seen)
    assert len(answer.conflicts) == 667


async def test_ids_with_their_hour_stay_found_while_the_hours_go_by(kept: Kept) -> None:
    for hour in range(5):
        batch = poll(
            start=hour or None, end=hour + 1, identities=ids(THIS_HOUR + hour, NOW + hour * HOUR, range(hour, hour + 1))
        )
        await apply(kept.store, batch)
    for hour in range(5):
        again = ids(THIS_HOUR + hour, NOW + 5 * HOUR, range(hour, hour + 1))
        assert await apply(kept.store, poll(start=5, end=6, identities=again)) == Seen({0: False})
