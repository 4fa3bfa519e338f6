"""People behind a keyed hash, put on at the door: what is kept and published names nobody to who has not the key.

ada, with the key of a deployment      1f0e…: the first 16 bytes of HMAC-SHA256, as 32 hexadecimal digits

The same person is the same pseudonym in every event, so nothing else changes; and a product app that has the key can
tell whose trigger it is. Topics that are read, and dead letters, stay as they came.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.prompts import Prompt

PEOPLE = ("user", "member", "invitee", "recipient")
"""Properties of an event's data that name a person, in built-in types and in a product's own."""

_BYTES = 16
_NOBODY = "\0"
"""No event names anybody so."""


def pseudonyms_of(key: SecretStr | None) -> Pseudonyms | None:
    """Return the pseudonyms of the key in the settings; None where none is set."""
    return None if key is None else Pseudonyms(key.get_secret_value())


def fingerprint(pseudonyms: Pseudonyms | None) -> str:
    """Return what tells this key from another, and nothing of either; empty where people are called as they come."""
    return "" if pseudonyms is None else pseudonyms.person(_NOBODY)


class Pseudonyms:
    """The pseudonyms that one key gives."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def person(self, name: str) -> str:
        """Return what somebody of this name is called inside."""
        return hmac.digest(self._key, name.encode(), "sha256")[:_BYTES].hex()

    def event(self, event: UsageEvent) -> UsageEvent:
        """Return the event with pseudonyms in its data; a product's own event may name a person by a number."""
        named = {name: event.data[name] for name in PEOPLE if type(event.data.get(name)) in (str, int)}
        hidden = {name: self.person(str(value)) for name, value in named.items()}
        return event._replace(data={**event.data, **hidden}) if hidden else event

    def account(self, account: Account) -> Account:
        """Return the snapshot with pseudonyms for its members and for those who opted out."""
        members = None if account.members is None else [*map(self.person, account.members)]
        return account.model_copy(update={"members": members, "opted_out": [*map(self.person, account.opted_out)]})

    def prompt(self, prompt: Prompt) -> Prompt:
        """Return the report of a prompt with a pseudonym for who it was shown to."""
        return replace(prompt, user=self.person(prompt.user))
