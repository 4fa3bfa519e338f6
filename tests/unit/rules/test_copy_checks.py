"""Copy in `rules.yaml`: what it becomes, and what is said of a mistake, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import RejectedConfiguration
from expansion_signals.rules.copy_fields import FIELDS
from expansion_signals.rules.loading import load
from expansion_signals.rules.rules_file import SHAPES

if TYPE_CHECKING:
    from expansion_signals.rules.configuration import Configuration

CATALOG = """\
currency: USD
meters: {calls: {event: com.acme.called, aggregation: sum, value: value, unit: call}}
features: {calls: {meter: calls}}
plans: [{key: free, price: "0", includes: {calls: {limit: 1000}}}]
"""


LIMIT_REACHED = "signal: limit_reached\n    meter: calls\n    at: [80%]"
DISABLED = "signal: seat_limit_invited\n    enabled: false"
PLACE = "rules.yaml:2:"
"""Of the rule's copy; what stands first in it has column 11."""


def loaded(copy: str, *, rule: str = LIMIT_REACHED) -> Configuration:
    rules = f"rules:\n  - copy: {copy}\n    id: a\n    {rule}\n"
    return load({"catalog.yaml": CATALOG, "rules.yaml": rules})


def problems(copy: str, **changes: str) -> list[str]:
    with pytest.raises(RejectedConfiguration) as rejected:
        loaded(copy, **changes)
    return [str(problem) for problem in rejected.value.problems]


def test_the_copy_of_a_rule_stands_by_its_id_and_language() -> None:
    configuration = loaded('{en: {title: "{usage} used"}, pt-BR: {body: Olá}}')
    [(rule, copies)] = configuration.copies.items()
    assert (rule, list(copies), configuration.warnings) == ("a", ["en", "pt-BR"], ())


def test_a_part_that_is_not_written_is_none() -> None:
    copy = loaded("{en: {title: Nearly there}}").copies["a"]["en"]
    assert [part for part, template in copy._asdict().items() if template is not None] == ["title"]


@pytest.mark.parametrize("copy", ["{}", "null"])
def test_a_rule_without_copy_has_none(copy: str) -> None:
    assert loaded(copy).copies == {}


def test_the_copy_of_a_disabled_rule_is_left_out() -> None:
    assert loaded("{en: {title: x}}", rule=DISABLED).copies == {}


@pytest.mark.parametrize(
    ("copy", "said"),
    [
        ('{en: {title: "{usge} used"}}', ["24: unknown field `usge` at character 2; did you mean `usage`?"]),
        ('{en: {title: x, body: "a {"}}', ["33: lone `{` at character 3; a brace itself is written `{{`"]),
        ("{en: {action: ''}}", ["25: expected text; where it is left out, the default copy is shown"]),
        ("{en: {action: 7}}", ["25: expected text (put quotes around a number), got `7`"]),
        ("{english: {title: x}}", ["12: expected a language such as `en`, `de` or `pt-BR`, got `english`"]),
        ("{en: {title: x}, EN: {title: y}}", ["28: the language `EN` stands twice"]),
        (
            '{en: {title: "{a}"}, de: {title: "}"}}',
            ["24: unknown field `a` at character 2; expected one of", "44: lone `}` at character 1"],
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(copy: str, said: list[str]) -> None:
    found = problems(copy)
    assert [line[: len(PLACE + each)] for line, each in zip(found, said, strict=True)] == [
        PLACE + each for each in said
    ]


def test_a_field_of_another_signal_is_a_mistake() -> None:
    [problem] = problems('{en: {title: "{limit}"}}', rule="signal: seat_limit_invited")
    assert problem.startswith(f"{PLACE}24: unknown field `limit` at character 2; expected one of `used`, `pending`")


def test_the_copy_of_a_disabled_rule_is_checked() -> None:
    assert len(problems('{en: {title: "{usge}"}}', rule=DISABLED)) == 1


def test_a_field_in_doubled_braces_is_a_warning() -> None:
    assert loaded('{en: {title: "{{usage}} of {{your}} calls, {limit}"}}').warnings == (
        "rules.yaml:2: `{{usage}}` shows `{usage}` as it stands; to fill in the field, write single braces",
    )


def test_copy_that_nothing_shows_is_a_warning() -> None:
    assert loaded("{en: {title: x}}", rule="signal: limit_hit").warnings == (
        "rules.yaml:2: rule `a`: limit_hit is a signal only; nothing shows its copy",
    )


@pytest.mark.parametrize(
    ("copy", "is_another"),
    [
        ("{de: {body: y}, en: {title: x}}", False),
        ("{en: {title: x}, de: {body: z}}", True),
        ("{en: {title: x}}", True),
        ("{}", True),
    ],
)
def test_the_version_of_a_rule_covers_what_its_copy_says(copy: str, is_another: bool) -> None:  # noqa: FBT001 -- a column
    version = loaded("{en: {title: x}, de: {body: y}}").rule_versions["a"]
    assert (loaded(copy).rule_versions["a"] != version) is is_another


def test_every_signal_of_the_language_has_its_fields() -> None:
    assert FIELDS.keys() == SHAPES.keys()
