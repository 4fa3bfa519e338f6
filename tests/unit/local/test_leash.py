from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from expansion_signals.local.leash import LeashedProcess
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable


async def _started(tmp_path: Path, program: str) -> LeashedProcess:
    return await LeashedProcess.start([sys.executable, "-c", program], tmp_path / "output", dict(os.environ))


async def test_its_exit_code_is_the_childs_own(tmp_path: Path) -> None:
    process = await _started(tmp_path, "raise SystemExit(7)")
    assert await process.wait() == 7
    await process.stop()


async def test_its_last_words_are_kept(tmp_path: Path) -> None:
    process = await _started(tmp_path, "print('one'); print('two'); print('three')")
    await process.wait()
    assert process.said(lines=2) == "two\nthree"
    await process.stop()


async def _until(condition: Callable[[], bool], waiting_for: str) -> None:
    await asyncio.to_thread(until, condition, seconds=10, waiting_for=waiting_for)


async def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    process = await _started(tmp_path, "import time; time.sleep(60)")
    assert process.ended is None
    await process.stop()
    assert process.ended is not None


async def test_stopping_lets_it_finish_in_good_order(tmp_path: Path) -> None:
    program = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(3)); print(flush=True); signal.pause()"
    process = await _started(tmp_path, program)
    await _until(lambda: process.output.stat().st_size > 0, "the program to have begun")
    await process.stop()
    assert process.ended == 3


async def test_a_program_that_is_not_there_ends_at_once(tmp_path: Path) -> None:
    process = await LeashedProcess.start(["/nowhere/to/be/found"], tmp_path / "output")
    assert await process.wait() == 127
    await process.stop()


@pytest.mark.parametrize("stops", [1, 2])
async def test_stopping_what_has_ended_changes_nothing(tmp_path: Path, stops: int) -> None:
    process = await _started(tmp_path, "")
    await process.wait()
    for _ in range(stops):
        await process.stop()
    assert process.ended == 0


PARENT = """
import asyncio, pathlib, sys
from expansion_signals.local.leash import LeashedProcess

DEAF = "import os, signal as s; s.signal(s.SIGTERM, s.SIG_IGN); print(os.getpid(), flush=True); s.pause()"

async def main():
    await LeashedProcess.start([sys.executable, "-c", DEAF], pathlib.Path(sys.argv[1]))
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_a_child_deaf_to_asking_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.touch()
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(output))
    await _until(lambda: output.stat().st_size > 0, "the child to have begun")
    child = int(output.read_text())
    parent.kill()
    await parent.wait()
    await _until(lambda: not _runs(child), "the child to end")


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
