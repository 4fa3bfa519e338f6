"""A ConfigMap changes as a whole: its files are links into `..data`, which is turned to another directory at once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from expansion_signals.configuration_files import read_directory
from expansion_signals.rules.loading import FILES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """The directory as Kubernetes lays it, with the set `old` in place and the set `new` beside it."""
    for each in ("old", "new"):
        (tmp_path / each).mkdir()
        for name in FILES:
            (tmp_path / each / name).write_text(each)
    (tmp_path / "..data").symlink_to("old")
    for name in FILES:
        (tmp_path / name).symlink_to(f"..data/{name}")
    return tmp_path


def _put_in_place(mounted: Path) -> None:
    (mounted / "..data_tmp").symlink_to("new")
    (mounted / "..data_tmp").rename(mounted / "..data")


def test_a_set_that_is_put_in_place_is_read(mounted: Path) -> None:
    _put_in_place(mounted)
    assert read_directory(mounted) == dict.fromkeys(FILES, "new")


def test_a_set_that_is_put_in_place_while_it_is_read_is_not_taken_by_halves(mounted: Path) -> None:
    first = mounted / "old" / FILES[0]
    first.unlink()
    os.mkfifo(first)  # who reads it waits for the other end
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(read_directory, mounted)
        with first.open("w") as other_end:
            _put_in_place(mounted)
            other_end.write("old")
        assert reading.result() == dict.fromkeys(FILES, "new")
