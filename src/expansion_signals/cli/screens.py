"""Where a demo is shown: on a terminal, as plain lines, or as JSON for scripts."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager
from datetime import datetime
from statistics import quantiles
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from expansion_signals.model.instants import MILLISECOND, SECOND

if TYPE_CHECKING:
    from types import TracebackType

    from expansion_signals.cli.demonstration import Outcome
    from expansion_signals.cli.sightings import Sighting
    from expansion_signals.model.instants import Duration, Instant

_COLOURS = {"limit": "yellow", "gate": "magenta", "seat": "cyan", "pql": "green", "retention": "red"}

_NEXT_STEPS = """
Next steps
  expansion-signals dev             the same on fixed ports, for you to build against
  expansion-signals emit --help     send an event of your own
  expansion-signals watch --help    follow the triggers"""


class Screen(AbstractContextManager["Screen"]):
    """Shows a demo; as a context it is open while the product runs. This one is what all have in common."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""

    def tell(self, step: str) -> None:
        """Say what is being done."""
        print(f"{step} ...", file=sys.stderr, flush=True)  # noqa: T201 -- stdout is for triggers

    def show(self, sighting: Sighting, at: Instant, latency: Duration | None) -> None:
        """Show a trigger that has just arrived."""
        raise NotImplementedError

    def count(self, outcome: Outcome) -> None:
        """Show how many records became what, while it runs."""

    def conclude(self, outcome: Outcome) -> None:
        """Say what it came to, and what never fired."""
        for family in outcome.silent:
            print(f"no trigger of the family {family} has fired", file=sys.stderr)  # noqa: T201 -- stdout is for triggers


class JsonScreen(Screen):
    """One trigger a line, the whole CloudEvent; then one summary object."""

    def show(self, sighting: Sighting, at: Instant, latency: Duration | None) -> None:  # noqa: ARG002 -- a Screen's
        """Write the CloudEvent as it stands on the topic."""
        print(sighting.text, flush=True)  # noqa: T201 -- this is the output

    def conclude(self, outcome: Outcome) -> None:
        """Write the summary."""
        print(json.dumps(summary(outcome)), flush=True)  # noqa: T201 -- this is the output
        super().conclude(outcome)


class PlainScreen(Screen):
    """Lines, for output that goes to a file or a pipe."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def show(self, sighting: Sighting, at: Instant, latency: Duration | None) -> None:
        """Write one line."""
        self._console.print(trigger_line(sighting, at, delay_cell(latency)))

    def conclude(self, outcome: Outcome) -> None:
        """Write the sums and where to go from here."""
        self._console.print()
        self._console.print(counts_line(outcome))
        self._console.print(triggers_line(outcome))
        self._console.print(_NEXT_STEPS)
        super().conclude(outcome)


class TerminalScreen(PlainScreen):
    """Colours, and a line of counts that stays below the triggers and moves."""

    def __init__(self) -> None:
        super().__init__()
        self._live = Live(console=self._console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        """Take the last line of the terminal."""
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give it back."""
        self._live.stop()

    def tell(self, step: str) -> None:
        """Say it among the triggers, where the live line does not write over it."""
        self._console.print(Text(f"{step} ...", style="dim"))

    def count(self, outcome: Outcome) -> None:
        """Move the line of counts."""
        self._live.update(counts_line(outcome))


def chosen_screen(*, as_json: bool) -> Screen:
    """Return the screen that fits what stdout is."""
    if as_json:
        return JsonScreen()
    return TerminalScreen() if sys.stdout.isatty() else PlainScreen()


def trigger_line(sighting: Sighting, at: Instant, delay: str = "") -> Text:
    """Return a trigger as one line: when, how long after its event, whose, what and why."""
    line = Text()
    line.append(datetime.fromtimestamp(at / SECOND).astimezone().strftime("%H:%M:%S"), style="dim")
    line.append(delay, style="dim")
    line.append(f"  {sighting.account:<14}", style="bold")
    line.append(f"  {sighting.type:<16}", style=_COLOURS.get(sighting.family, "blue"))
    line.append(f"  {sighting.why}")
    return line


def delay_cell(latency: Duration | None) -> str:
    """Return how long it took as a cell of its line, of the same width where it was caused by no record."""
    told = "" if latency is None else f"{latency // MILLISECOND:,} ms"
    return f"  {told:>8}"


def counts_line(outcome: Outcome) -> Text:
    """Return the books: what was received is what was counted, duplicate, unmatched or dead-lettered."""
    tallies = outcome.tallies
    return Text.assemble(
        ("received ", "dim"),
        f"{tallies.received:,}",
        (" = counted ", "dim"),
        f"{tallies.counted:,}",
        (" + duplicate ", "dim"),
        f"{tallies.duplicate:,}",
        (" + unmatched ", "dim"),
        f"{tallies.unmatched:,}",
        (" + dead-lettered ", "dim"),
        f"{tallies.dead_lettered:,}",
        (" · triggers ", "dim"),
        (f"{outcome.types.total():,}", "bold"),
    )


def triggers_line(outcome: Outcome) -> str:
    """Return how many triggers of each type arrived, and how fast."""
    types = ", ".join(f"{count:,} {name}" for name, count in outcome.types.most_common()) or "no triggers"
    latency = latency_in_milliseconds(outcome)
    return f"{types}; from event to trigger p50 {latency['p50']} ms, p99 {latency['p99']} ms" if latency else types


def summary(outcome: Outcome) -> dict[str, object]:
    """Return the summary object of interfaces.md, with more beside: what was sent, types, latency."""
    return {
        "received": outcome.tallies.received,
        **outcome.tallies._asdict(),
        "triggers": outcome.types.total(),
        "withdrawn": outcome.withdrawn,
        "sent": outcome.sent,
        "types": dict(outcome.types),
        "latency_ms": latency_in_milliseconds(outcome),
    }


def latency_in_milliseconds(outcome: Outcome) -> dict[str, int] | None:
    """Return median and 99th percentile, or None before the second trigger."""
    if len(outcome.latencies) < 2:  # noqa: PLR2004 -- fewer have no percentiles
        return None
    cuts = quantiles(outcome.latencies, n=100, method="inclusive")
    return {"p50": round(cuts[49] / MILLISECOND), "p99": round(cuts[98] / MILLISECOND)}
