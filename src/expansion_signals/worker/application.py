"""The Faust application: lifecycle, signals, and the pages `/healthz`, `/readyz` and `/metrics`.

Faust's own consumer and producer stay off: its agents acknowledge what raised, and move a thirtieth of what the batch
log reader moves (stack-facts). Only loopback is listened on unless settings say otherwise, and nothing is writable.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import faust
from faust.app.base import BootStrategy

from expansion_signals.errors import StateUnavailable
from expansion_signals.worker.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from expansion_signals.settings import Settings
    from expansion_signals.worker.metrics import Metrics
    from expansion_signals.worker.service import WorkerService
    from expansion_signals.worker.status import Status


class _WithoutKafka(BootStrategy):
    enable_kafka = False


class _App(faust.App):
    BootStrategy = _WithoutKafka


def application(settings: Settings, status: Status, metrics: Metrics, service: WorkerService) -> faust.App:
    """Return the application with its pages; `service` is started and stopped with it."""
    host, _, port = settings.http.rpartition(":")
    app = _App(
        f"{settings.prefix}expansion-signals",
        broker=f"kafka://{settings.kafka}",  # named and never connected to, so it needs no credentials
        store="memory://",
        datadir=tempfile.gettempdir(),
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_host=host,
        web_bind=host,
        web_port=int(port),
        worker_redirect_stdouts=False,
    )
    app.service(service)  # type: ignore[arg-type]  # an instance is taken as well as a class

    @app.page("/healthz")
    async def healthz(view: Any, request: Any) -> Any:  # noqa: ANN401, ARG001 -- Faust's signature
        """Say that the process lives."""
        return view.json({"alive": True})

    @app.page("/readyz")
    async def readyz(view: Any, request: Any) -> Any:  # noqa: ANN401, ARG001 -- Faust's signature
        """Say whether the worker keeps its promise, and what it waits for if not."""
        return view.json(status.report(), status=200 if status.ready() else 503)

    @app.page("/metrics")
    async def metrics_page(view: Any, request: Any) -> Any:  # noqa: ANN401, ARG001 -- Faust's signature
        """Return the metrics; without Redis, all but the books."""
        try:
            books = await service.books()
        except StateUnavailable:
            books = None
        return view.bytes(metrics.page(status, books), content_type=CONTENT_TYPE)

    return app
