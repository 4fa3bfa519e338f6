"""The way in: the texts of both files to the configuration in force, or to all problems at once (semantics 10.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.errors import Problem, RejectedConfiguration
from expansion_signals.rules.catalog_checks import catalog_of
from expansion_signals.rules.configuration import Configuration
from expansion_signals.rules.findings import Findings
from expansion_signals.rules.offered import Offered
from expansion_signals.rules.policy_checks import policy_of, restraints_of
from expansion_signals.rules.rule_checks import rules_of
from expansion_signals.rules.version import fingerprint_of, version_of
from expansion_signals.rules.yaml_source import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.rules.yaml_source import Document

CATALOG_FILE = "catalog.yaml"
RULES_FILE = "rules.yaml"
FILES = (CATALOG_FILE, RULES_FILE)
"""The files of a configuration, in the order in which they are read."""


def load(texts: Mapping[str, str]) -> Configuration:
    """Return the configuration that the texts (by file name) mean.

    Raises:
        RejectedConfiguration: every problem of both files, in the order of the files' lines.
    """
    missing = [Problem(name, 1, 1, "the file is missing") for name in FILES if name not in texts]
    if missing:
        raise RejectedConfiguration(missing)
    documents = {name: parse(name, texts[name]) for name in FILES}
    problems = [problem for document in documents.values() for problem in document.problems]
    catalog_findings, rules_findings = (_findings(documents[name]) for name in FILES)
    catalog = catalog_of(catalog_findings) if catalog_findings else None
    offered = Offered.of(catalog, catalog_findings) if catalog and catalog_findings else None
    book = rules_of(rules_findings, offered) if rules_findings else None
    for findings in (catalog_findings, rules_findings):
        problems.extend(findings.problems if findings else ())
    if problems or catalog is None or book is None:
        raise RejectedConfiguration(sorted(problems))
    return Configuration(
        fingerprint=fingerprint_of(catalog, book.enabled, book.policy),
        catalog=catalog,
        limit_rules=tuple(book.limit_rules),
        milestone_rules=tuple(book.milestone_rules),
        watch_rules=tuple(book.watch_rules),
        policy=policy_of(book.policy),
        restraints=restraints_of(book.enabled),
        pql_rules=tuple(book.pql_rules),
        criteria=tuple(book.criteria),
        rule_versions={rule.id: version_of(rule) for rule in book.enabled},
        copies=book.copies,
        texts={name: texts[name] for name in FILES},
        warnings=tuple(
            warning
            for findings in (catalog_findings, rules_findings)
            for warning in (findings.warnings if findings else ())
        ),
    )


def _findings(document: Document) -> Findings | None:
    return Findings(document.file, document.root) if document.root else None
