"""The configuration that EXPANSION_SIGNALS_CONFIG names, for what does well with it and does without."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expansion_signals.rules.configuration import Configuration


def configuration_at_hand() -> Configuration | None:
    """Return it; None where it is not on this machine, or is wrong: `config check` says how."""
    from expansion_signals.configuration_files import load_directory  # noqa: PLC0415 -- `--help` answers at once
    from expansion_signals.errors import Rejected  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    try:
        return load_directory(load_settings().config)
    except Rejected:
        return None
