"""The AsyncAPI 3.1 document: every topic, what is on it, and who puts it there; made of `schemas/topics/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from expansion_signals.wire.cloudevents import STRUCTURED
from expansion_signals.wire.topic_files import Topic, topics

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGES = {"metering", "deciding"}
"""What this program does; all others are around it."""

_HEAD = "# Written by `make schemas` from topics/ and sources/; not to be edited.\n"


def asyncapi_text() -> str:
    """Return the document as YAML; it refers to the schemas beside it."""
    document = {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Expansion Signals",
            "version": "1.0.0",
            "description": (
                "Finds the moment an existing customer is ready for more, from product usage on Kafka. "
                "A deployment may put a prefix before every topic."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": STRUCTURED,
        "channels": {topic.name: _channel(topic) for topic in topics()},
        "operations": dict(operation for topic in topics() for operation in _operations(topic)),
    }
    return _HEAD + yaml.dump(document, Dumper=_Unshared, sort_keys=False, allow_unicode=True, width=120)


class _Unshared(yaml.SafeDumper):
    """Writes no anchors: equal parts are written twice."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- of none of it
        return True


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.description.strip(),
        "messages": {event_type: _message(topic, event_type) for event_type in topic.versions},
        "bindings": {
            "kafka": {"partitions": topic.partitions, "replicas": topic.replication, "bindingVersion": "0.5.0"}
        },
    }


def _message(topic: Topic, event_type: str) -> dict[str, Any]:
    envelope = "published" if STAGES.intersection(topic.producers) else "received"
    data = {"$ref": f"./{topic.versions[event_type].schema_path}"}
    return {
        "name": event_type,
        "contentType": STRUCTURED,
        "payload": {
            "allOf": [
                {"$ref": f"./envelope/{envelope}.schema.json"},
                {"type": "object", "properties": {"type": {"const": event_type}, "data": data}},
            ]
        },
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": "0.5.0"}},
    }


def _operations(topic: Topic) -> Iterator[tuple[str, dict[str, Any]]]:
    for action, others in (("receive", topic.consumers), ("send", topic.producers)):
        stages = sorted(STAGES.intersection(others))
        if stages:
            yield (
                f"{action}-{topic.name}",
                {
                    "action": action,
                    "channel": {"$ref": f"#/channels/{topic.name}"},
                    "summary": f"By {' and '.join(stages)}.",
                },
            )
