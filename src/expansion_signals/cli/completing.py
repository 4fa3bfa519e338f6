"""What a shell offers for the value of an option: names of the catalog and the rules, types, codes and topics.

Somebody is typing a command: where the files are missing or wrong nothing is offered. `config check` says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from expansion_signals.cli.configuration_at_hand import configuration_at_hand

if TYPE_CHECKING:
    from collections.abc import Iterable


def meters(incomplete: str) -> list[str]:
    """Return the meters of the catalog that EXPANSION_SIGNALS_CONFIG names."""
    configuration = configuration_at_hand()
    return _beginning(incomplete, configuration.catalog.meters) if configuration else []


def rules(incomplete: str) -> list[str]:
    """Return the rules of the same directory."""
    configuration = configuration_at_hand()
    return _beginning(incomplete, configuration.rule_versions) if configuration else []


def event_types(incomplete: str) -> list[str]:
    """Return the types of events that are taken in: our own, and those that meters of the catalog count."""
    from expansion_signals.model.events import ACCOUNT_UPDATED  # noqa: PLC0415 -- only a shell waits for it
    from expansion_signals.wire.contracts import BUILT_IN_TYPES  # noqa: PLC0415 -- the same

    configuration = configuration_at_hand()
    counted = [meter.event for meter in configuration.catalog.meters.values()] if configuration else []
    return _beginning(incomplete, {*BUILT_IN_TYPES, ACCOUNT_UPDATED, *counted})


def trigger_types(incomplete: str) -> list[str]:
    """Return the short names of the types that triggers have."""
    from expansion_signals.model.kinds import KINDS  # noqa: PLC0415 -- only a shell waits for it

    return _beginning(incomplete, (kind.type for kind in KINDS.values() if kind.fires))


def dead_letter_codes(incomplete: str) -> list[str]:
    """Return the codes that dead letters have."""
    from expansion_signals.errors import DeadLetterCode  # noqa: PLC0415 -- only a shell waits for it

    return _beginning(incomplete, get_args(DeadLetterCode))


def topics_read(incomplete: str) -> list[str]:
    """Return the topics that dead letters come from, without a deployment's prefix."""
    from expansion_signals.cli.replaying import READ  # noqa: PLC0415 -- only a shell waits for it

    return _beginning(incomplete, READ)


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
