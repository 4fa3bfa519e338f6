"""One account in a rehearsal: the whole pipeline in memory, event by event, with what is published of it."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from active_account import CATALOG, START
from expansion_signals.model.instants import DAY, format_instant
from expansion_signals.rules.loading import load
from expansion_signals.testing.rehearsal import SIGNALS, Rehearsal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.records import Outgoing


class RehearsedAccount:
    """Times are distances from `START`, in µs; it is known from the first of them on."""

    def __init__(self, *rules: str) -> None:
        written = "".join(f"\n  - {rule}" for rule in rules)
        self._rehearsal = Rehearsal(load({"catalog.yaml": CATALOG, "rules.yaml": f"rules:{written or ' []'}\n"}))
        self._numbers = count(1)
        self.signals: list[dict[str, Any]] = []

    async def known(self, after: int = 0, **profile: Any) -> None:  # noqa: ANN401 -- what a profile says
        number = next(self._numbers)
        month = {"unit": "month", "anchor": format_instant(START - 100 * DAY)}
        data = {"version": number, "plan": "free", "period": month} | profile
        await self._plays(number, "expansion.account.updated.v1", after, data)

    async def does(self, noun: str, after: int = 0, **told: Any) -> None:  # noqa: ANN401 -- the data of any event
        await self._plays(next(self._numbers), f"expansion.{noun}.v1", after, told)

    async def happens(self, kind: str, after: int = 0, **told: Any) -> None:  # noqa: ANN401 -- the same
        """Let an event of the product's own happen."""
        await self._plays(next(self._numbers), kind, after, told)

    async def calls(self, value: int, after: int = 0) -> None:
        await self._plays(next(self._numbers), "com.acme.called", after, {"value": value})

    async def stores(self, value: int, after: int = 0) -> None:
        await self._plays(next(self._numbers), "com.acme.stored", after, {"value": value})

    async def imports(self, value: int, after: int, day: str) -> None:
        told = {"meter": "calls", "day": day, "value": value}
        await self._plays(next(self._numbers), "expansion.usage.imported.v1", after, told)

    async def again(self) -> None:
        """Let the last event come a second time."""
        self._took(await self._rehearsal.play(self._last))

    async def waits(self, until: int) -> None:
        self._took(await self._rehearsal.pass_to(START + until))

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the data of the signals of a type, in the order they were published."""
        return [each["data"] for each in self.signals if each["type"] == f"expansion.signal.{kind}.v1"]

    def causes(self, kind: str) -> list[str]:
        """Return what caused each of them."""
        return [each["causationid"] for each in self.signals if each["type"] == f"expansion.signal.{kind}.v1"]

    async def _plays(self, number: int, kind: str, after: int, data: dict[str, Any]) -> None:
        event = {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": "/apps/web",
            "type": kind,
            "subject": "acct-1",
            "time": format_instant(START + after),
            "data": data,
        }
        self._last = json.dumps(event).encode()
        self._took(await self._rehearsal.play(self._last))

    def _took(self, published: Sequence[Outgoing]) -> None:
        self.signals += [json.loads(each.value or b"") for each in published if each.topic == SIGNALS]
