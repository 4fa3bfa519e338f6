"""The spool: what waits on disk, whose it is, and what becomes of it when its process is gone."""

from __future__ import annotations

import logging
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from expansion_signals.sdk.spool import Spool
from expansion_signals.sdk.spool_folder import default_folder
from expansion_signals.sdk.writing import WrittenEvent

if TYPE_CHECKING:
    from pathlib import Path

ROOM = 1_000_000


def event(number: int, length: int = 10) -> WrittenEvent:
    return WrittenEvent("usage-events", f"acct-{number}".encode(), b'{"n":"%b"}' % (b"\xc3\xa4" * length))


EVENTS = [event(number) for number in range(5)]
PROMPTS = [WrittenEvent("prompt-events", b"acct-1", b"{}")]


def emptied(spool: Spool) -> list[WrittenEvent]:
    """Return all that waits, oldest first, and forget it."""
    found: list[WrittenEvent] = []
    while (segment := spool.oldest()) is not None:
        found += segment.events()
        spool.forget(segment)
    return found


def test_what_is_kept_comes_back_in_order_with_the_same_bytes(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    spool.keep(EVENTS[:2])
    spool.keep(EVENTS[2:])
    assert emptied(spool) == EVENTS


def test_an_empty_spool_waits_for_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    spool.keep(EVENTS)
    emptied(spool)
    spool.close()
    assert (bool(spool), [*tmp_path.iterdir()]) == (False, [])


def test_what_a_process_left_is_taken_over(tmp_path: Path) -> None:
    before = Spool(tmp_path, ROOM)
    before.keep(EVENTS)
    before.close()
    after = Spool(tmp_path, ROOM)
    after.take_over()
    assert emptied(after) == EVENTS


def test_what_was_taken_over_comes_before_what_is_new(tmp_path: Path) -> None:
    before = Spool(tmp_path, ROOM)
    before.keep(EVENTS[:3])
    before.close()
    after = Spool(tmp_path, ROOM)
    after.keep(EVENTS[3:])
    after.take_over()
    assert emptied(after) == EVENTS


def test_what_belongs_to_a_living_process_is_left_to_it(tmp_path: Path) -> None:
    living = Spool(tmp_path, ROOM)
    living.keep(EVENTS)
    assert Spool(tmp_path, ROOM).take_over() == 0


def test_half_a_line_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = Spool(tmp_path, ROOM)
    torn = before.keep(EVENTS).path
    before.close()
    torn.write_bytes(torn.read_bytes()[:-5])
    after = Spool(tmp_path, ROOM)
    after.take_over()
    with caplog.at_level(logging.WARNING):
        assert emptied(after) == EVENTS[:-1]
    assert "a part of it is no event" in caplog.text


def test_beyond_its_limit_it_takes_nothing_and_keeps_what_it_has(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 400)
    spool.keep(EVENTS)
    with pytest.raises(OSError, match="as much is waiting as may: 400 bytes"):
        spool.keep([event(6, length=200)])
    assert emptied(spool) == EVENTS


def test_what_was_sent_makes_room_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 400)
    for _ in range(5):
        spool.keep(EVENTS)
        emptied(spool)
    assert spool.size == 0


def test_a_disk_that_fails_keeps_what_it_had(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    kept = spool.keep_apart(EVENTS)
    kept.path.with_name("000000000002.events").mkdir()  # where the next segment would be
    with pytest.raises(IsADirectoryError):
        spool.keep(EVENTS)
    assert spool.oldest() is kept
    assert kept.events() == EVENTS


def test_a_folder_that_somebody_removed_is_made_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ROOM)
    spool.keep(EVENTS[:2])
    shutil.rmtree(tmp_path / "spool")
    spool.keep(EVENTS[2:])
    assert emptied(spool) == EVENTS[2:]


def test_what_cannot_be_removed_is_told_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(tmp_path, ROOM)
    segment = spool.keep_apart(EVENTS)
    segment.path.unlink()
    segment.path.mkdir()  # what even root cannot unlink
    spool.forget(segment)
    assert (bool(spool), "stays there" in caplog.text) == (False, True)


def test_what_is_left_of_a_segment_keeps_its_place(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    first = spool.keep_apart(EVENTS[:3])
    spool.keep(EVENTS[3:])
    spool.shorten(first, EVENTS[1:3])
    assert emptied(spool) == EVENTS[1:]
    assert spool.size == 0


def test_what_is_left_of_a_segment_keeps_its_place_for_the_next_process_too(tmp_path: Path) -> None:
    before = Spool(tmp_path, ROOM)
    first = before.keep_apart(EVENTS[:3])
    before.keep(EVENTS[3:])
    before.shorten(first, EVENTS[1:3])
    before.close()
    after = Spool(tmp_path, ROOM)
    after.take_over()
    assert emptied(after) == EVENTS[1:]


def test_a_segment_that_the_disk_does_not_shorten_stays_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    kept = spool.keep_apart(EVENTS)
    kept.path.with_suffix(".shorter").mkdir()  # where it would be written
    spool.shorten(kept, EVENTS[1:])
    assert kept.events() == EVENTS


def test_half_a_shorter_segment_keeps_no_folder(tmp_path: Path) -> None:
    before = Spool(tmp_path, ROOM)
    before.keep(EVENTS).path.with_suffix(".shorter").write_bytes(b"usage-ev")
    before.close()
    after = Spool(tmp_path, ROOM)
    after.take_over()
    assert (emptied(after), [*tmp_path.iterdir()]) == (EVENTS, [])


def test_segments_of_topics_that_take_nothing_are_passed_by(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    spool.keep_apart(EVENTS)
    other = spool.keep(PROMPTS)
    assert (spool.oldest({"usage-events"}), spool.waits_beside({"usage-events", "prompt-events"})) == (other, False)


def test_what_only_waits_for_topics_that_take_nothing_may_be_written_to_still(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    written = spool.keep(PROMPTS)
    assert spool.oldest({"prompt-events"}) is None
    assert spool.keep(PROMPTS) is written


def test_what_was_taken_over_is_looked_into_before_it_is_passed_by(tmp_path: Path) -> None:
    before = Spool(tmp_path, ROOM)
    before.keep(PROMPTS)
    before.close()
    after = Spool(tmp_path, ROOM)
    after.take_over()
    found = after.oldest({"prompt-events"})
    assert found is not None
    assert (found.events(), after.oldest({"prompt-events"})) == (PROMPTS, None)


def test_a_folder_without_its_lock_is_given_up_and_what_it_holds_is_not(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM)
    (spool.keep(EVENTS[:2]).path.parent / "lock").unlink()
    spool.keep(EVENTS[2:])
    assert (emptied(spool), len([*tmp_path.iterdir()])) == (EVENTS, 1)


def test_many_events_are_several_segments(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10 * ROOM)
    for number in range(100):
        spool.keep([event(number, length=5_000)])
    assert 2 < len([*tmp_path.rglob("*.events")]) < 10


def test_each_deployment_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folders = {default_folder(*each) for each in [("a:9092", ""), ("b:9092", ""), ("a:9092", "test-")]}
    assert len(folders) == 3


def test_a_user_without_a_home_has_a_folder_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = default_folder("a:9092", "")
    assert folder is not None
    assert folder.is_relative_to(tmp_path / f"expansion-signals-{os.getuid()}")
