"""Judgements of what the program stands on: what was read goes in, findings come out. Nothing here asks a server."""

from __future__ import annotations
