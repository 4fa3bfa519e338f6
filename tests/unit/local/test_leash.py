from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest

from expansion_signals.local.leash import LeashedProcess

if TYPE_CHECKING:
    from pathlib import Path


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


async def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    process = await _started(tmp_path, "import time; time.sleep(60)")
    assert process.ended is None
    await process.stop()
    assert process.ended is not None


async def test_stopping_lets_it_finish_in_good_order(tmp_path: Path) -> None:
    program = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(3)); print(flush=True); signal.pause()"
    process = await _started(tmp_path, program)
    for _ in range(1000):
        if process.output.read_bytes():
            break
        await asyncio.sleep(0.01)
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
