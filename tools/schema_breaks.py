"""What a change of a schema breaks for those who rely on the released one (docs/decisions/0024)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from schema_lines import takes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from schema_lines import Line, Lines

_STEP = re.compile(r"(\.[^.\[]+|\[\*\])$")
_LEAST = {"minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"}
_MOST = {"maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"}


class Promise(NamedTuple):
    """The lines of one type, and the side we are on: `forward` where it is published, `backward` where it is read."""

    compatibility: Literal["forward", "backward"]
    lines: Lines


def breaks(released: Mapping[str, Promise], now: Mapping[str, Promise]) -> Iterator[str]:
    """Return a line for each promise that no longer holds, with its type and path. Further types are no break."""
    for name, promise in released.items():
        if name not in now:
            yield f"{name}: gone"
        elif now[name].compatibility != promise.compatibility:
            yield f"{name}: was {promise.compatibility}, is {now[name].compatibility}"
        else:
            yield from (f"{name} {said}" for said in _broken(promise, now[name].lines))


def _broken(released: Promise, now: Lines) -> Iterator[str]:
    judged = _changed if released.compatibility == "forward" else _narrowed
    for path, line in released.lines.items():
        if path in now:
            yield from (f"{path}: {said}" for said in judged(line, now[path]))
        elif _above(path) in now:
            yield f"{path}: gone"
    for path, line in now.items():
        if path not in released.lines and _above(path) in released.lines and line.presence != "optional":
            yield f"{path}: new, and not optional"


def _changed(released: Line, now: Line) -> Iterator[str]:
    """What is published is read by strangers under either schema, and stays on its topic: it stands as it is."""
    was, is_now = _facts(released), _facts(now)
    for name in {**was, **is_now}:
        if was.get(name) != is_now.get(name):
            yield f"{name} was {_shown(was.get(name))}, is {_shown(is_now.get(name))}"


def _facts(line: Line) -> Mapping[str, Any]:
    return {"presence": line.presence, "types": line.types, **line.limits}


def _narrowed(released: Line, now: Line) -> Iterator[str]:
    """What strangers send must go on being taken."""
    if released.presence == "optional" and now.presence == "required":
        yield "newly required"
    refused = [each for each in released.types if not takes(now.types, each)]
    if refused:
        yield f"no longer takes {_shown(refused)}"
    for name, limit in now.limits.items():
        was = released.limits.get(name)
        if was is None or not _takes_as_much(name, was, limit):
            yield f"{name} was {_shown(was)}, is {_shown(limit)}"


def _takes_as_much(keyword: str, released: Any, now: Any) -> bool:  # noqa: ANN401 -- whatever stands behind a keyword
    if keyword in _LEAST:
        return bool(now <= released)
    if keyword in _MOST:
        return bool(now >= released)
    if keyword == "enum":
        return all(value in now for value in released)
    return bool(now == released)


def _above(path: str) -> str:
    return _STEP.sub("", path)


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join("null" if each is None else str(each) for each in value)
    return "absent" if value is None else str(value)
