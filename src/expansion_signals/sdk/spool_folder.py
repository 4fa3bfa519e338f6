"""Where the spool is when nobody says: where programs of this user keep what must outlive them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from expansion_signals.model.identities import identity_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME_DIGITS = 16


def default_folder(servers: str, prefix: str) -> Path | None:
    """Return a folder of this user that can be written to; None where there is none.

    It is one for these brokers and this prefix: events that wait for one cluster never go to another.
    """
    name = identity_of(servers, prefix)[:_NAME_DIGITS]
    return next((folder for base in _bases() if can_write(folder := base / "expansion-signals" / "spool" / name)), None)


def can_write(folder: Path) -> bool:
    """Say whether the folder is there, made if need be, and takes files of ours."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _bases() -> Iterator[Path]:
    state, home = os.environ.get("XDG_STATE_HOME"), os.environ.get("HOME")
    if state or home:
        yield Path(state) if state else Path(home or "", ".local/state")
    # A service in a container often has no home that it may write to. Where everybody writes, somebody else may have
    # made a folder of this name.
    shared = Path(tempfile.gettempdir(), f"expansion-signals-{os.getuid()}")
    if can_write(shared) and shared.stat().st_uid == os.getuid():
        yield shared
