"""What is committed works anywhere: it names no machine of ours, and no registry to fetch from."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTED = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
TRACKED = [ROOT / name for name in LISTED.split("\0") if name and (ROOT / name).is_file()]

REGISTRY = re.compile(
    r"\b(pypi|pythonhosted|npmjs|yarnpkg|crates|rubygems)\.(org|com|io|python\.org)\b"
    r"|\brepo1?\.maven\.|\b(proxy|sum)\.golang\.|\bdeb\.debian\.|--(extra-)?index-url[ =]\S+:"
)
MACHINE_PATH = re.compile(r"(?<![\w.*}-])/(work|root|home|Users)/\w|(?<!\w)/tmp/(pre|brief)\b|(?<!\w)/opt/[w]heels\b")


@pytest.mark.parametrize("pattern", [REGISTRY, MACHINE_PATH], ids=["registry", "machine"])
def test_no_tracked_file_names_a_registry_or_a_path_of_one_machine(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in TRACKED
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_every_package_of_the_lock_has_a_hash() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        entries = re.split(r"\n(?=\S)", lock.read_text())
        assert [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []
