"""A mail server as far as a client needs one: it takes every mail, but for the addresses that it does not know."""

from __future__ import annotations

import email
from email.policy import default
from socketserver import StreamRequestHandler
from typing import TYPE_CHECKING

from outside.serving import Serving

if TYPE_CHECKING:
    from email.message import EmailMessage

UNKNOWN = "acct-unknown@customers.example.com"


class MailServer(Serving):
    """`mails` are those that were taken."""

    def __init__(self) -> None:
        super().__init__(_Talk)
        self.mails: list[EmailMessage] = []


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
