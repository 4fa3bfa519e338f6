"""Validating a part of a file against its shape, every problem with its place and what was expected there."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from expansion_signals.rules.findings import meant, shown
from expansion_signals.rules.yaml_source import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.yaml_source import Node, Path

_EXPECTED = {
    "string_type": "expected text (put quotes around a number)",
    "bool_type": "expected true or false",
    "int_type": "expected a whole number",
    "dict_type": "expected a mapping",
    "model_type": "expected a mapping",
    "list_type": "expected a list",
    "too_short": "expected at least one entry",
}


class Shape(BaseModel):
    """A mapping as it may stand in a file: only known keys, no value bent into another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


ShapeT = TypeVar("ShapeT", bound=Shape)


def read(shape: type[ShapeT], node: Node, path: Path, findings: Findings) -> ShapeT | None:
    """Return what `node` holds, or None where too little of it is right to be judged further.

    Every problem is reported. What is wrong is then left out and the rest read again, so that checks across
    fields also run on a part that has one bad field; problems that arise only from leaving out are not reported.
    """
    tree = node.plain()
    reported = False
    for _ in range(DEEPEST):
        try:
            return shape.model_validate(tree)
        except ValidationError as error:
            details = error.errors(include_url=False)
            if not reported:
                _report(shape, details, path, findings)
                reported = True
            # From the last to the first, so that taking out an item of a list moves no other.
            if not all(_leave_out(tree, _faulty(each)) for each in reversed(details)):
                return None
    return None


def _report(shape: type[Shape], details: Sequence[ErrorDetails], path: Path, findings: Findings) -> None:
    for each in details:
        if each["type"] == "extra_forbidden":
            findings.unknown_key(path + _place(each), _keys_at(shape, each["loc"][:-1]))
    for each in details:
        place = path + _place(each)
        kind, where = each["type"], each["loc"]
        if kind == "extra_forbidden":
            continue
        if kind == "missing":
            if not findings.has(place):
                findings.at(place[:-1], f"`{where[-1]}` is missing")
        elif where and where[-1] == "[key]":
            findings.at_key(place, _message(each))
        else:
            findings.at(place, _message(each))


def _message(detail: ErrorDetails) -> str:
    kind = detail["type"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        valid = [name.strip("'") for name in str(context["expected"]).replace(" or ", ", ").split(", ")]
        return f"unknown {shown(detail['input'])}{meant(str(detail['input']), valid)}"
    expected = _EXPECTED.get(kind) or detail["msg"].replace("Input should be", "expected")
    return f"{expected}, got {shown(detail['input'])}"


def _place(detail: ErrorDetails) -> Path:
    return tuple(step for step in detail["loc"] if step != "[key]")


def _faulty(detail: ErrorDetails) -> Path:
    """Return what to leave out: the value itself; around a missing one, the mapping; of a list of mappings, the list.

    A list of mappings goes as a whole, so that those that stay keep the index by which checks report them.
    """
    place = _place(detail)
    if detail["type"] == "missing":
        place = place[:-1]
    scalar = detail["type"] not in ("missing", "model_type")
    for index, step in enumerate(place):
        if isinstance(step, int):
            return place[: index + 1] if scalar and index == len(place) - 1 else place[:index]
    return place


def _leave_out(tree: Any, path: Path) -> bool:  # noqa: ANN401 -- a YAML tree: mappings, lists and scalars
    """Take the value at `path` out of the tree; False where that would be the whole tree."""
    if not path:
        return False
    for step in path[:-1]:
        tree = tree.get(step) if isinstance(tree, dict) else None
    if isinstance(tree, dict):
        tree.pop(path[-1], None)
    elif isinstance(tree, list):
        del tree[int(path[-1])]
    return True


def _keys_at(shape: type[Shape], path: Sequence[str | int]) -> list[str]:
    """Return the keys that the mapping at `path` takes."""
    within: Any = shape
    for step in path:
        model = _model(within)
        if model is not None:
            within = _fields(model)[str(step)].annotation
        else:
            within = get_args(next(each for each in _arms(within) if get_origin(each) in (dict, list)))[-1]
    model = _model(within)
    return list(_fields(model)) if model else []


def _fields(shape: type[Shape]) -> dict[str, FieldInfo]:
    """Return the fields by the keys that files use."""
    return {field.alias or name: field for name, field in shape.model_fields.items()}


def _arms(annotation: Any) -> Sequence[Any]:  # noqa: ANN401 -- type annotations have no common type
    """Return the parts of a union, or the type itself, with their annotations taken off."""
    if hasattr(annotation, "__metadata__"):
        return _arms(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [arm for part in get_args(annotation) for arm in _arms(part)]
    return [annotation]


def _model(annotation: Any) -> type[Shape] | None:  # noqa: ANN401 -- type annotations have no common type
    return next((arm for arm in _arms(annotation) if isinstance(arm, type) and issubclass(arm, Shape)), None)
