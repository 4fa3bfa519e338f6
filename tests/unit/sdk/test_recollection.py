"""What a group remembers, and for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.model.instants import DAY, LAST, parse_instant
from expansion_signals.sdk.recollection import Recollection, memory_key, memory_value, remembered

EXPIRES = parse_instant("2026-11-29T00:00:00Z")
NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1)


def recollection(**done: int) -> Recollection:
    found = Recollection()
    for trigger, expires in done.items():
        found.remember(trigger, expires)
    return found


def test_the_record_is_the_key_of_group_and_id_and_the_expirytime() -> None:
    assert (memory_key("mailer", "5d41"), memory_value(EXPIRES)) == (b"mailer\x1f5d41", b"2026-11-29T00:00:00Z")


@given(NAMES, NAMES, NAMES)
def test_a_key_is_read_by_its_group_alone(group: str, other: str, trigger: str) -> None:
    key = memory_key(group, trigger)
    assert remembered(key, other) == (trigger if other == group else None)


@pytest.mark.parametrize("key", [None, b"", b"mailer", b"mailer2\x1f5d41", b"\xff"])
def test_other_keys_are_nobodys(key: bytes | None) -> None:
    assert remembered(key, "mailer") is None


def test_what_was_read_is_remembered_as_long_as_what_was_done() -> None:
    found = Recollection()
    found.learn("5d41", memory_value(EXPIRES))
    assert found.forget(EXPIRES + 7 * DAY - 1) == []
    assert found.forget(EXPIRES + 7 * DAY) == ["5d41"]


def test_what_is_forgotten_is_not_known() -> None:
    found = recollection(a=EXPIRES, b=EXPIRES + 1)
    found.forget(EXPIRES + 7 * DAY)
    assert ("a" in found, "b" in found, len(found)) == (False, True, 1)


def test_nothing_is_forgotten_twice() -> None:
    found = recollection(a=EXPIRES)
    found.remember("a", EXPIRES)
    found.forget(LAST)
    assert found.forget(LAST) == []


def test_a_later_expiry_stands() -> None:
    found = recollection(a=EXPIRES)
    found.remember("a", EXPIRES + DAY)
    assert found.forget(EXPIRES + 7 * DAY) == []


def test_a_record_without_a_value_deletes() -> None:
    found = recollection(a=EXPIRES)
    found.learn("a", None)
    assert "a" not in found


def test_what_was_deleted_and_done_again_is_known() -> None:
    found = recollection(a=EXPIRES)
    found.learn("a", None)
    found.learn("a", memory_value(EXPIRES))
    assert "a" in found


@pytest.mark.parametrize("value", [b"", b"soon", b"\xff", b"9999-12-31T23:59:59Z"])
def test_a_strange_value_is_remembered_to_the_end(value: bytes) -> None:
    found = Recollection()
    found.learn("a", value)
    assert found.forget(LAST - 1) == []
