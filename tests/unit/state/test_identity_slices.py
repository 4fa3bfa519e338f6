"""Where identities live and are looked for; the pictures of `identity_slices.py`, case by case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.model.instants import DAY, HOUR, MINUTE, hour_of
from expansion_signals.state.identity_slices import IdentitySlices, last_asked
from sample_batches import NOW, identity

QUARTER = DAY // 4
OWN = NOW // QUARTER
THIS_HOUR = hour_of(NOW)
TEN_MINUTES = 10 * MINUTE
AROUND = [f"a{quarter}" for quarter in range(OWN - 4, OWN + 5)]


PREVIOUS = f"t{NOW // TEN_MINUTES - 1}"


def slice_of(hour: int) -> str:
    """Return the slice of ids minted as this hour began."""
    return f"t{hour * HOUR // TEN_MINUTES}"


def named(slices: IdentitySlices, hour: int | None, appended: int = NOW) -> list[str]:
    return sorted(name for name, _, _ in slices.plan([identity(1, hour=hour, appended=appended)]).slices)


def homes(slices: IdentitySlices, hour: int | None) -> list[str]:
    return sorted(probe.bucket.slice_name for probe in slices.plan([identity(1, hour=hour)]).probes if probe.lives)


@pytest.mark.parametrize("lag", [-1, 0, 1])
def test_an_id_with_its_hour_takes_one_probe_and_lives_there(lag: int) -> None:
    slices = IdentitySlices(DAY)
    assert named(slices, THIS_HOUR - lag) == homes(slices, THIS_HOUR - lag) == [slice_of(THIS_HOUR - lag)]


def test_a_plain_id_is_looked_for_one_window_before_and_after() -> None:
    assert named(IdentitySlices(DAY), None) == AROUND


def test_a_plain_id_lives_in_the_slice_of_its_append_time() -> None:
    assert homes(IdentitySlices(DAY), None) == [f"a{OWN}"]


def test_an_id_whose_hour_is_off_is_looked_for_everywhere_and_leaves_a_copy_in_its_hour() -> None:
    slices, hour = IdentitySlices(DAY), THIS_HOUR - 5
    assert (named(slices, hour), homes(slices, hour)) == ([*AROUND, slice_of(hour)], [f"a{OWN}", slice_of(hour)])


def test_an_id_whose_hour_is_off_by_more_than_the_window_leaves_no_copy() -> None:
    assert named(IdentitySlices(DAY), THIS_HOUR - 26) == AROUND


@given(st.none() | st.integers(-60, 60), st.integers(0, 2 * DAY), st.integers(-DAY, DAY))
def test_a_retry_within_the_window_looks_where_the_first_one_lives(lag: int | None, first: int, later: int) -> None:
    slices, appended = IdentitySlices(DAY), NOW + first
    hour = None if lag is None else hour_of(appended) - lag
    lives = {
        probe.bucket.slice_name
        for probe in slices.plan([identity(1, hour=hour, appended=appended)]).probes
        if probe.lives
    }
    assert lives.intersection(named(slices, hour, appended + later))


def test_a_slice_that_is_not_known_is_assumed_not_to_exist() -> None:
    plan = IdentitySlices(DAY).plan([identity(1, hour=THIS_HOUR)])
    assert plan.slices == [(slice_of(THIS_HOUR), (), (1,))]


def test_a_first_batch_opens_as_many_buckets_as_it_fills() -> None:
    plan = IdentitySlices(DAY).plan([identity(number, hour=THIS_HOUR) for number in range(1_000)])
    assert plan.slices == [(slice_of(THIS_HOUR), (), (4,))]


def test_a_slice_begins_as_large_as_the_one_before_it_became() -> None:
    slices = IdentitySlices(DAY)
    slices.learn({PREVIOUS: (8, 32)})
    assert slices.plan([identity(1, hour=THIS_HOUR)]).slices == [(slice_of(THIS_HOUR), (), (32,))]


def test_a_slice_may_follow_one_that_is_known_not_to_exist() -> None:
    slices = IdentitySlices(DAY)
    slices.learn({f"a{OWN - 1}": ()})
    assert (f"a{OWN}", (), (1,)) in slices.plan([identity(1)]).slices


def test_a_full_slice_opens_a_further_generation_once() -> None:
    slices, name = IdentitySlices(DAY), slice_of(THIS_HOUR)
    slices.learn({name: (8,)})
    slices.fill(name)
    first = slices.plan([identity(1, hour=THIS_HOUR)]).slices
    slices.learn({name: (8, 32)})
    assert (first, slices.plan([identity(1, hour=THIS_HOUR)]).slices) == (
        [(name, (8,), (8, 32))],
        [(name, (8, 32), (8, 32))],
    )


def test_a_batch_too_large_for_a_slice_opens_a_further_generation_at_once() -> None:
    slices, name = IdentitySlices(DAY), slice_of(THIS_HOUR)
    slices.learn({name: (1,)})
    plan = slices.plan([identity(number, hour=THIS_HOUR) for number in range(3_000)])
    assert plan.slices == [(name, (1,), (1, 10))]


def test_all_generations_are_probed_and_the_last_takes_what_is_new() -> None:
    slices, name = IdentitySlices(DAY), slice_of(THIS_HOUR)
    slices.learn({name: (8, 32)})
    probes = slices.plan([identity(43, hour=THIS_HOUR)]).probes
    assert [(*probe.bucket, probe.lives) for probe in probes] == [(name, 8, 3, False), (name, 32, 11, True)]


def test_a_negative_number_has_a_bucket_like_any_other() -> None:
    slices, name = IdentitySlices(DAY), slice_of(THIS_HOUR)
    slices.learn({name: (8,)})
    assert [probe.bucket.bucket for probe in slices.plan([identity(-1, hour=THIS_HOUR)]).probes] == [7]


@given(st.none() | st.integers(-60, 60), st.integers(0, 2 * DAY))
def test_a_slice_is_asked_for_by_nothing_appended_after_its_last_use(lag: int | None, later: int) -> None:
    slices = IdentitySlices(DAY)
    hour = None if lag is None else THIS_HOUR - lag
    asked = {name for name, _, _ in slices.plan([identity(1, hour=hour, appended=NOW + later)]).slices}
    assert not [name for name in asked if last_asked(name, DAY) < NOW + later]


def test_an_id_with_its_time_is_found_after_the_window_was_changed() -> None:
    assert named(IdentitySlices(DAY), THIS_HOUR) == named(IdentitySlices(3 * DAY), THIS_HOUR)
