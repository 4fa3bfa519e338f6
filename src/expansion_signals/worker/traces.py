"""Tracing, as a stage sees it: off unless asked for, and then it costs nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from expansion_signals.errors import RejectedSettings
from expansion_signals.settings import ENVIRONMENT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.records import Outgoing
    from expansion_signals.settings import Settings
    from expansion_signals.worker.origins import Origin


class StageTraces(Protocol):
    """What a stage tells of its work."""

    def poll(self, records: int) -> AbstractContextManager[None]:
        """Have what is sent while this is open belong to a poll of so many records."""

    def sending(
        self, records: Sequence[Outgoing], origins: Mapping[bytes, Sequence[Origin]]
    ) -> AbstractContextManager[Mapping[int, str]]:
        """Trace records while they are sent; gives by their place the `traceparent` of those that are traced."""


class Traces(Protocol):
    """Where traces go."""

    def stage(self, name: str) -> StageTraces:
        """Return what a stage tells of its work to."""

    def close(self) -> None:
        """Send what is not sent yet, for a moment at most."""


class _Untraced:
    """Nobody asked for traces."""

    def stage(self, name: str) -> StageTraces:  # noqa: ARG002 -- the same for all
        return self

    def close(self) -> None:
        pass

    def poll(self, records: int) -> AbstractContextManager[None]:  # noqa: ARG002 -- nobody asks
        return nullcontext()

    def sending(
        self,
        records: Sequence[Outgoing],  # noqa: ARG002 -- the same
        origins: Mapping[bytes, Sequence[Origin]],  # noqa: ARG002 -- the same
    ) -> AbstractContextManager[Mapping[int, str]]:
        return nullcontext({})


UNTRACED: Traces = _Untraced()


def traces_of(settings: Settings) -> Traces:
    """Return where traces go.

    Raises:
        RejectedSettings: traces are asked for, and the extra `[otel]` is not installed, or its variables are wrong.
    """
    if settings.traces == "off":
        return UNTRACED
    try:
        from expansion_signals.worker.open_telemetry import OpenTelemetry  # noqa: PLC0415 -- an extra
    except ModuleNotFoundError as missing:
        raise RejectedSettings(
            f"{ENVIRONMENT_PREFIX}TRACES: {settings.traces} needs OpenTelemetry ({missing.name} is not installed): "
            "pip install 'expansion-signals[otel]'"
        ) from None
    try:
        return OpenTelemetry(settings.prefix)
    except ValueError as wrong:
        raise RejectedSettings(f"OpenTelemetry does not take its variables OTEL_*: {wrong}") from None
