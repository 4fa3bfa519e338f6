"""A dead letter as scripts see it: JSON, instants as RFC 3339."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from expansion_signals.model.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.cli.dead_letter import Letter


def line_of(document: Mapping[str, Any]) -> str:
    """Return a document as one line of ASCII: what strangers sent may hold what a terminal obeys."""
    return json.dumps(document)


def summary_of(letter: Letter, prefix: str) -> Mapping[str, Any]:
    """Return where a letter and its record stand, the cause, and how large it is; `unreadable` where it is none."""
    record, cause = letter.record, letter.cause
    document: dict[str, Any] = {
        "topic": prefix + record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "account": letter.account,
        "bytes": 0 if record.value is None else len(record.value),
    }
    if cause is None:
        return {**document, "unreadable": letter.unreadable}
    return {
        **document,
        "code": cause.code,
        "message": cause.message,
        "from": {"topic": cause.topic, "partition": cause.partition, "offset": cause.offset},
        "first_failed_at": format_instant(cause.first_failed),
        "last_failed_at": format_instant(cause.last_failed),
        "attempts": cause.attempts,
        "truncated": cause.truncated,
    }


def document_of(letter: Letter, prefix: str) -> Mapping[str, Any]:
    """Return all of a letter: beside the summary its key, headers and value, each as text or in base64."""
    record = letter.record
    return {
        **summary_of(letter, prefix),
        **_content("key", record.key),
        "headers": [{"name": name, **_content("value", value)} for name, value in record.headers],
        **_content("value", record.value),
    }


def _content(name: str, content: bytes | None) -> Mapping[str, str | None]:
    """Return bytes as text, or where they are no UTF-8 in base64 under another name."""
    if content is None:
        return {name: None}
    try:
        return {name: content.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": b64encode(content).decode()}
