"""Events of a product that rules name in place of the built-in ones (semantics 1.2), found by what they hold.

{feature: sso,       event: com.acme.paywall.shown, where: {screen: sso}}
{feature: audit_log, event: com.acme.paywall.shown, where: {screen: audit}}

com.acme.paywall.shown   by `screen`   sso -> the first, audit -> the second
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from expansion_signals.model.identities import identity_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.rules.configuration import WatchRule


class OwnEvents(NamedTuple):
    """Events of one type whose data has these texts, by property; `user` is the property that says who it was."""

    type: str
    where: tuple[tuple[str, str], ...] = ()
    user: str = "user"

    @property
    def key(self) -> str:
        """What tells them from others: 12 hexadecimal digits."""
        # As JSON, which escapes what separates the parts of an identity.
        return identity_of("own_events", json.dumps(self))[:12]


class OwnAttempts(NamedTuple):
    """Own events that are attempts on a feature, and the rules that say so: these share what is counted."""

    feature: str
    events: OwnEvents
    rules: Sequence[WatchRule]


ByValues: TypeAlias = "tuple[tuple[str, ...], Mapping[tuple[str | None, ...], Sequence[OwnAttempts]]]"
"""Properties that are looked at, and what is meant by the texts they may have."""


def attempts_by_type(rules: Iterable[WatchRule]) -> Mapping[str, Sequence[ByValues]]:
    """Return the attempts that rules name, by event type.

    An event is looked up once for each choice of properties that `where` makes, however many rules there are.
    """
    sharing: defaultdict[tuple[str, OwnEvents], list[WatchRule]] = defaultdict(list)
    for rule in rules:
        if rule.own is not None and rule.feature is not None:
            sharing[rule.feature, rule.own].append(rule)
    index: dict[str, dict[tuple[str, ...], dict[tuple[str | None, ...], list[OwnAttempts]]]] = {}
    for (feature, own), of in sharing.items():
        names, values = tuple(name for name, _ in own.where), tuple(value for _, value in own.where)
        by_values = index.setdefault(own.type, {}).setdefault(names, {})
        by_values.setdefault(values, []).append(OwnAttempts(feature, own, of))
    return {event_type: list(by_names.items()) for event_type, by_names in index.items()}
