"""A server on a thread of its own, from `with` to its end."""

from __future__ import annotations

import threading
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from socketserver import BaseRequestHandler


class Serving(ThreadingTCPServer):
    """Listens on a free port of 127.0.0.1, and answers each client on a thread of its own."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, handler: type[BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    @property
    def address(self) -> str:
        """Host and port."""
        host, port = self.server_address
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
