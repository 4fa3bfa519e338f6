"""What a rule's `copy` means: each part read with the fields of the rule's signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.kinds import KINDS
from expansion_signals.rules.copy_fields import FIELDS
from expansion_signals.rules.copy_templates import Copy, read_template

if TYPE_CHECKING:
    from expansion_signals.rules.copy_templates import Copies, Template
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.rules_file import CopyShape, RuleShape
    from expansion_signals.rules.yaml_source import Path

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
    return Copy(**parts)
