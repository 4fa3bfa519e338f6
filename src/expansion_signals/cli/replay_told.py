"""What a replay came to, in words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.cli.readable_bytes import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.cli.replaying import Replay


def document_of(done: Replay, *, dry_run: bool) -> Mapping[str, Any]:
    """Return how many letters were replayed, by code; were replayed before; and were refused, by reason."""
    return {
        "dry_run": dry_run,
        "replayed": done.replayed.total(),
        "by_code": dict(done.replayed),
        "replayed_before": done.before,
        "refused": [
            {"reason": reason, "letters": count, "first": _written(done, reason)}
            for reason, count in done.refused.items()
        ],
    }


def lines_of(done: Replay, *, dry_run: bool) -> Iterator[str]:
    """Yield what became of the letters that were asked for."""
    codes = ", ".join(f"{count:,} {code}" for code, count in done.replayed.most_common())
    yield f"{'would replay' if dry_run else 'replayed'}: {codes or 'no dead letter'}"
    if done.before:
        yield f"replayed before: {done.before:,}; --again sends them once more"
    for reason, count in done.refused.items():
        yield f"cannot be replayed: {count:,}, the first {_written(done, reason) or 'of unknown origin'}: {reason}"


def _written(done: Replay, reason: str) -> str | None:
    first = done.first_refused[reason]
    return None if first is None else one_line(str(first))
