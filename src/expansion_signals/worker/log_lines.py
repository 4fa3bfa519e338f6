"""What the worker says on stderr: a line of text to a person at a terminal, a JSON object a line to what collects logs.

Names from outside are escaped and cut where they are said; a line of JSON holds no character that rules a terminal.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Literal, TextIO

from expansion_signals.model.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

_OF_EVERY_RECORD = {*vars(logging.makeLogRecord({})), "message", "asctime"}
"""What the library itself puts into a record; anything else was said with `extra`."""

_QUIET = ("faust", "mode", "aiohttp", "expansion_signals.worker.application", "expansion_signals.worker.service")
"""Libraries that tell of the life of our application and service in their own words, or in ours."""

_DRIVERS = ("aiokafka", "kafka")


def log_to(stream: TextIO = sys.stderr, *, level: str, form: Literal["auto", "text", "json"]) -> None:
    """Have everything that is logged from now on written to `stream`; `auto` is text on a terminal, else JSON."""
    is_text = form == "text" or (form == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(TEXT) if is_text else JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    # Kafka's drivers call each rebalance and each attempt an error; what matters of it they raise, and we tell it once.
    for name in _DRIVERS:
        logging.getLogger(name).setLevel(logging.WARNING if level == "debug" else logging.CRITICAL)


class JsonLines(logging.Formatter):
    """Each record as one JSON object: `time`, `level`, `logger`, `message`, then what was said with `extra`.

    A failure's traceback is in `exception`. Times are UTC.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        said: dict[str, object] = {
            "time": format_instant(int(record.created * 1_000) * 1_000),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def _extra(record: logging.LogRecord) -> Mapping[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
