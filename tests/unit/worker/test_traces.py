"""Spans from event to trigger, as an exporter is given them."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.errors import LogUnavailable, RejectedSettings
from expansion_signals.model.decisions import Decision
from expansion_signals.model.records import Outgoing
from expansion_signals.settings import Settings
from expansion_signals.wire import decisions
from expansion_signals.worker.origins import Origin
from expansion_signals.worker.traces import UNTRACED, traces_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HAS_OTEL = find_spec("opentelemetry") is not None and find_spec("opentelemetry.sdk") is not None
TRACE, APP_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OF_THE_APP = f"00-{TRACE}-{APP_SPAN}-01"
NOT_SAMPLED = f"00-{TRACE}-{APP_SPAN}-00"
MICROSECONDS = 1_000


def published(traceparent: str | None = OF_THE_APP, topic: str = "expansion-signals", key: str = "acct-1") -> Outgoing:
    event = {"id": "s-1", "type": "expansion.signal.limit.reached.v1", "subject": key, "data": {"user": "u-1"}}
    traced = {} if traceparent is None else {"traceparent": traceparent}
    return Outgoing(topic, key.encode(), json.dumps(event | traced).encode())


class Exporter:
    """What was exported of a stage's work."""

    def __init__(self) -> None:
        if not HAS_OTEL:
            pytest.skip("the extra [otel] is not installed")
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 -- an extra
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415 -- the same
            InMemorySpanExporter,
        )

        from expansion_signals.worker.open_telemetry import OpenTelemetry  # noqa: PLC0415 -- the same

        self._exported = InMemorySpanExporter()
        self.traces = OpenTelemetry("t-", SimpleSpanProcessor(self._exported))
        self.stage = self.traces.stage("metering")

    def sends(
        self, *records: Outgoing, origins: Mapping[bytes, Sequence[Origin]] | None = None, poll: int = 12
    ) -> Mapping[int, str]:
        """Send records because of a poll; return the headers that they are given."""
        with self.stage.poll(poll), self.stage.sending(records, origins or {}) as given:
            return dict(given)

    def spans(self, start: str = "send ") -> list[Any]:
        return [span for span in self._exported.get_finished_spans() if span.name.startswith(start)]

    def span(self, start: str = "send ") -> Any:  # noqa: ANN401 -- untyped without the extra
        [found] = self.spans(start)
        return found


def test_traces_are_off_unless_asked_for() -> None:
    assert traces_of(Settings()) is UNTRACED


@pytest.mark.skipif(HAS_OTEL, reason="the extra [otel] is installed")
def test_traces_without_the_extra_are_refused_with_what_to_install() -> None:
    with pytest.raises(RejectedSettings, match=r"EXPANSION_SIGNALS_TRACES: .* pip install 'expansion-signals\[otel\]'"):
        traces_of(Settings(traces="otlp"))


@pytest.mark.skipif(not HAS_OTEL, reason="the extra [otel] is not installed")
def test_variables_that_opentelemetry_does_not_take_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-1")
    with pytest.raises(RejectedSettings, match=r"OTEL_\*: max_queue_size must be"):
        traces_of(Settings(traces="otlp"))


def test_nothing_is_given_to_records_while_traces_are_off() -> None:
    with UNTRACED.stage("metering").sending([published()], {}) as given:
        assert given == {}


def test_what_is_sent_is_a_span_below_that_of_the_app() -> None:
    exporter = Exporter()
    exporter.sends(published())
    span = exporter.span()
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, APP_SPAN)


def test_a_record_is_given_the_span_that_it_was_sent_in() -> None:
    exporter = Exporter()
    given = exporter.sends(published())
    assert given == {0: f"00-{TRACE}-{exporter.span().context.span_id:016x}-01"}


def test_a_trigger_is_a_span_below_that_of_its_signal() -> None:
    exporter = Exporter()
    signal = f"00-{TRACE}-{'a' * 16}-01"
    exporter.sends(published(topic="expansion-limit-reached"), origins={b"acct-1": [Origin(1, signal)]})
    assert f"{exporter.span().parent.span_id:016x}" == "a" * 16


