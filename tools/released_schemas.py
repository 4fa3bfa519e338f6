"""The record of the schemas that the last version was released with: `schemas/released/`, a file for each topic.

Each line of a file is one of `schema_lines`. What stands below more than one property stands once, under `shapes`, with
`$` for the property.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from expansion_signals.wire.topic_files import topics
from published_schemas import SCHEMAS
from schema_breaks import Promise
from schema_lines import Line, lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from schema_lines import Lines

RELEASED = SCHEMAS / "released"

_ENVELOPES = {"published": "forward", "received": "backward"}
_PRESENCES = ("required", "optional", "each")
_HEAD = (
    "# Written by `make release-schemas` when a version is released: what its schemas promise (docs/decisions/0024).\n"
)
_NOWHERE = float("inf")

Record = dict[str, Promise]
Shapes = dict[str, "Lines"]


def promised_now() -> Mapping[str, Record]:
    """Return what the schemas say now, by topic and type; under `envelope` what surrounds all data."""
    envelopes = {side: _promise(f"envelope/{side}.schema.json", how) for side, how in _ENVELOPES.items()}
    declared = {
        topic.name: {name: _promise(each.schema_path, each.compatibility) for name, each in topic.versions.items()}
        for topic in topics()
        if topic.versions
    }
    return {"envelope": envelopes, **declared}


def _promise(path: str, compatibility: Any) -> Promise:  # noqa: ANN401 -- one of two words
    return Promise(compatibility, lines(json.loads((SCHEMAS / path).read_text(encoding="utf-8"))))


def promised_then(folder: Path = RELEASED) -> Mapping[str, Record]:
    """Return what the files of a folder say was released, by topic and type."""
    return {path.stem: read(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))}


def text(record: Record) -> str:
    """Return the file of one topic."""
    shapes = _shapes(record)
    return _HEAD + "".join(f"{line}\n" for line in _written(record, shapes))


def read(text: str) -> Record:
    """Return what `text` wrote."""
    file = yaml.safe_load(text)
    shapes = {name: {step[1:]: _line(said) for step, said in shape.items()} for name, shape in file["shapes"].items()}
    return {
        name: Promise(said.pop("compatibility"), dict(_unfolded(said, shapes))) for name, said in file["types"].items()
    }


def _written(record: Record, shapes: Shapes) -> Iterator[str]:
    yield "shapes:" if shapes else "shapes: {}"
    for name, shape in shapes.items():
        yield f"  {name}:"
        yield from (f"    ${step}: {_said(line)}" for step, line in shape.items())
    yield "types:"
    for name, promise in record.items():
        yield f"  {name}:"
        yield f"    compatibility: {promise.compatibility}"
        yield from _folded(promise.lines, shapes)


def _folded(lines: Lines, shapes: Shapes) -> Iterator[str]:
    hidden: set[str] = set()
    for path, line in lines.items():
        if path not in hidden:
            below = _below(lines, path) if path in _properties(lines) else {}
            shape = next((name for name, each in shapes.items() if each == below), None)
            yield f"    {path}: {_said(line, shape)}"
            hidden |= {path + step for step in below} if shape else set()


def _unfolded(said: Mapping[str, Any], shapes: Shapes) -> Iterator[tuple[str, Line]]:
    for path, facts in said.items():
        shape = facts.pop("shape", None)
        yield path, _line(facts)
        yield from ((path + step, line) for step, line in shapes[shape].items()) if shape else ()


def _shapes(record: Record) -> Shapes:
    """Return what stands below more than one property, by the name of the first."""
    found = [(path[2:], below) for each in record.values() for path, below in _parts(each.lines)]
    shapes: Shapes = {}
    for name, below in found:
        if sum(below == other for _, other in found) > 1 and below not in shapes.values():
            shapes[name if name not in shapes else f"{name}-{len(shapes)}"] = below
    return shapes


def _parts(lines: Lines) -> Iterator[tuple[str, Lines]]:
    for path in _properties(lines):
        below = _below(lines, path)
        if len(below) > 1:
            yield path, below


def _properties(lines: Lines) -> Iterable[str]:
    return {path: None for path in lines if path.count(".") == 1 and "[" not in path}


def _below(lines: Lines, path: str) -> Lines:
    return {other[len(path) :]: line for other, line in lines.items() if other.startswith((f"{path}.", f"{path}["))}


def _said(line: Line, shape: str | None = None) -> str:
    types = line.types[0] if len(line.types) == 1 else list(line.types)
    facts = {line.presence: types, **line.limits, **({"shape": shape} if shape else {})}
    written: str = yaml.dump(facts, default_flow_style=True, sort_keys=False, allow_unicode=True, width=_NOWHERE)
    return written.strip()


def _line(facts: Mapping[str, Any]) -> Line:
    presence = next(each for each in _PRESENCES if each in facts)
    types = facts[presence]
    limits = {name: value for name, value in facts.items() if name != presence}
    return Line(presence, (types,) if isinstance(types, str) else tuple(types), limits)
