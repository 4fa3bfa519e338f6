"""A word on a terminal while a server works; scripts see nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def waiting_for(what: str) -> AbstractContextManager[object]:
    """Show on stderr what is waited for, as long as the context is open and stderr is a terminal."""
    from contextlib import nullcontext  # noqa: PLC0415 -- `--help` answers at once

    from rich.console import Console  # noqa: PLC0415 -- the same
    from rich.text import Text  # noqa: PLC0415 -- the same

    console = Console(stderr=True)
    return console.status(Text(f"{what} ...")) if console.is_terminal else nullcontext()
