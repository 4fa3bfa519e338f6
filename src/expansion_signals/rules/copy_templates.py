"""Copy as rules write it: for each language four templates, text with fields in braces.

template := (text | "{" field "}" | "{{" | "}}")*

`{usage}` is the value of the field `usage`, `{{` and `}}` are braces. There is nothing else: no format, no attribute,
no index; and a value is never read as a template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeAlias

from expansion_signals.rules.findings import meant, shown
from expansion_signals.rules.spellings import read_by

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LONGEST = 1_000
"""Characters that one template may have."""

_TOKEN = re.compile(r"(?P<text>[^{}]+)|(?P<brace>\{\{|\}\})|\{(?P<field>[^{}]*)\}")
_GAP = re.compile("[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it is read: `texts` and `fields` in turn, with text at both ends."""

    texts: tuple[str, ...]
    fields: tuple[str, ...]

    def filled(self, values: Mapping[str, str]) -> str | None:
        """Return the text with the values of its fields; None where one of them has no value."""
        parts = [self.texts[0]]
        for field, text in zip(self.fields, self.texts[1:], strict=True):
            value = values.get(field)
            if value is None:
                return None
            parts += (value, text)
        return "".join(parts)


class Copy(NamedTuple):
    """What to show, in one language; a part that is None was not written."""

    title: Template | None = None
    body: Template | None = None
    action: Template | None = None
    dismiss: Template | None = None


Copies: TypeAlias = "Mapping[str, Copy]"
"""A rule's copy by language, each as the rule writes it (`pt-BR`), in the order of the file."""


def read_template(text: str, fields: Collection[str]) -> Template:
    """Read a template that may name these fields; line breaks and runs of spaces become one space.

    Raises:
        ValueError: a field that is none of these, a brace without its partner, nothing but space, more than `LONGEST`
            characters, or a control character. The message says at which character of the text as written.
    """
    if len(text) > LONGEST:
        raise ValueError(f"expected at most {LONGEST:,} characters, got {len(text):,}")
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        raise ValueError(f"no text: {unprintable[0]!r} at character {unprintable.start() + 1}")
    if not _GAP.sub("", text):
        raise ValueError("expected text; where it is left out, the default copy is shown")
    texts, named = [""], list[str]()
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            brace = text[position]
            raise ValueError(f"lone `{brace}` at character {position + 1}; a brace itself is written `{brace * 2}`")
        if token["field"] is None:
            texts[-1] += token["text"] or token["brace"][0]
        elif token["field"] in fields:
            named.append(token["field"])
            texts.append("")
        else:
            field = token["field"]
            raise ValueError(f"unknown field {shown(field)} at character {position + 2}{meant(field, fields)}")
        position = token.end()
    return Template(_on_one_line(texts), tuple(named))


def read_language(value: object) -> str:
    """Read a language tag, `en` or `pt-BR`, as it is written.

    Raises:
        ValueError: not of the form of BCP 47: two or three letters, then parts behind hyphens.
    """
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise ValueError(f"expected a language such as `en`, `de` or `pt-BR`, got {shown(value)}")
    return value


Language = Annotated[str, read_by(read_language)]


def _on_one_line(texts: list[str]) -> tuple[str, ...]:
    line = [_GAP.sub(" ", text) for text in texts]
    line[0] = line[0].lstrip(" ")
    line[-1] = line[-1].rstrip(" ")
    return tuple(line)
