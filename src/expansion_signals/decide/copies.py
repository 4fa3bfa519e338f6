"""What to show with a trigger: the rule's copy in the account's language, or the default in English.

account's language   the rule writes   shown
de-AT                en, de            de
pt-BR                en, pt-BR, pt     pt-BR
fr                   de, en            en
fr                   de, it            de: its first
fr                   nothing           the default, en
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.decide.copy_values import values_of
from expansion_signals.decide.default_copies import DEFAULTS
from expansion_signals.decide.offered import offered_by

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.copy_templates import Copies, Template

DEFAULT_LANGUAGE = "en"

_LONGEST_TAG = 64
"""Characters of an account's language that are looked at: profiles may say anything."""


def copy_for(
    signal: Signal, templates: Copies | None, recommendation: Mapping[str, Any] | None, language: str | None
) -> dict[str, str]:
    """Return `title`, `body`, `action`, `dismiss` and the `language` they are in, for a signal of a kind that fires.

    `templates` is the copy of the signal's rule, `recommendation` the document of the interface, with a `quantity` and
    what is gained (`gain`) where they are known, `language` the account's. Of a tag that the rule does not write, its
    beginning counts: `zh-Hant-TW`, `zh-Hant`, `zh`.

    A part that the rule does not write in the chosen language, or that names a field without a value now, is that of
    the default copy. That has a wording that needs no field, so every part is always there, and none ever has a gap
    or `None` in it. `language` is the chosen one, or `en` where all four parts are the default's.

    Each part is one line of plain text. What stands in a value cannot leave it, nor be read as a template
    (`decide/plain_text.py`); HTML is for whoever writes it to escape.
    """
    offered = offered_by(signal, recommendation)
    chosen, own = _own(signal, templates, offered, language or "") if templates else (DEFAULT_LANGUAGE, {})
    return {**_default(signal, offered, own.keys()), **own, "language": chosen if own else DEFAULT_LANGUAGE}


def _own(signal: Signal, templates: Copies, offered: Mapping[str, Any], language: str) -> tuple[str, Mapping[str, str]]:
    """Return the language that is shown, and those parts that the rule writes in it."""
    chosen = _chosen(templates, language)
    values = values_of(signal, offered, chosen)
    filled = {part: template.filled(values) for part, template in templates[chosen]._asdict().items() if template}
    return chosen, {part: text for part, text in filled.items() if text is not None}


def _chosen(templates: Copies, language: str) -> str:
    """Return the language that is shown, as the rule writes it."""
    written = {each.lower(): each for each in templates}
    parts = language[:_LONGEST_TAG].lower().replace("_", "-").split("-")
    wanted = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((written[tag] for tag in (*wanted, DEFAULT_LANGUAGE) if tag in written), next(iter(templates)))


def _default(signal: Signal, offered: Mapping[str, Any], written: Collection[str]) -> dict[str, str]:
    """Return the default copy, without words in the parts that the rule has `written` itself."""
    default = DEFAULTS[signal.type]
    values = values_of(signal, offered, DEFAULT_LANGUAGE)
    offer = None if {"body", "action"} <= set(written) else default.offers.get(offered.get("kind", ""))
    said = _first(offer.said, values) if offer else ""
    body = () if "body" in written else (_first(default.bodies, values), said or default.otherwise)
    return {
        "title": "" if "title" in written else _first(default.titles, values),
        "body": " ".join(text for text in body if text),
        "action": offer.action if offer and said else default.action,
        "dismiss": default.dismiss,
    }


def _first(templates: Iterable[Template], values: Mapping[str, str]) -> str:
    """Return the first that can be filled; nothing where none can."""
    texts = (template.filled(values) for template in templates)
    return next((text for text in texts if text is not None), "")
