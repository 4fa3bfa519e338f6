"""A mail server as far as a client needs one: it takes every mail, but for the addresses that it does not know."""

from __future__ import annotations

import email
import threading
from email.policy import default
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from email.message import EmailMessage

UNKNOWN = "acct-unknown@customers.example.com"


class MailServer(ThreadingTCPServer):
    """Listens on a free port; `mails` are those that were taken."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[EmailMessage] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Talk(StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        """Talk to one client until it leaves (RFC 5321)."""
        self._say("220 here")
        for line in iter(self.rfile.readline, b""):
            command = line.decode().strip().upper()
            if command.startswith("RCPT TO") and UNKNOWN.upper() in command:
                self._say("550 no such user here")
            elif command == "DATA":
                self._say("354 go on")
                self.server.mails.append(self._mail())
                self._say("250 taken")
            elif command == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _mail(self) -> EmailMessage:
        lines = iter(self.rfile.readline, b".\r\n")
        return email.message_from_bytes(b"".join(lines), policy=default)

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())
