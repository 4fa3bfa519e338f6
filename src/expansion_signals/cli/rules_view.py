"""The rules in force, as `config show` tells them: what each looks at, when it fires, and what it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.cli.pql_view import document_of_pql, facets_of_pql
from expansion_signals.cli.restraints_view import restraints
from expansion_signals.model.amounts import plain
from expansion_signals.model.instants import HOUR, SECOND
from expansion_signals.rules.spellings import duration_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.rules.configuration import Configuration, MeterRule, WatchRule


class RuleView(NamedTuple):
    """One rule: `about` is its meter or feature, empty for neither; options at their default are left out."""

    id: str
    signal: str
    about: str
    at: tuple[str, ...]
    options: tuple[str, ...]


def rules_in_force(configuration: Configuration) -> Iterator[RuleView]:
    """Yield every rule that is judged."""
    for rule, signal in _judged(configuration):
        about = rule.meter or getattr(rule, "feature", None) or ""
        languages = ", ".join(configuration.copies.get(rule.id, ()))
        at, told = (str(threshold) for threshold in rule.at), [f"copy in {languages}"] if languages else []
        yield RuleView(rule.id, signal, about, tuple(at), (*_told_in(rule), *_options(rule), *told))
    for pql in configuration.pql_rules:
        yield RuleView(pql.id, "pql", "", *facets_of_pql(pql))


def document_of(configuration: Configuration) -> list[Mapping[str, Any]]:
    """Return the JSON of every rule that is judged: ages and windows in seconds, what is not said is null.

    `copy` are the languages that it writes.
    """
    judged = [_document(rule, signal) for rule, signal in _judged(configuration)]
    documents = judged + [document_of_pql(rule) for rule in configuration.pql_rules]
    return [{**each, "copy": list(configuration.copies.get(each["id"], ()))} for each in documents]


def _judged(configuration: Configuration) -> Iterator[tuple[MeterRule | WatchRule, str]]:
    for limit in configuration.limit_rules:
        yield limit, "limit_reached"
    for milestone in configuration.milestone_rules:
        yield milestone, "milestone"
    for watch in configuration.watch_rules:
        yield watch, watch.signal


def _document(rule: MeterRule | WatchRule, signal: str) -> Mapping[str, Any]:
    within, cooldown, holdout = (getattr(rule, name, None) for name in ("within", "cooldown", "holdout"))
    return {
        "id": rule.id,
        "version": rule.version,
        "signal": signal,
        "meter": rule.meter,
        "feature": getattr(rule, "feature", None),
        **_own_events(rule),
        "at": [str(threshold) for threshold in rule.at],
        "attempts": getattr(rule, "attempts", None),
        "users": getattr(rule, "users", None),
        "within": None if within is None else within // SECOND,
        "cooldown": None if cooldown is None else cooldown // SECOND,
        "conditional": rule.when is not None,
        "shadow": rule.shadow,
        "holdout": None if holdout is None else plain(holdout),
        "fire_when_added": rule.fire_when_added,
        "max_firing_age": rule.max_firing_age // SECOND,
    }


def _own_events(rule: MeterRule | WatchRule) -> Mapping[str, Any]:
    own = getattr(rule, "own", None)
    if own is None:
        return {"event": None, "where": {}, "user": None}
    return {"event": own.type, "where": dict(own.where), "user": own.user}


def _told_in(rule: MeterRule | WatchRule) -> Iterator[str]:
    own = getattr(rule, "own", None)
    if own is not None:
        only = "".join(f", {name} = {value}" for name, value in own.where)
        yield f"of {own.type}{only}, by {own.user}"


def _options(rule: MeterRule | WatchRule) -> Iterator[str]:
    for name in ("attempts", "users"):
        number = getattr(rule, name, None)
        if number is not None:
            yield f"{number} {name}"
    for name in ("within", "cooldown"):
        duration = getattr(rule, name, None)
        if duration is not None:
            yield f"{name} {duration_text(duration)}"
    if rule.max_firing_age != HOUR:
        yield f"up to {duration_text(rule.max_firing_age)} late"
    if rule.fire_when_added:
        yield "also when added"
    yield from restraints(rule)
