"""Which language is shown, and which part comes from where."""

from __future__ import annotations

from typing import Any

import pytest

from expansion_signals.decide.copies import copy_for
from expansion_signals.rules.copy_fields import FIELDS
from expansion_signals.rules.copy_templates import Copies, Copy, read_template
from sample_signals import signal

ADD_ON = {"kind": "add_on", "to": "extra-api", "price": {"amount": "20.00", "currency": "USD", "per": "month"}}
DEFAULT = {
    "title": "1,250 of 1,000 calls used",
    "body": "You have used 1,250 of 1,000 calls. With more room, you can go on just as you do now.",
    "action": "See your options",
    "dismiss": "Remind me later",
    "language": "en",
}


def copies(**languages: dict[str, str]) -> Copies:
    """Return the copy of a rule; `pt_BR` stands for `pt-BR`."""
    fields = FIELDS["limit_reached"]
    return {
        language.replace("_", "-"): Copy(**{part: read_template(text, fields) for part, text in parts.items()})
        for language, parts in languages.items()
    }


def titled(*languages: str) -> Copies:
    return copies(**{language: {"title": language} for language in languages})


def shown(
    templates: Copies | None, language: str | None = None, recommended: dict[str, Any] | None = None
) -> dict[str, str]:
    return copy_for(signal("100"), templates, recommended, language)


@pytest.mark.parametrize("templates", [None, {}])
def test_without_copy_of_its_rule_a_trigger_has_the_default(templates: Copies | None) -> None:
    assert shown(templates, "de") == DEFAULT


@pytest.mark.parametrize(
    ("language", "written", "chosen"),
    [
        ("de", ("en", "de"), "de"),
        ("de-AT", ("en", "de"), "de"),
        ("de-AT", ("en", "de", "de_AT"), "de-AT"),
        ("de_AT", ("en", "de"), "de"),
        ("DE-at", ("en", "de_AT"), "de-AT"),
        ("pt-BR", ("en", "pt_BR", "pt"), "pt-BR"),
        ("zh-Hant-TW", ("en", "zh", "zh_Hant"), "zh-Hant"),
        ("de", ("en", "de_AT"), "en"),
        ("fr", ("de", "en"), "en"),
        ("fr", ("de", "it"), "de"),
        ("en-GB", ("de", "en"), "en"),
        ("en", ("de",), "de"),
        (None, ("de", "en"), "en"),
        (None, ("it", "de"), "it"),
        ("", ("it", "de"), "it"),
        ("de-" * 100_000, ("en", "de"), "de"),
        ("\u202e", ("de", "en"), "en"),
    ],
)
def test_the_language_is_the_accounts_or_the_next_best(
    language: str | None, written: tuple[str, ...], chosen: str
) -> None:
    copy = shown(titled(*written), language)
    assert (copy["language"], copy["title"]) == (chosen, chosen.replace("-", "_"))


def test_parts_that_are_not_written_are_those_of_the_default() -> None:
    assert shown(copies(de={"body": "{usage} Aufrufe"}), "de") == {**DEFAULT, "body": "1.250 Aufrufe", "language": "de"}


def test_all_four_parts_may_be_written() -> None:
    parts = {"title": "a", "body": "b", "action": "c", "dismiss": "d"}
    assert shown(copies(en=parts)) == {**parts, "language": "en"}


def test_a_part_that_names_what_is_not_known_is_that_of_the_default() -> None:
    templates = copies(de={"title": "Mehr für {price}", "action": "Dazu"})
    assert shown(templates, "de") == {**DEFAULT, "action": "Dazu", "language": "de"}


def test_a_part_that_names_what_is_known_is_filled() -> None:
    templates = copies(de={"title": "Mehr für {price}"})
    assert shown(templates, "de", ADD_ON)["title"] == "Mehr für 20,00 USD im Monat"


def test_copy_that_is_the_defaults_in_all_its_parts_says_so() -> None:
    assert shown(copies(de={"title": "Mehr für {price}"}), "de") == DEFAULT
