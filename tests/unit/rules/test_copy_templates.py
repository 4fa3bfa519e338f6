from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.rules.copy_templates import LONGEST, read_language, read_template

FIELDS = ("usage", "limit", "plan")
VALUES = {"usage": "800", "limit": "1,000", "plan": "{usage}"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Nearly there", "Nearly there"),
        ("{usage} of {limit}", "800 of 1,000"),
        ("{usage}{limit}", "8001,000"),
        ("{usage}, {usage}", "800, 800"),
        ("{{usage}}", "{usage}"),
        ("{{{usage}}}", "{800}"),
        ("}}{{", "}{"),
        ("100 % {{of}} {limit}", "100 % {of} 1,000"),
        ("on {plan}", "on {usage}"),
        ("  Nearly\n  there,\r\n{usage}\u2028 used \n", "Nearly there, 800 used"),
        ("50\xa0% von {limit}", "50\xa0% von 1,000"),
        ("{usage} \n {limit}", "800 1,000"),
    ],
)
def test_a_template_is_filled(text: str, filled: str) -> None:
    assert read_template(text, FIELDS).filled(VALUES) == filled


def test_a_template_with_a_field_that_has_no_value_is_not_filled() -> None:
    assert read_template("{usage} on {plan}", FIELDS).filled({"usage": "800"}) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("You used {usge}", "unknown field `usge` at character 11; did you mean `usage`?"),
        ("{nothing}", "unknown field `nothing` at character 2; expected one of `usage`, `limit`, `plan`"),
        ("{usage:,}", "unknown field `usage:,` at character 2; did you mean `usage`?"),
        ("{usage!r}", "unknown field `usage!r` at character 2; did you mean `usage`?"),
        ("{plan.__class__}", "unknown field `plan.__class__` at character 2; expected one of"),
        ("{usage[0]}", "unknown field `usage[0]` at character 2; did you mean `usage`?"),
        ("{ usage }", "unknown field ` usage ` at character 2; did you mean `usage`?"),
        ("{}", "unknown field `` at character 2; expected one of"),
        ("a { b", "lone `{` at character 3; a brace itself is written `{{`"),
        ("a } b", "lone `}` at character 3; a brace itself is written `}}`"),
        ("{usage", "lone `{` at character 1"),
        ("{{usage}", "lone `}` at character 8"),
        ("{a{usage}", "lone `{` at character 1"),
        ("", "expected text; where it is left out, the default copy is shown"),
        (" \n ", "expected text; where it is left out, the default copy is shown"),
        ("a\x1bb", "no text: '\\x1b' at character 2"),
        ("a\ud800", "no text: '\\ud800' at character 2"),
        ("a" * 1_001, "expected at most 1,000 characters, got 1,001"),
    ],
)
def test_what_is_no_template_says_where_and_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 -- the message is the claim below
        read_template(text, FIELDS)
    assert str(raised.value).startswith(message)


@given(st.text(st.one_of(st.sampled_from("{}usage \n"), st.characters())))
def test_any_text_is_a_template_or_a_mistake(text: str) -> None:
    try:
        template = read_template(text, FIELDS)
    except ValueError:
        return
    assert len(template.texts) == len(template.fields) + 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1, max_size=80))
def test_text_whose_braces_are_doubled_is_shown_as_it_stood(text: str) -> None:
    assert read_template(text.replace("{", "{{").replace("}", "}}"), FIELDS).filled({}) == text


@pytest.mark.parametrize(
    "text", ["{" * LONGEST, "{a" * (LONGEST // 2), "}}" * (LONGEST // 2), "{" + "a" * (LONGEST - 2) + "}"]
)
def test_no_template_takes_long_to_read(text: str) -> None:
    started = process_time()
    with suppress(ValueError):
        read_template(text, [f"field_{number}" for number in range(100)])
    assert process_time() - started < 1


@pytest.mark.parametrize("language", ["en", "de", "pt-BR", "zh-Hant-TW", "es-419", "fil"])
def test_a_language_is_read_as_it_is_written(language: str) -> None:
    assert read_language(language) == language


@pytest.mark.parametrize("language", ["", "e", "english", "en_US", "en-", "-en", "en US", "de-überall", 7, None])
def test_what_is_no_language_is_refused(language: object) -> None:
    with pytest.raises(ValueError, match="expected a language such as `en`, `de` or `pt-BR`, got"):
        read_language(language)
