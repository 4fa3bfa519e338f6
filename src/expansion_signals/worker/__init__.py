"""The worker: where everything is put together and run, inside a Faust application."""

from __future__ import annotations
