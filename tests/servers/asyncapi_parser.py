"""The official AsyncAPI parser: installed once by npm, as asyncapi/package-lock.json pins it, kept for later runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from servers.absence import ServerAbsentError
from servers.kafka_jars import cache

PINNED = Path(__file__).with_name("asyncapi")


class AsyncApiParser:
    """Parses documents; its first use on a machine fetches it.

    Raises:
        ServerAbsentError: no node or npm, or npm could not fetch it.
    """

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise ServerAbsentError("there is no node to run the AsyncAPI parser")
        self._node = node
        self._installed = cache() / f"asyncapi-parser-{parser_version()}"
        if not self._installed.is_dir():
            _install(self._installed)

    def findings(self, document: Path) -> list[dict[str, Any]]:
        """Return all that is wrong with a document, and with the files that it refers to."""
        command = [self._node, str(PINNED / "check.mjs"), str(self._installed), str(document)]
        said = subprocess.run(command, capture_output=True, text=True, check=True)
        found: list[dict[str, Any]] = json.loads(said.stdout)
        return found


def parser_version() -> str:
    """The version that package.json names: the one place that does."""
    version: str = json.loads((PINNED / "package.json").read_text())["dependencies"]["@asyncapi/parser"]
    return version


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ServerAbsentError("the AsyncAPI parser is not cached, and there is no npm to fetch it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Fetched aside and moved into place whole: a run that was cut short, or a second run, never sees half a folder.
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        aside = Path(temporary, "parser")
        shutil.copytree(PINNED, aside)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(aside)]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False)
        if fetched.returncode != 0:
            raise ServerAbsentError(f"npm could not fetch the AsyncAPI parser:\n{fetched.stderr[-2000:]}")
        if not folder.is_dir():
            aside.rename(folder)
