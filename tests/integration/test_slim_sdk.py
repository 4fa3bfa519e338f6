"""The SDK as a distribution of its own: what is in it, how large it is, and that it needs kafka-python alone."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LARGEST = 1_000_000
OTHERS = ("kafka", "crc32c")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sdk")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    built = subprocess.run(build, cwd=ROOT / "sdk", capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    [wheel] = out.glob("*.whl")
    return wheel


def test_it_is_below_a_megabyte(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert sum(each.file_size for each in archive.infolist()) < LARGEST


def test_it_has_the_version_of_the_program(wheel: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert wheel.name.startswith(f"expansion_signals_sdk-{version}-")


def test_it_asks_for_what_the_program_asks_for() -> None:
    ours, whole = (
        tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]["dependencies"]
        for folder in ("sdk", "")
    )
    assert set(ours) <= set(whole)


def test_emitter_and_subscriber_run_where_only_kafka_python_is_installed(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    for name in OTHERS:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        (installed / name).symlink_to(Path(found.origin).parent)
    program = f"""
import sys
sys.path.insert(0, {str(installed)!r})
from expansion_signals.sdk import Emitter, Subscriber
Subscriber("127.0.0.1:1", group="mailer", topics=["expansion-limit-reached"]).close()
emit = Emitter("127.0.0.1:1", source="/apps/web", spool={str(tmp_path / "spool")!r}, strict=True)
emit.usage("acct-1", meter="api_calls", value=1, user="u-42")
emit.close(0)
print(emit.counts["spooled"])
"""
    # Isolated, and without the packages of this environment: what is not beside the wheel's files cannot be imported.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("1\n", 0), done.stderr
