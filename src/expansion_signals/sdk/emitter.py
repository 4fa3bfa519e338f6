"""The emitter: what a product app tells its events, which never makes it wait."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import re
import threading
import weakref
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from expansion_signals.errors import RejectedEvent, RejectedSettings
from expansion_signals.model.names import is_name
from expansion_signals.sdk.dispatch import Dispatch
from expansion_signals.sdk.spool import Spool
from expansion_signals.sdk.spool_folder import can_write, default_folder
from expansion_signals.sdk.vocabulary import Vocabulary
from expansion_signals.sdk.writing import Call, written
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Unpack

    from expansion_signals.sdk.dispatch import Tally
    from expansion_signals.sdk.vocabulary import Options
    from expansion_signals.security import KafkaSecurity

STRICT_VARIABLE = "EXPANSION_EMITTER_STRICT"
"""Set to 1 in development: an event that is wrong raises where it is emitted."""

CLOSE_SECONDS = 5.0

_DISK_SECONDS = 5.0
_MOST_TOLD = 100
_TOPIC_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,150}")

log = logging.getLogger(__name__)


class Emitter(Vocabulary):
    """Sends events of one product app, `source`, to Kafka, from threads of its own.

    `servers` is `host:port`, several separated by commas; `prefix` is the deployment's. No method for an event waits,
    nor raises unless it is `strict`: what is wrong with an event is logged, once for each kind of mistake, and counted.
    `strict` None: as `EXPANSION_EMITTER_STRICT` says.

    While the broker is away, events wait in the folder `spool`, up to `spool_bytes` of this process, and are sent by
    this or by the next process; None: a folder of this user, one for each deployment. `room` is how many events may be
    in memory. Only where disk and memory are full, events are dropped; that is logged, and counted.

    It may be used from any thread and any coroutine. A fork has an emitter of its own in its place. It connects at the
    first event, or where a `with` begins. `security` is how: TLS, a login. `connection` are further settings of the
    connection, as kafka-python names them.

    Raises:
        RejectedSettings: a name is empty or not one, or `spool` is no folder that can be written to.
    """

    _dispatch: Dispatch | None
    _lock: threading.Lock
    _closed: bool
    _tallies: Counter[Tally]
    _mistakes: set[str]

    def __init__(  # noqa: PLR0913 -- each is a setting of the deployment
        self,
        servers: str,
        *,
        source: str,
        prefix: str = "",
        strict: bool | None = None,
        spool: Path | str | None = None,
        spool_bytes: int = 256 * 1024 * 1024,
        room: int = 50_000,
        security: KafkaSecurity = PLAINTEXT,
        connection: Mapping[str, Any] | None = None,
    ) -> None:
        if not servers or not is_name(source) or not _TOPIC_PREFIX.fullmatch(prefix):
            raise RejectedSettings(
                "Emitter: expected servers as host:port, the app's name as source, and a prefix of letters, digits, "
                f"dots, underscores and hyphens; got {servers!r}, {source!r}, {prefix!r}"
            )
        if spool is not None and not can_write(Path(spool)):
            raise RejectedSettings(f"Emitter: spool: {spool} is no folder that can be written to")
        self._servers = servers
        self._source = source
        self._prefix = prefix
        self._strict = os.environ.get(STRICT_VARIABLE) == "1" if strict is None else strict
        self._folder = default_folder(servers, prefix) if spool is None else Path(spool)
        self._spool_bytes = spool_bytes
        self._room = room
        self._options = {
            "bootstrap_servers": servers.split(","),
            "client_id": "expansion-emitter",
            "security": security,
            **(connection or {}),
        }
        self._begin_anew()
        _EMITTERS.add(self)

    @property
    def counts(self) -> Counter[Tally]:
        """What became of events in this process so far: `taken`, `sent`, `spooled`, `refused`, `dropped`."""
        return self._tallies + (self._dispatch.tallies if self._dispatch is not None else Counter())

    def event(
        self,
        account: str,
        type: str,  # noqa: A002 -- the attribute's name
        data: Mapping[str, Any] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Emit an event of any type; one of the product's own is counted once a meter of the catalog names it.

        `data` holds what JSON holds; a Decimal in it is written as text, as amounts are.

        Raises:
            RejectedEvent: it is wrong, and this emitter is strict; with everything that is wrong with it.
        """
        try:
            event = written(self._source, self._prefix, Call(account, type, data, options))
        except RejectedEvent as rejected:
            if self._strict:
                raise
            self._refuse(rejected)
            return
        dispatch = self._dispatch or self._started()
        if dispatch is None or not dispatch.take(event):
            self._drop("it is closed" if self._closed else "disk and memory are full")

    def flush(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Wait until Kafka has acknowledged everything, or for so long; says whether it has."""
        dispatch = self._dispatch or self._started()
        return dispatch is not None and dispatch.flush(seconds)

    async def aflush(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Flush; the event loop goes on meanwhile."""
        return await asyncio.to_thread(self.flush, seconds)

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Flush; what is not sent within so long waits in the spool for the next process. A second call does nothing.

        Happens by itself when the program ends.
        """
        with self._lock:
            dispatch, self._dispatch, self._closed = self._dispatch, None, True
        atexit.unregister(self.close)
        if dispatch is not None:
            if not dispatch.flush(seconds):
                log.warning("Kafka at %s did not take all: what is left waits for the next emitter", self._servers)
            dispatch.end(_DISK_SECONDS)
            self._tallies += dispatch.tallies
        if self._tallies["dropped"]:
            log.error("events were dropped: %d", self._tallies["dropped"])

    def __enter__(self) -> Self:
        """Connect, and send what waits from before."""
        self._started()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    async def __aenter__(self) -> Self:
        """Connect, and send what waits from before."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close; the event loop goes on meanwhile."""
        await asyncio.to_thread(self.close)

    def _begin_anew(self) -> None:
        """Begin without events and threads: at first, and in a fork, where those are the parent's."""
        self._dispatch = None
        self._lock = threading.Lock()
        self._closed = False
        self._tallies = Counter()
        self._mistakes = set()

    def _started(self) -> Dispatch | None:
        with self._lock:
            if self._dispatch is None and not self._closed:
                spool = None if self._folder is None else Spool(self._folder, self._spool_bytes)
                if spool is None:
                    log.warning("no folder for events to wait in was found: name one with spool=")
                try:
                    self._dispatch = Dispatch(self._servers, self._options, spool, self._room, self._close_first)
                    self._close_first()
                except RuntimeError:  # the interpreter is ending, and starts no thread any more
                    self._closed = True
            return self._dispatch

    def _close_first(self) -> None:
        # kafka-python closes its producer when the program ends: we come before it, for the last registered is first.
        atexit.unregister(self.close)
        atexit.register(self.close)

    def _refuse(self, rejected: RejectedEvent) -> None:
        with self._lock:
            self._tallies["refused"] += 1
            mistake = f"{rejected.type} {[problem.partition(',')[0] for problem in rejected.problems]}"
            new = mistake not in self._mistakes and len(self._mistakes) < _MOST_TOLD
            if new:
                self._mistakes.add(mistake)
        if new:
            log.error("%s; it is not sent. This kind of mistake is told once", rejected)

    def _drop(self, reason: str) -> None:
        with self._lock:
            self._tallies["dropped"] += 1
            first = self._tallies["dropped"] == 1
        if first:
            log.error("events are dropped: %s; their number is told at the end", reason)

    def _inherited(self) -> None:
        dispatch = self._dispatch
        self._begin_anew()
        if dispatch is not None:
            dispatch.disown()
            _PARENTS.append(dispatch)


_EMITTERS: weakref.WeakSet[Emitter] = weakref.WeakSet()
_PARENTS: list[Dispatch] = []
"""What forks inherited: never collected, for that would reach into connections of the parent."""


def _forked() -> None:
    for emitter in [*_EMITTERS]:
        emitter._inherited()  # noqa: SLF001 -- nobody else has to know that there was a fork


os.register_at_fork(after_in_child=_forked)
