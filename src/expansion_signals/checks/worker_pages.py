"""What a worker's `/readyz` answers, or that nothing answers there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.checks.findings import error, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.checks.findings import Finding

_WAITS = ("waits_for", "held")


def judge_pages(address: str, said: Mapping[str, Any] | None) -> Iterator[Finding]:
    """Yield what is found about the worker whose pages are at `address`; `said` is None if nobody answers."""
    if said is None:
        yield warning(
            address,
            "no worker's pages answer here",
            "if one runs on another machine, ask it there; else start one: expansion-signals worker",
        )
        return
    wrong = [said["starting"]] if said.get("starting") else []
    stages = said.get("stages", {})
    wrong += [f"{name}: {stage[why]}" for name, stage in stages.items() for why in _WAITS if stage.get(why)]
    for what in wrong:
        yield error(address, f"the worker waits: {what}", "see its log")
    for problem in said.get("configuration_problems", ()):
        yield error(address, f"the worker refused changed files: {problem}", "expansion-signals config check")
    if said.get("ready"):
        yield fine(address, f"the worker is ready, at configuration epoch {said.get('configuration_epoch')}")
    elif not wrong:
        yield warning(address, "the worker is not ready: its stages have no partitions yet", "see its log")
