"""`import`, before any server is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import expansion_signals.local
from expansion_signals.local.redis import free_port

SAMPLE = Path(str(expansion_signals.local.__file__)).parent / "sample"
RIGHT = {"account": "acct-1", "meter": "api_calls", "day": f"{datetime.now(UTC):%Y-%m-%d}", "value": "310"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "totals.jsonl"


def run(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "expansion_signals", "import", str(file), *arguments],
        env=os.environ
        | {
            "EXPANSION_SIGNALS_CONFIG": str(SAMPLE),
            "EXPANSION_SIGNALS_KAFKA": f"127.0.0.1:{free_port()}",
            "EXPANSION_SIGNALS_REDIS": f"127.0.0.1:{free_port()}",
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_all_mistakes_are_told_with_2_in_a_form_that_editors_open(file: Path) -> None:
    file.write_text(json.dumps(RIGHT | {"meter": "api_cals"}) + "\n{\n")
    failed = run(file)
    places = [line.partition(": ")[0] for line in failed.stderr.splitlines()[:2]]
    assert (failed.returncode, places) == (2, [f"{file}:1:1", f"{file}:2:1"])


def test_mistakes_as_json_have_their_places(file: Path) -> None:
    file.write_text(json.dumps(RIGHT | {"meter": "api_cals"}))
    failed = run(file, "--json")
    assert (failed.returncode, json.loads(failed.stdout)) == (
        2,
        {
            "sent": 0,
            "problems": [
                {
                    "file": str(file),
                    "line": 1,
                    "column": 1,
                    "message": "meter: `api_cals` is not in the catalog; did you mean `api_calls`?",
                }
            ],
        },
    )


def test_a_file_that_is_not_there_is_told_with_2(file: Path) -> None:
    failed = run(file)
    assert (failed.returncode, "does not exist" in failed.stderr) == (2, True)


def test_nothing_is_sent_while_redis_cannot_be_asked(file: Path) -> None:
    file.write_text(json.dumps(RIGHT))
    failed = run(file)
    assert (failed.returncode, failed.stderr.startswith("Redis does not answer")) == (1, True)
