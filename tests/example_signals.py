"""The valid examples of signals in `schemas/examples`, read as deciding reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expansion_signals.model.instants import parse_instant
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.records import Record
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.schema_files import schema_files

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal

NOW = parse_instant("2026-11-22T10:00:01Z")

SIGNALS = sorted(
    path
    for path in (Path(str(schema_files())) / "examples/expansion-signals").glob("*/1/*.json")
    if path.parts[-3].removeprefix("signal.") in KINDS
)
"""Those of every kind that a rule finds."""

FIRING = [path for path in SIGNALS if KINDS[path.parts[-3].removeprefix("signal.")].fires]
"""Those that are decided."""


def name(path: Path) -> str:
    """Return an example as the test report should call it."""
    return f"{path.parts[-3]}/{path.stem}"


def read(path: Path) -> Signal:
    return CloudEventsCodec().read_signal(Record("expansion-signals", 0, 0, None, path.read_bytes(), (), NOW))
