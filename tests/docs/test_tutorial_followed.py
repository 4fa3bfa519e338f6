"""The tutorial, typed word for word in an empty directory; only the ports of `dev` are those of this run."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest

from documents import ROOT, blocks
from servers.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = ROOT / "docs/tutorial.md"
SHOWN = blocks(PAGE, "")


class Reader:
    """Somebody who types what the tutorial says."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ports = {name: free_port() for name in ("kafka", "redis", "http")}
        ours = {name: value for name, value in os.environ.items() if not name.startswith("EXPANSION_SIGNALS_")}
        self._environment = ours | {
            "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}",
            "EXPANSION_SIGNALS_KAFKA": f"localhost:{self._ports['kafka']}",
            "EXPANSION_SIGNALS_REDIS": f"redis://localhost:{self._ports['redis']}/0",
        }

    def type(self, part: str) -> str:
        """Type the block with this part, wait for its end, and return what it wrote."""
        [block] = [block for block in blocks(PAGE) if part in block]
        done = subprocess.run(
            ["bash", "-ec", block],
            cwd=self._directory,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def keep(self, *command: str) -> Iterator[Iterator[str]]:
        """Run what does not end by itself, and hand out the lines that it writes."""
        with subprocess.Popen(
            command, cwd=self._directory, env=self._environment, stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout is not None
            try:
                yield (line.rstrip() for line in running.stdout)
            finally:
                running.terminate()

    @contextmanager
    def dev(self) -> Iterator[list[str]]:
        """Type the block with `dev`, with ports that nobody has; hand out what it says once everything runs."""
        [block] = [block for block in blocks(PAGE) if "signals dev" in block]
        ports = [f"--{name}-port={port}" for name, port in self._ports.items()]
        with self.keep(*block.split(), *ports) as said:
            yield list(takewhile(lambda line: "Ctrl-C ends it" not in line, said))

    def watched(self, lines: int) -> list[str]:
        """Type the block with `watch`, and return its first lines."""
        [block] = [block for block in blocks(PAGE) if "signals watch" in block]
        with self.keep(*block.split()) as said:
            next(said)
            return [next(said) for _ in range(lines)]

    def subscribed(self) -> str:
        """Run the subscriber, and return its first line."""
        [block] = blocks(PAGE, "python")
        with self.keep("python", "-u", "-c", block.replace(":9092", f":{self._ports['kafka']}")) as said:
            return next(said)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    reader = Reader(tmp_path_factory.mktemp("tutorial"))
    reader.type("catalog.yaml <<")
    assert "3 rules in force" in reader.type("config check")
    assert "ready-for-studio" in reader.type("record.py")
    return reader


def test_the_rehearsal_finds_what_the_tutorial_shows(reader: Reader) -> None:
    [shown] = [block for block in SHOWN if '"why"' in block]
    assert reader.type("expansion-pql").splitlines() == shown.splitlines()


def test_stricter_rules_find_no_lead(reader: Reader) -> None:
    assert "ready-for-studio" in reader.type("stricter")


def test_the_lead_comes_as_the_tutorial_shows(reader: Reader) -> None:
    [shown] = [block.splitlines() for block in SHOWN if "pql.qualified" in block]
    [printed] = [block.strip() for block in SHOWN if block.startswith("quill C")]
    with reader.dev() as said:
        assert "  expansion-signals emit acct-1 --type com.inkwell.page.published --data '{}'" in said
        reader.type("limit.hit")
        assert _without_times(reader.watched(len(shown))) == _without_times(shown)
        assert "ready-for-studio fired" in reader.type("explain")
        assert reader.subscribed() == printed


def _without_times(lines: list[str]) -> list[str]:
    """Leave out the times of day, and with them the order: the topics are read side by side."""
    return sorted(line.split(maxsplit=1)[1] for line in lines)