def test_a_signal_of_another_trace_is_not_taken_for_its_parent() -> None:
    exporter = Exporter()
    other = f"00-{'b' * 32}-{'a' * 16}-01"
    exporter.sends(published(), origins={b"acct-1": [Origin(1, other)]})
    assert f"{exporter.span().parent.span_id:016x}" == APP_SPAN


def test_a_span_begins_where_the_event_was_appended() -> None:
    exporter = Exporter()
    exporter.sends(published(), origins={b"acct-1": [Origin(5)]})
    assert exporter.span().start_time == 5 * MICROSECONDS


def test_no_span_begins_after_its_end_because_clocks_differ() -> None:
    exporter = Exporter()
    later = time.time_ns() // MICROSECONDS + 60_000_000
    exporter.sends(published(), origins={b"acct-1": [Origin(later)]})
    assert exporter.span().start_time <= exporter.span().end_time


@pytest.mark.parametrize("traceparent", [None, NOT_SAMPLED])
def test_an_event_that_its_app_does_not_trace_is_not_traced(traceparent: str | None) -> None:
    exporter = Exporter()
    assert exporter.sends(published(traceparent)) == {}
    assert exporter.spans("") == []


def test_a_span_names_topic_type_id_and_stage_and_nobody() -> None:
    exporter = Exporter()
    exporter.sends(published())
    assert (exporter.span().name, dict(exporter.span().attributes)) == (
        "send t-expansion-signals",
        {
            "messaging.system": "kafka",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": "t-expansion-signals",
            "cloudevents.event_id": "s-1",
            "cloudevents.event_type": "expansion.signal.limit.reached.v1",
            "expansion_signals.stage": "metering",
        },
    )


def test_a_decision_says_what_and_why() -> None:
    exporter = Exporter()
    made = Decision("d-1", "s-1", None, "suppressed", "muted", ("muted",), None, None, "acct-1", 0, OF_THE_APP)
    exporter.sends(decisions.write(made, 0))
    attributes = exporter.span().attributes
    assert (attributes["expansion_signals.decision"], attributes["expansion_signals.reason"]) == ("suppressed", "muted")


def test_what_is_sent_in_one_poll_is_linked_to_one_span() -> None:
    exporter = Exporter()
    exporter.sends(published(), published(key="acct-2"), poll=300)
    poll = exporter.span("poll ")
    linked = {link.context.span_id for span in exporter.spans() for link in span.links}
    assert (linked, poll.parent, poll.attributes["messaging.batch.message_count"]) == (
        {poll.context.span_id},
        None,
        300,
    )


def test_a_poll_in_which_nothing_is_traced_is_no_span() -> None:
    exporter = Exporter()
    exporter.sends(published(None))
    assert exporter.spans("poll ") == []


def test_what_is_sent_between_two_polls_is_linked_to_none() -> None:
    exporter = Exporter()
    exporter.sends(published())
    with exporter.stage.sending([published()], {}):
        pass
    assert [len(span.links) for span in exporter.spans()] == [1, 0]


def test_what_is_not_acknowledged_is_a_failed_span() -> None:
    exporter = Exporter()
    with pytest.raises(LogUnavailable), exporter.stage.sending([published()], {}):
        raise LogUnavailable("Kafka does not answer")
    status = exporter.span().status
    assert (status.status_code.name, status.description) == ("ERROR", "Kafka does not answer")


def test_the_service_has_our_name_unless_the_environment_says_other(monkeypatch: pytest.MonkeyPatch) -> None:
    unsaid = Exporter()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "growth")
    said = Exporter()
    for exporter in (unsaid, said):
        exporter.sends(published())
    assert [each.span().resource.attributes["service.name"] for each in (unsaid, said)] == [
        "expansion-signals",
        "growth",
    ]


def test_nothing_is_exported_after_the_end() -> None:
    exporter = Exporter()
    exporter.traces.close()
    exporter.sends(published())
    assert exporter.spans() == []
