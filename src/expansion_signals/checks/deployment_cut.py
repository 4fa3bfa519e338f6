"""What the deployment in Redis says of itself, beside the settings and the topics a worker is started with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.checks.findings import error, fine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.checks.findings import Finding

_WHERE = "deployment"


def judge_cut(stands: Mapping[str, str], *, shards: int, state_format: int, people: str) -> Iterator[Finding]:
    """Yield why a state with these fields is none of a worker with this many shards and this format.

    `people` is the fingerprint of the key that hides their names, empty where none does.
    """
    if int(stands.get("shards", shards)) != shards:
        yield error(
            _WHERE,
            f"this deployment has {stands['shards']} shards, the worker was started with {shards}",
            f"the number is fixed: set EXPANSION_SIGNALS_SHARDS={stands['shards']}",
            stops=True,
        )
    if int(stands.get("format", state_format)) != state_format:
        yield error(
            _WHERE,
            f"the state in Redis has format {stands['format']}, this worker knows {state_format}",
            "run the version that wrote it, or another prefix: EXPANSION_SIGNALS_PREFIX",
            stops=True,
        )
    if stands and stands.get("people", "") != people:
        yield error(
            _WHERE,
            f"this deployment calls people {_called(stands.get('people', ''))}, the worker {_called(people)}",
            "what people are called is fixed, or everybody would be counted as somebody new: set "
            "EXPANSION_SIGNALS_USER_KEY as it was, or another prefix: EXPANSION_SIGNALS_PREFIX",
            stops=True,
        )


def _called(people: str) -> str:
    return f"by pseudonyms of the key {people[:8]}" if people else "as they come"


def judge_deployment(
    stands: Mapping[str, str], prefix: str, *, shards: int, state_format: int, people: str
) -> Iterator[Finding]:
    """Yield what is found about the deployment; without fields, no worker has ever started."""
    wrong = list(judge_cut(stands, shards=shards, state_format=state_format, people=people))
    yield from wrong
    if not stands:
        yield fine(_WHERE, f"none yet under the prefix {prefix!r}: the first worker makes it, with {shards} shards")
    elif not wrong:
        yield fine(_WHERE, f"{stands.get('shards', shards)} shards, state format {state_format}")


def judge_topic_names(stands: Mapping[str, str], names: Mapping[str, str]) -> Iterator[Finding]:
    """Yield which topics are others than those whose offsets stand here; `names` has topic → its id, or its name."""
    for topic, name in names.items():
        known = stands.get(f"topic:{topic}", name)
        if known != name:
            yield _another(topic, name, known)


def _another(topic: str, name: str, known: str) -> Finding:
    # The offsets that stand in Redis are those of another log.
    return error(
        topic,
        f"{topic} was deleted and made again: its id is {name}, the state has read {known}. What the old one held "
        "and no worker had counted is gone",
        "to count the new one from its beginning: expansion-signals worker --accept-log",
        stops=True,
    )
