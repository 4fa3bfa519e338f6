"""The official AsyncAPI parser, which npm fetches once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from servers.npm_packages import installed, node

PINNED = Path(__file__).with_name("asyncapi")


class AsyncApiParser:
    """Parses documents; its first use on a machine fetches it.

    Raises:
        ServerAbsentError: no node or npm, or npm could not fetch it.
    """

    def __init__(self) -> None:
        self._node = node()
        self._installed = installed(PINNED)

    def findings(self, document: Path) -> list[dict[str, Any]]:
        """Return all that is wrong with a document, and with the files that it refers to."""
        command = [self._node, str(PINNED / "check.mjs"), str(self._installed), str(document)]
        said = subprocess.run(command, capture_output=True, text=True, check=True)
        found: list[dict[str, Any]] = json.loads(said.stdout)
        return found
