"""Packages of npm: installed once, as the package-lock.json of a folder pins them, kept for every later run."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from servers.absence import ServerAbsentError
from servers.kafka_jars import cache


def node() -> str:
    """The program that runs them.

    Raises:
        ServerAbsentError: there is none.
    """
    found = shutil.which("node")
    if found is None:
        raise ServerAbsentError("there is no node on PATH")
    return found


def installed(pinned: Path) -> Path:
    """The folder where what `pinned` names is installed, fetched first if this machine has never had this version.

    Raises:
        ServerAbsentError: no npm, or it could not fetch it.
    """
    [(package, version)] = json.loads((pinned / "package.json").read_text())["dependencies"].items()
    folder = cache() / f"{package.removeprefix('@').replace('/', '-')}-{version}"
    if not folder.is_dir():
        _install(pinned, folder)
    return folder


def _install(pinned: Path, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ServerAbsentError(f"{folder.name} is not cached, and there is no npm to fetch it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Fetched aside and moved into place whole: a run that was cut short, or a second run, never sees half a folder.
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        aside = Path(temporary, "packages")
        shutil.copytree(pinned, aside)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(aside)]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False)
        if fetched.returncode != 0:
            raise ServerAbsentError(f"npm could not fetch {folder.name}:\n{fetched.stderr[-2000:]}")
        if not folder.is_dir():
            aside.rename(folder)
