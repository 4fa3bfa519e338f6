"""Traces from event to trigger in OpenTelemetry, exported over OTLP. The only file that knows OpenTelemetry.

    the app's span          in the `traceparent` of the event, which everything that follows from it carries
    └── send signals        from the append of the event until its signal was acknowledged
        └── send trigger    the same until the trigger was; a decision beside it says why, or why not
            └── …           the subscriber's, if it reads the header `traceparent`

An event without `traceparent`, or whose app did not sample it, is not traced. The poll that something was sent in is a
trace of its own, linked from it: it is the work of many events. Where traces go, how many, and under which name is
said by the standard variables `OTEL_*`.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from expansion_signals.wire import decisions
from expansion_signals.wire.published import headline
from expansion_signals.worker.origins import TRACEPARENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Link, Span, Tracer

    from expansion_signals.model.records import Outgoing
    from expansion_signals.worker.origins import Origin

_CLOSE_SECONDS = 1.0
"""How long what is not exported yet may take at the end: a collector that is away is not waited for."""

_TRACE_ID = slice(3, 35)
_propagator = TraceContextTextMapPropagator()


class OpenTelemetry:
    """Exports spans (`worker.traces.Traces`); topics are named with the deployment's `prefix`."""

    def __init__(self, prefix: str, processor: SpanProcessor | None = None) -> None:
        ours = Resource({"service.name": "expansion-signals", "service.version": version("expansion-signals")})
        resource = Resource.create().merge(ours).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor or BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("expansion_signals")
        self._prefix = prefix

    def stage(self, name: str) -> OpenTelemetryStage:
        """Return what a stage tells of its work to."""
        return OpenTelemetryStage(self._tracer, name, self._prefix)

    def close(self) -> None:
        """Export what is not exported yet, for a second at most."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(_CLOSE_SECONDS)


class OpenTelemetryStage:
    """The spans of one stage (`worker.traces.StageTraces`)."""

    def __init__(self, tracer: Tracer, name: str, prefix: str) -> None:
        self._tracer = tracer
        self._name = name
        self._prefix = prefix
        self._began = 0
        self._records = 0
        self._poll: Span | None = None

    @contextmanager
    def poll(self, records: int) -> Iterator[None]:
        """Make a span of the poll, if anything is sent in it that is traced."""
        self._began, self._records = time.time_ns(), records
        try:
            yield
        finally:
            if self._poll is not None:
                self._poll.end()
            self._began, self._poll = 0, None

    @contextmanager
    def sending(
        self, records: Sequence[Outgoing], origins: Mapping[bytes, Sequence[Origin]]
    ) -> Iterator[Mapping[int, str]]:
        """Make a span of each record that is in a trace, from the append of its event on."""
        begun = {place: self._begun(record, origins) for place, record in enumerate(records)}
        spans = {place: span for place, span in begun.items() if span is not None}
        try:
            yield {place: _written(span) for place, span in spans.items()}
        except BaseException as failure:
            for span in spans.values():
                span.set_status(trace.Status(trace.StatusCode.ERROR, str(failure)))
            raise
        finally:
            for span in spans.values():
                span.end()

    def _begun(self, record: Outgoing, origins: Mapping[bytes, Sequence[Origin]]) -> Span | None:
        if record.value is None or record.key is None:
            return None
        told = headline(record.value)
        if told.traceparent is None:
            return None
        origin = _origin(told.traceparent, origins.get(record.key, ()))
        passed_on = origin.traceparent if origin is not None else None
        parent = _propagator.extract({TRACEPARENT: passed_on or told.traceparent})
        if not trace.get_current_span(parent).get_span_context().trace_flags.sampled:
            return None
        now = time.time_ns()
        return self._tracer.start_span(
            f"send {self._prefix}{record.topic}",
            context=parent,
            kind=trace.SpanKind.PRODUCER,
            links=self._links(),
            start_time=now if origin is None else min(now, origin.appended * 1_000),
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "send",
                "messaging.operation.type": "send",
                "messaging.destination.name": f"{self._prefix}{record.topic}",
                "cloudevents.event_id": told.id,
                "cloudevents.event_type": told.type,
                "expansion_signals.stage": self._name,
                **_ruled(record),
            },
        )

    def _links(self) -> Sequence[Link]:
        """Return the link to the poll at hand, which is a span from now on."""
        if not self._began:
            return ()
        if self._poll is None:
            self._poll = self._tracer.start_span(
                f"poll {self._name}",
                context=trace.set_span_in_context(trace.INVALID_SPAN),
                kind=trace.SpanKind.CONSUMER,
                start_time=self._began,
                attributes={
                    "messaging.system": "kafka",
                    "messaging.batch.message_count": self._records,
                    "expansion_signals.stage": self._name,
                },
            )
        return (trace.Link(self._poll.get_span_context()),)


def _origin(traceparent: str, origins: Sequence[Origin]) -> Origin | None:
    """Return the origin that was passed on in this trace, else the first."""
    same = (each for each in origins if each.traceparent and each.traceparent[_TRACE_ID] == traceparent[_TRACE_ID])
    return next(same, next((each for each in origins if each.traceparent is None), None))


def _ruled(record: Outgoing) -> Mapping[str, str]:
    if record.topic != decisions.TOPIC or record.value is None:
        return {}
    ruled = decisions.ruled(record.value)
    reason = {} if ruled.reason is None else {"expansion_signals.reason": ruled.reason}
    return {"expansion_signals.decision": ruled.decision, **reason}


def _written(span: Span) -> str:
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, trace.set_span_in_context(span))
    return carrier[TRACEPARENT]
