"""`make release-schemas`: record what the schemas say, as what this version promises; never over a broken promise."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from released_schemas import RELEASED, promised_now, promised_then, text
from schema_breaks import breaks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def broken(folder: Path = RELEASED) -> Sequence[str]:
    """Return a line for each promise of the record that the schemas of today break."""
    now = promised_now()
    return [said for topic, record in promised_then(folder).items() for said in breaks(record, now.get(topic, {}))]


def release(folder: Path = RELEASED) -> Sequence[str]:
    """Write the record, or return what is broken and write nothing."""
    found = broken(folder)
    if not found:
        folder.mkdir(exist_ok=True)
        for topic, record in promised_now().items():
            (folder / f"{topic}.yaml").write_text(text(record), encoding="utf-8")
    return found


if __name__ == "__main__":
    found = release()
    if found:
        sys.exit(
            "\n".join(
                [*found, "Such a change is a new version of the type (docs/decisions/0024); nothing is recorded."]
            )
        )
