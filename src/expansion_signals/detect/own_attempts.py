"""A product's own event as an attempt on a feature, where a rule names it (semantics 1.2, 5).

rule {feature: sso, event: com.acme.paywall.shown, where: {screen: sso}, user: viewer}

com.acme.paywall.shown  {screen: sso, viewer: ada}    as `feature.attempted` {feature: sso, user: ada}
com.acme.paywall.shown  {screen: sso}                 invalid: nobody tried
com.acme.paywall.shown  {screen: home, viewer: ada}   nothing to this rule
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.dimensions import property_of
from expansion_signals.detect.gates import ATTEMPTED
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.amounts import value_text
from expansion_signals.model.names import LONGEST_NAME, is_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.events import UsageEvent
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.rules.own_events import OwnAttempts

_ALSO_KEPT = ("surface", "session")


class OwnAttempt(NamedTuple):
    """What an event is to the rules that name it: `event` is the built-in event that says the same."""

    event: UsageEvent
    named: OwnAttempts


def own_attempts(event: UsageEvent, configuration: Configuration) -> Sequence[OwnAttempt]:
    """Return what the event is an attempt on; nothing where no rule names it.

    Raises:
        RejectedRecord: `invalid_data` where the property that a rule's `user` names holds nobody.
    """
    by_properties = configuration.own_attempts.get(event.type)
    if by_properties is None:
        return ()
    return [
        _attempt(event, named)
        for names, by_values in by_properties
        for named in by_values.get(tuple(value_text(property_of(event.data, name)) for name in names), ())
    ]


def _attempt(event: UsageEvent, named: OwnAttempts) -> OwnAttempt:
    kept = {name: event.data[name] for name in _ALSO_KEPT if is_name(event.data.get(name))}
    data = {**kept, "feature": named.feature, "user": _user(event, named)}
    return OwnAttempt(event._replace(type=ATTEMPTED, data=data), named)


def _user(event: UsageEvent, named: OwnAttempts) -> str:
    value = property_of(event.data, named.events.user)
    user = None if isinstance(value, bool) else value_text(value)
    if not is_name(user):
        raise RejectedRecord(
            "invalid_data",
            f"data.{named.events.user}: rule `{named.rules[0].id}` counts who tried {named.feature} and needs "
            f"1 to {LONGEST_NAME} characters, none of them a control character",
        )
    return user
