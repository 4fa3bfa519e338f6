"""A CRM as far as a sync needs one: it keeps what is put under each lead's id, and may be down for a while."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from outside.serving import Serving


class CrmServer(Serving):
    """Answers the first `down` requests with 503. `puts` are the leads that it took."""

    def __init__(self, down: int = 0) -> None:
        super().__init__(_Request)
        self.down = down
        self.refused = 0
        self.puts: list[tuple[str, dict[str, Any]]] = []


class _Request(BaseHTTPRequestHandler):
    server: CrmServer

    def do_PUT(self) -> None:
        """Take a lead."""
        lead = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refused < self.server.down:
            self.server.refused += 1
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self.server.puts.append((self.path.removeprefix("/leads/"), lead))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
