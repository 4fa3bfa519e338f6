"""What a rule's `copy` means: each part read with the fields of the rule's signal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expansion_signals.model.kinds import KINDS
from expansion_signals.rules.copy_fields import FIELDS
from expansion_signals.rules.copy_templates import Copy, read_template

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from expansion_signals.rules.copy_templates import Copies, Template
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.rules_file import CopyShape, RuleShape
    from expansion_signals.rules.yaml_source import Path

_IN_BRACES = re.compile(r"\{(\w+)\}")

_FIRING = frozenset(kind.rule for kind in KINDS.values() if kind.fires)


def copies_of(shape: RuleShape, path: Path, findings: Findings) -> Copies:
    """Return the copy of a rule by language, empty where it has none; each part that is wrong is reported."""
    languages = shape.copy_ or {}
    at = (*path, "copy")
    if languages and shape.signal not in _FIRING:
        findings.warn(at, f"rule `{shape.id}`: {shape.signal} is a signal only; nothing shows its copy")
    copies: dict[str, Copy] = {}
    for language, written in languages.items():
        if language.lower() in map(str.lower, copies):
            findings.at_key((*at, language), f"the language `{language}` stands twice")
        copies[language] = _copy(written, shape.signal, (*at, language), findings)
    return copies


def _copy(written: CopyShape, signal: str, path: Path, findings: Findings) -> Copy:
    parts: dict[str, Template] = {}
    for part, text in written.model_dump(exclude_none=True).items():
        try:
            parts[part] = read_template(text, FIELDS[signal])
        except ValueError as error:
            findings.at((*path, part), str(error))
    _warn_of_braces(parts, FIELDS[signal], path, findings)
    return Copy(**parts)


def _warn_of_braces(parts: Mapping[str, Template], fields: Collection[str], path: Path, findings: Findings) -> None:
    """Say which fields stand in doubled braces, as other template languages have it: they are not filled in."""
    for part, template in parts.items():
        for found in _IN_BRACES.finditer("".join(template.texts)):
            if found[1] in fields:
                said = f"shows `{found[0]}` as it stands; to fill in the field, write single braces"
                findings.warn((*path, part), f"`{{{found[0]}}}` {said}")
