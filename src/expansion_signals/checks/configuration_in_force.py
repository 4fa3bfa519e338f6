"""The files of the configuration beside the epoch in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.checks.findings import error, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.checks.findings import Finding
    from expansion_signals.errors import Problem


def judge_problems(problems: Sequence[Problem]) -> Iterator[Finding]:
    """Yield what keeps the files from taking effect."""
    for problem in problems:
        where = f"{problem.file}:{problem.line}:{problem.column}"
        yield error(where, problem.message, "mend it, then: expansion-signals config check")


def judge_files(directory: str, warnings: Sequence[str]) -> Iterator[Finding]:
    """Yield what is found about files that can take effect."""
    yield fine(directory, "catalog and rules are valid")
    for told in warnings:
        yield warning(directory, told, "expansion-signals config check")


def judge_epoch(directory: str, fingerprint: str, stands: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether valid files are those in force; `stands` has the fields of the deployment, if there is one."""
    in_force = int(stands.get("epoch", "0"))
    epoch = int(stands.get(f"fingerprint:{fingerprint}", "0"))
    if epoch == in_force > 0:
        yield fine(directory, f"in force, as epoch {epoch}")
    elif epoch:
        yield error(
            directory,
            f"these files are epoch {epoch}, which epoch {in_force} has replaced: a worker started with them refuses",
            "take the newer files, or go back for all workers: expansion-signals worker --accept",
        )
    else:
        yield fine(directory, f"not in force yet: a worker that reads them makes them epoch {in_force + 1}")
