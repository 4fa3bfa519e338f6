"""The configurations that were ever accepted, and the versions of one rule in them."""

from __future__ import annotations

import hashlib
from datetime import UTC
from difflib import get_close_matches
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.cli.account_words import moment
from expansion_signals.cli.rule_texts import rule_texts
from expansion_signals.errors import RejectedConfiguration, RejectedSettings
from expansion_signals.model.instants import format_instant
from expansion_signals.rules.differences import differences
from expansion_signals.rules.loading import RULES_FILE, load
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.standing_deployment import standing_deployment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.settings import Settings
    from expansion_signals.state.deployment import AcceptedTexts

_HASH_DIGITS = 12


class Epoch(NamedTuple):
    """One accepted configuration; `configuration` None: this program cannot read its texts any more."""

    number: int
    accepted: AcceptedTexts
    configuration: Configuration | None
    in_force: bool


class RuleVersion(NamedTuple):
    """One version of a rule with the epochs that had it; `version` None: in these it was not there, or switched off."""

    version: str | None
    epochs: Sequence[Epoch]
    text: str | None


async def epochs(settings: Settings) -> Sequence[Epoch]:
    """Return every configuration that was accepted, the first one first.

    Raises:
        StateUnavailable: Redis does not answer.
        RejectedState: there is no such deployment.
    """
    redis = connect(settings.redis.get_secret_value())
    try:
        standing = await standing_deployment(Scripts(redis), settings.prefix)
        deployment = Deployment(redis, prefix=settings.prefix, shards=standing.shards)
        history = await deployment.history()
    finally:
        await redis.aclose()
    return [
        Epoch(number, accepted, _loaded(accepted), number == standing.epoch) for number, accepted in history.items()
    ]


def _loaded(accepted: AcceptedTexts) -> Configuration | None:
    try:
        return load(accepted.texts)
    except RejectedConfiguration:
        return None


def versions_of(rule: str, history: Sequence[Epoch]) -> Sequence[RuleVersion]:
    """Return the versions that a rule had, one after the other.

    Raises:
        RejectedSettings: no accepted configuration ever had such a rule; with the nearest that one had.
    """
    named = {name for each in history if each.configuration for name in each.configuration.rule_versions}
    if rule not in named:
        near = get_close_matches(rule, sorted(named), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there were: {', '.join(sorted(named))}"
        raise RejectedSettings(f"--rule: no accepted configuration ever had a rule {rule[:80]!r}; {hint}")
    found = []
    for version, group in groupby(history, key=lambda each: _version(rule, each)):
        of = list(group)
        texts = rule_texts(of[0].accepted.texts.get(RULES_FILE, ""))
        found.append(RuleVersion(version, of, texts.get(rule) if version else None))
    return found


def _version(rule: str, epoch: Epoch) -> str | None:
    return epoch.configuration.rule_versions.get(rule) if epoch.configuration else None


# ------------------------------------------------------------------------------------------- as text and JSON


def lines_of(history: Sequence[Epoch]) -> Iterator[str]:
    """Yield each epoch with where it came from and what it changed."""
    before: Configuration | None = None
    for each in history:
        yield f"epoch {each.number}{' (in force)' if each.in_force else ''}  {_origin(each)}"
        for name, digest in _hashes(each).items():
            yield f"  {name}  sha256 {digest[:_HASH_DIGITS]}"
        if each.configuration is None:
            yield "  this program cannot read it any more"
        else:
            yield f"  fingerprint {each.configuration.fingerprint[:_HASH_DIGITS]}"
            yield from (f"  {line}" for line in (differences(before, each.configuration) if before else ()))
            before = each.configuration


def lines_of_rule(rule: str, versions: Sequence[RuleVersion]) -> Iterator[str]:
    """Yield each version of a rule with its epochs and its text."""
    for each in versions:
        epochs_of = ", ".join(str(epoch.number) for epoch in each.epochs)
        force = " (in force)" if each.epochs[-1].in_force else ""
        version = f"version {each.version}" if each.version else "not there, or switched off"
        yield f"{rule}: {version}, epoch {epochs_of}{force}, {_origin(each.epochs[0])}"
        yield from (f"  {line}" for line in (each.text or "").splitlines())


def document_of(history: Sequence[Epoch]) -> Mapping[str, Any]:
    """Return the JSON of all epochs; `git` and `at` are null where they are not known."""
    return {"epochs": [_epoch(each) for each in history]}


def document_of_rule(rule: str, versions: Sequence[RuleVersion]) -> Mapping[str, Any]:
    """Return the JSON of a rule's versions."""
    return {
        "rule": rule,
        "versions": [
            {"version": each.version, "text": each.text, "epochs": [_epoch(epoch) for epoch in each.epochs]}
            for each in versions
        ],
    }


def _epoch(each: Epoch) -> Mapping[str, Any]:
    origin, configuration = each.accepted.origin, each.configuration
    return {
        "epoch": each.number,
        "in_force": each.in_force,
        "at": None if origin.at is None else format_instant(origin.at),
        "git": origin.revision,
        "fingerprint": configuration.fingerprint if configuration else None,
        "files": dict(_hashes(each)),
        "rules": dict(configuration.rule_versions) if configuration else None,
    }


def _hashes(each: Epoch) -> Mapping[str, str]:
    texts = sorted(each.accepted.texts.items())
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts}


def _origin(each: Epoch) -> str:
    origin = each.accepted.origin
    at = "accepted at an unknown time" if origin.at is None else f"accepted {moment(origin.at, UTC)}"
    return f"{at}, git {origin.revision[:_HASH_DIGITS]}{_dirty(origin.revision)}" if origin.revision else at


def _dirty(revision: str) -> str:
    return " and changes" if revision.endswith("-dirty") else ""
