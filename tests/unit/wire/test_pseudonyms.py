from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.pseudonyms import Pseudonyms, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from expansion_signals.model.records import Record

KEY = "correct horse battery staple"
HIDDEN = Pseudonyms(KEY)


def expected(name: str) -> str:
    """Compute it as a product app would, in any language."""
    return hmac.new(KEY.encode(), name.encode(), hashlib.sha256).hexdigest()[:32]


@pytest.fixture
def codec() -> CloudEventsCodec:
    return CloudEventsCodec(pseudonyms=HIDDEN)


def test_a_plain_event_names_nobody(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    assert codec.usage_event(record(envelope)).data["user"] == expected("u-42")


@pytest.mark.parametrize("name", ["user", "member", "invitee", "recipient"])
def test_an_event_of_any_type_names_nobody(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any], name: str
) -> None:
    envelope |= {"type": "com.acme.opened", "data": {name: "Zoë", "value": "1.5", "nested": {}}}
    data = codec.usage_event(record(envelope)).data
    assert data == envelope["data"] | {name: expected("Zoë")} | {"value": "1.5"}


def test_a_person_named_by_a_number_is_hidden_as_its_text(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    envelope |= {"type": "com.acme.opened", "data": {"user": 42}}
    assert codec.usage_event(record(envelope)).data == {"user": expected("42")}


def test_nobody_stays_nobody(codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]) -> None:
    envelope["data"] |= {"user": None}
    assert codec.usage_event(record(envelope)).data["user"] is None


def test_a_profile_names_none_of_its_members(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    data = {"version": 1, "plan": "pro", "members": ["ada", "bob"], "opted_out": ["eve"], "owner": "dana@example.com"}
    snapshot = codec.account_update(record(envelope | {"type": "expansion.account.updated.v1", "data": data})).snapshot
    assert snapshot is not None
    assert (snapshot.members, snapshot.opted_out) == ([expected("ada"), expected("bob")], [expected("eve")])
    assert snapshot.owner == "dana@example.com"


def test_a_prompt_was_shown_to_a_pseudonym(
    codec: CloudEventsCodec, record: Callable[..., Record], envelope: dict[str, Any]
) -> None:
    shown = envelope | {"type": "expansion.prompt.shown.v1", "data": {"trigger": "t-1", "user": "ada"}}
    assert codec.prompt(record(shown)).user == expected("ada")


def test_a_fingerprint_tells_keys_apart() -> None:
    assert len({fingerprint(None), fingerprint(HIDDEN), fingerprint(Pseudonyms(KEY + "!"))}) == 3
