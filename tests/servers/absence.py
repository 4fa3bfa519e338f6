"""What is raised when one way of having a server is not open on this machine."""

from __future__ import annotations


class ServerAbsentError(Exception):
    """No server this way: the message says why, in words for the test summary."""
