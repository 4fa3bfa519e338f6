from __future__ import annotations

import io
import json
import logging
import re
from typing import TYPE_CHECKING, Any, Literal

import pytest

from expansion_signals.worker.log_lines import _DRIVERS, _QUIET, log_to

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("expansion_signals.worker.holding")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, loggers = list(root.handlers), [root, *map(logging.getLogger, (*_QUIET, *_DRIVERS))]
    levels = [each.level for each in loggers]
    root.handlers.clear()  # else `log_to` would close those of the test's own
    yield
    root.handlers[:] = handlers
    for each, level in zip(loggers, levels, strict=True):
        each.setLevel(level)


def written(
    form: Literal["auto", "text", "json"], stream: io.StringIO | None = None, level: str = "info", **extra: object
) -> str:
    """Return what is written of one warning."""
    stream = stream or io.StringIO()
    log_to(stream, level=level, form=form)
    log.warning("HELD: %s", 'too many of "usage-events/0"\n\x1b[31m', extra=extra)
    return stream.getvalue()


def said(**extra: object) -> dict[str, Any]:
    words: dict[str, Any] = json.loads(written("json", **extra))
    return words


def test_a_line_of_json_says_when_how_loud_who_and_what() -> None:
    words = said()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", words.pop("time"))
    assert words == {
        "level": "warning",
        "logger": "expansion_signals.worker.holding",
        "message": 'HELD: too many of "usage-events/0"\n\x1b[31m',
    }


def test_what_is_said_with_extra_is_a_field_of_its_own() -> None:
    assert said(codes={"overflow": 2})["codes"] == {"overflow": 2}


def test_a_value_that_json_does_not_know_is_written_as_text() -> None:
    assert said(at=logging)["at"] == str(logging)


def test_a_line_of_json_is_one_line_and_rules_no_terminal() -> None:
    line = written("json")
    assert (line.count("\n"), "\x1b" in line) == (1, False)


def test_a_failure_has_its_traceback_in_a_field() -> None:
    stream = io.StringIO()
    log_to(stream, level="info", form="json")
    try:
        int("many")
    except ValueError:
        log.exception("a defect")
    assert json.loads(stream.getvalue())["exception"].endswith("with base 10: 'many'")


def test_auto_is_text_on_a_terminal() -> None:
    assert re.match(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING expansion_signals\.worker\.", written("auto", Terminal())
    )


def test_auto_is_json_elsewhere() -> None:
    assert written("auto").startswith('{"time": ')


def test_text_may_be_asked_for_anywhere() -> None:
    assert " WARNING expansion_signals.worker.holding: HELD: " in written("text")


def test_what_is_not_loud_enough_is_not_written() -> None:
    assert written("text", level="error") == ""


def test_what_libraries_say_of_their_own_life_is_not_written() -> None:
    stream = io.StringIO()
    log_to(stream, level="info", form="json")
    for name in ("faust", "mode.worker", "aiohttp.access", "expansion_signals.worker.service"):
        logging.getLogger(name).info("[^-App]: starting")
    logging.getLogger("aiokafka.consumer").error("Unable to connect")
    assert stream.getvalue() == ""
